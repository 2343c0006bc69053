import type { Handover } from "../handover/index.js";
import type { Context } from "./context.js";
import { PartTime } from "./deadline.js";
import { oldConfigurationData } from "./handover.js";
import type { Loaded } from "./netconf/load.js";
import type { Plan } from "./plan.js";
import type { Addressing } from "./result.js";
import type { RecordedPod } from "./state/record.js";

/** A pod's name as it becomes part of a URL: of DNS (RFC 1123), as Kubernetes has it. */
const namePattern = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u;

/** The pod to annotate, from what the runtime says in `CNI_ARGS`; undefined: none is wanted, or there is none. */
export function podOf({ invocation, loaded, world }: Context<Loaded>): RecordedPod | undefined {
  const { kubeconfig = "", podAnnotations = kubeconfig !== "" } = loaded.conf;
  if (!podAnnotations) return undefined;
  const [namespace, name, uid] = ["NAMESPACE", "NAME", "UID"].map(
    (word) => invocation.args.get(`K8S_POD_${word}`) ?? "",
  );
  if (
    namespace === undefined ||
    name === undefined ||
    !namePattern.test(namespace) ||
    !namePattern.test(name)
  ) {
    if (invocation.command === "ADD")
      world.log(
        "warning",
        "CNI_ARGS has no K8S_POD_NAMESPACE and K8S_POD_NAME: no pod is annotated, and the container's data is in files only",
      );
    return undefined;
  }
  return {
    namespace,
    name,
    ...(uid !== undefined && uid !== "" && { uid }),
    ...(kubeconfig !== "" && { kubeconfig }),
  };
}

/** Tells the pod of its interface. Throws a {@link CniError}. */
export async function tellPod(
  context: Context<Loaded>,
  pod: RecordedPod,
  plan: Plan,
  { handover, addressing }: { readonly handover: Handover; readonly addressing: Addressing },
): Promise<void> {
  const { annotate } = await import("./kubernetes/annotate.js");
  const { kubeconfig, ...name } = pod;
  const { kubernetesTimeoutMs = 15_000 } = context.loaded.conf;
  using time = new PartTime(kubernetesTimeoutMs, context.world.signal);
  const old = oldConfigurationData(plan, handover, addressing);
  await annotate(
    { kubeconfig, signal: time.signal },
    name,
    { handover, old, socketDir: plan.layout.socketDir },
    context.world.log,
  );
}

/** A DEL does not wait for long: the pod is mostly on its way out, and its annotations with it. */
const longestFarewell = 5000;

/** Takes the interface out of the pod's annotations, as far as that can be done: nothing depends on it any more. */
export async function untellPod(
  context: Context,
  pod: RecordedPod,
  gone: { readonly containerId: string; readonly ifName: string },
): Promise<void> {
  const { kubeconfig, ...name } = pod;
  using time = new PartTime(longestFarewell, context.world.signal);
  try {
    const { unannotate } = await import("./kubernetes/annotate.js");
    await unannotate({ kubeconfig, signal: time.signal }, name, gone);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.world.log("warning", `the annotations of pod ${pod.namespace}/${pod.name} stay: ${why}`);
  }
}
