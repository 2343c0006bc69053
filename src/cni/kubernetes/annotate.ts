import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.js";
import { code, CniError } from "../errors.js";
import { adding, removing, type Change, type Gone, type Told } from "./annotations.js";
import { ApiServer, type Access, type Reply } from "./api.js";
import { isPod, readPod, type Pod } from "./pod.js";

/** Which pod. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  /** Tells it from an earlier pod of the same name; undefined: the runtime did not say. */
  readonly uid?: string | undefined;
}

/** So often is a change tried anew that somebody else's came before. */
const mostTries = 12;

const pathOf = ({ namespace, name }: PodName): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;

const shown = ({ namespace, name }: PodName): string => `pod ${namespace}/${name}`;

/** Busy, or restarting: worth another try. */
const isPassing = ({ status }: Reply): boolean => status === 429 || status >= 500;

const isGone = ({ status }: Reply): boolean => status === 404;

function refusal(api: ApiServer, pod: PodName, doing: string, { status, message }: Reply): CniError {
  const remedy =
    status === 401 || status === 403
      ? "; its account needs the verbs get and patch on pods"
      : status === 404
        ? "; it was deleted meanwhile"
        : "";
  return new CniError({
    code: isPassing({ status, body: undefined, message }) || status === 409 ? code.tryAgain : code.refused,
    message: `the API server of Kubernetes at ${api.address} does not ${doing} ${shown(pod)}: ${message}${remedy}`,
  });
}

/** Longer each time, and not in step with others. Throws a {@link CniError} of code 11 when the time is up. */
async function pause(attempt: number, { signal }: Access, last: CniError): Promise<void> {
  try {
    await sleep(Math.min(20 * 2 ** attempt, 1000) * (0.5 + Math.random()), undefined, { signal });
  } catch {
    throw last;
  }
}

/**
 * Reads the pod, works the change out, and sends it with the version that was read, so that the server refuses it when
 * somebody else was faster; then all is done again. Gives `false` for a pod that is gone.
 */
async function change(
  access: Access,
  name: PodName,
  work: (pod: Pod) => Change | undefined,
): Promise<boolean> {
  const api = new ApiServer(access);
  const path = pathOf(name);
  for (let attempt = 1; ; attempt += 1) {
    const got = await api.ask("GET", path);
    if (isGone(got)) return false;
    let failure = refusal(api, name, "show", got);
    if (got.status === 200) {
      const pod = readPod(path, got.body);
      if (!isPod(pod, name.uid)) return false;
      const annotations = work(pod);
      if (annotations === undefined) return true;
      const { uid, resourceVersion } = pod.metadata;
      const sent = await api.ask("PATCH", path, { metadata: { uid, resourceVersion, annotations } });
      if (sent.status === 200) return true;
      if (isGone(sent)) return false;
      failure = refusal(api, name, "annotate", sent);
      if (sent.status !== 409 && !isPassing(sent)) throw failure;
    } else if (!isPassing(got)) throw failure;
    if (attempt >= mostTries) throw failure;
    await pause(attempt, access, failure);
  }
}

/** Writes what a pod is told into its annotations. Throws a {@link CniError}. */
export async function annotate(access: Access, name: PodName, told: Told, log: Log): Promise<void> {
  let warnings: readonly string[] = [];
  const done = await change(access, name, (pod) => {
    const planned = adding(pod, told);
    ({ warnings } = planned);
    return planned.change;
  });
  warnings.forEach((warning) => log("warning", warning));
  if (done) return;
  throw new CniError({
    code: code.refused,
    message: `${shown(name)} is not there${name.uid === undefined ? "" : ` with uid ${name.uid}`}: it was deleted meanwhile, or kubeconfig is another cluster's`,
  });
}

/** Takes an interface out of a pod's annotations. A pod that is gone, or another by now, is left alone. */
export async function unannotate(access: Access, name: PodName, gone: Gone): Promise<void> {
  await change(access, name, (pod) => removing(pod, gone));
}
