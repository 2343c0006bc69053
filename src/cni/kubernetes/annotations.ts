import { posix } from "node:path";
import {
  attachmentsKey,
  configurationDataKeys,
  mappedDirKeys,
  type Handover,
  type OldConfigurationData,
} from "../../handover/index.js";
import { code, CniError } from "../errors.js";
import { annotationsOf, mountedAt, type Pod } from "./pod.js";

/** What a pod is told of one interface. */
export interface Told {
  readonly handover: Handover;
  readonly old: OldConfigurationData;
  /** Where the sockets lie on the host. */
  readonly socketDir: string;
}

/** Annotations to set, and with `null` to remove. */
export type Change = Readonly<Record<string, string | null>>;

/** What a change does, and what is to be told of it. */
export interface Planned {
  readonly change: Change;
  readonly warnings: readonly string[];
}

interface Entry {
  readonly containerId?: unknown;
  readonly ifName?: unknown;
  readonly interface?: unknown;
}

const isEntry = (value: unknown): value is Entry => typeof value === "object" && value !== null;

/** The list in an annotation. One that is none may be somebody's, and is not written over. */
function listIn(key: string, text: string | undefined): readonly unknown[] {
  if (text === undefined || text.trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value)) return value;
  throw new CniError({
    code: code.refused,
    message: `the pod has annotation ${key}, and it is no JSON list: remove it from the pod`,
  });
}

/** A pod has one interface of a name: an entry of an earlier sandbox of the same pod is replaced. */
const withEntry = (list: readonly unknown[], ifName: string, entry: unknown): readonly unknown[] => [
  ...list.filter((each) => !isEntry(each) || each.ifName !== ifName),
  entry,
];

/** The directories that entries have their sockets in. */
function directoriesOf(entries: readonly unknown[]): ReadonlySet<string> {
  const sockets = entries.map((entry) => {
    const end = isEntry(entry) ? entry.interface : undefined;
    return typeof end === "object" && end !== null && "socket" in end ? end.socket : undefined;
  });
  return new Set(sockets.filter((socket) => typeof socket === "string").map((path) => posix.dirname(path)));
}

/** Which of the spellings a pod has; the first where it has none. */
function spelling(
  keys: readonly [string, ...string[]],
  annotations: Readonly<Record<string, string>>,
): string {
  return keys.find((key) => annotations[key] !== undefined) ?? keys[0];
}

/** Where the containers have the sockets: as the configuration maps it, as they mount it, or as on the host. */
function mappedDir(pod: Pod, { handover, socketDir }: Told): string {
  const told = posix.dirname(handover.interface.socket);
  return told === socketDir ? (mountedAt(pod, socketDir) ?? told) : told;
}

/** Whether the directory of a pod is of these entries: a plugin wrote it, with them, and not the user. */
const isOf = (entries: readonly unknown[], directory: string | undefined): boolean =>
  directory !== undefined && directoriesOf(entries).has(directory);

/** What an ADD changes: one more member in each of the lists. Throws a {@link CniError} of code 100. */
export function adding(pod: Pod, told: Told): Planned {
  const annotations = annotationsOf(pod);
  const directory = mappedDir(pod, told);
  const { interface: end, ifName, containerId } = told.handover;
  const socket = posix.join(directory, posix.basename(end.socket));
  const handover = { ...told.handover, interface: { ...end, socket } };
  // Readers look for the spellings in this order, and read the first that is there.
  const dataKey = configurationDataKeys[0];
  const data = listIn(dataKey, annotations[spelling(configurationDataKeys, annotations)]);
  const attachments = listIn(attachmentsKey, annotations[attachmentsKey]);
  const dirKey = spelling(mappedDirKeys, annotations);
  // Of a sandbox before this one, whose DEL comes late or could not ask the server.
  const earlier = attachments.filter((each) => isEntry(each) && each.containerId !== containerId);
  const isStale = dirKey === mappedDirKeys[0] && isOf(earlier, annotations[dirKey]);
  const present = isStale ? undefined : annotations[dirKey];
  const warnings =
    present === undefined || posix.resolve("/", present) === directory
      ? []
      : [
          `the pod has annotation ${dirKey} with ${JSON.stringify(present)}, and the sockets of ${ifName} are in ${directory}: it stays, ${attachmentsKey} has the right path, and readers of ${dataKey} may look in the wrong place; give the networks of a pod one sharedDir`,
        ];
  return {
    change: {
      [attachmentsKey]: JSON.stringify(withEntry(attachments, ifName, handover)),
      [dataKey]: JSON.stringify(withEntry(data, ifName, told.old)),
      ...(present === undefined && { [mappedDirKeys[0]]: directory }),
    },
    warnings,
  };
}

/** Which entries go. */
export interface Gone {
  readonly containerId: string;
  readonly ifName: string;
}

/** The list in an annotation; undefined: it is none, and not ours to change. */
function listOf(text: string | undefined): readonly unknown[] | undefined {
  try {
    return listIn("", text);
  } catch {
    return undefined;
  }
}

/** What a DEL changes; undefined: nothing. With the last entry the directory goes too, unless it is the user's own. */
export function removing(pod: Pod, { containerId, ifName }: Gone): Change | undefined {
  const annotations = annotationsOf(pod);
  const isGone = (entry: unknown): boolean =>
    isEntry(entry) && entry.ifName === ifName && entry.containerId === containerId;
  const lists = [attachmentsKey, ...configurationDataKeys];
  const change: Record<string, string | null> = {};
  for (const key of lists) {
    const list = listOf(annotations[key]) ?? [];
    const rest = list.filter((entry) => !isGone(entry));
    if (rest.length < list.length) change[key] = rest.length === 0 ? null : JSON.stringify(rest);
  }
  if (Object.keys(change).length === 0) return undefined;
  const isLast = lists.every((key) => annotations[key] === undefined || change[key] === null);
  const gone = (listOf(annotations[attachmentsKey]) ?? []).filter(isGone);
  if (isLast && isOf(gone, annotations[mappedDirKeys[0]])) change[mappedDirKeys[0]] = null;
  return change;
}
