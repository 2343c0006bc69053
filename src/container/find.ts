import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  attachmentsKey,
  configurationDataKeys,
  defaultMappedDir,
  mappedDirKeys,
  oldAddDataFile,
  oldContainerData,
  oldMemifSockets,
  readHandover,
  type Handover,
} from "../handover/index.js";
import { InvalidError, Err, Ok, type Result } from "../index.js";
import { defaultAnnotationsFile, parseAnnotations } from "./annotations.js";
import type { Findings, Found } from "./found.js";
import { readConfiguration, readRemote, type SocketFolders } from "./old-forms.js";

/** Where hand-overs are looked for. */
export interface Places {
  /**
   * Directories that the container shares with the host. Default: `/var/lib/cni/usrspcni` and, of the old Userspace
   * CNI's first release, `/var/run/vpp/cni/data`.
   */
  readonly folders?: readonly string[] | undefined;
  /** The pod's annotations, from the downward API. Default: `/etc/podinfo/annotations`. */
  readonly annotations?: string | undefined;
  /** Where the memif sockets of the old first release are. Default: `/var/run/vpp/cni/shared`. */
  readonly memifSockets?: string | undefined;
  /** The memif socket of all, as the old variable `USERSPACE_MEMIF_SOCKFILE` had it. Default: what the data says. */
  readonly memifSocket?: string | undefined;
  /** Only hand-overs to this container. Default: all that are found. */
  readonly containerId?: string | undefined;
}

const mostBytes = 1_048_576;
const operation = "findHandovers";

const fault = (source: string, expected: string, got: string, cause?: unknown): InvalidError =>
  new InvalidError({
    operation,
    path: "",
    expected,
    got,
    cause,
    message: `${operation}: ${source} is ${got}; expected ${expected}`,
  });

/** A regular file of a bearable size: a pipe would hang us, and a link could lead anywhere. */
function readText(file: string): Result<string, InvalidError> {
  try {
    const stats = lstatSync(file);
    if (!stats.isFile()) return Err(fault(file, "a file", "something else"));
    if (stats.size > mostBytes)
      return Err(fault(file, `at most ${mostBytes} bytes`, `a file of ${stats.size} bytes`));
    return Ok(readFileSync(file, "utf8"));
  } catch (cause) {
    return Err(fault(file, "a file that can be read", cause instanceof Error ? cause.message : "not", cause));
  }
}

function parse(source: string, text: string): Result<unknown, InvalidError> {
  try {
    const value: unknown = JSON.parse(text);
    return Ok(value);
  } catch (cause) {
    return Err(fault(source, "JSON", "another text, or half of one", cause));
  }
}

const readJson = (file: string): Result<unknown, InvalidError> =>
  readText(file).andThen((text) => parse(file, text));

/** The name becomes part of file names and of names in the switch. */
function checked(source: string, document: unknown): Result<Handover, InvalidError> {
  return readHandover(source, document).andThen((handover) => {
    const { ifName } = handover;
    const good = /^[^\s/\\:\p{Cc}]{1,15}$/u.test(ifName) && ifName !== "." && ifName !== "..";
    return good
      ? Ok(handover)
      : Err(fault(`${source}: ifName`, "the name of an interface", JSON.stringify(ifName)));
  });
}

/**
 * Where the path of the socket is the host's, and the container has the directory elsewhere, the socket is beside the
 * file that tells of it.
 */
function locate(handover: Handover, folder: string | undefined): Handover {
  const { socket } = handover.interface;
  if (folder === undefined || !socket.startsWith("/") || existsSync(dirname(socket))) return handover;
  return { ...handover, interface: { ...handover.interface, socket: join(folder, basename(socket)) } };
}

const byName = (a: Found, b: Found): number =>
  a.handover.ifName.localeCompare(b.handover.ifName, "en", { numeric: true });

/** Where a document was found. */
interface Origin {
  readonly source: string;
  /** The directory, or the file of annotations. */
  readonly place: string;
  readonly folder: string | undefined;
}

class Collector {
  readonly #containerId: string | undefined;
  readonly #found = new Map<string, Found>();
  readonly #faults: { source: string; message: string }[] = [];

  constructor(containerId: string | undefined) {
    this.#containerId = containerId;
  }

  /** The first of an attachment stays: the new form is read before the old ones. */
  take({ source, place, folder }: Origin, read: Result<Handover, InvalidError>): void {
    if (read.isErr()) {
      this.#faults.push({ source, message: read.error.message });
      return;
    }
    const { containerId, ifName } = read.value;
    if (this.#containerId !== undefined && containerId !== this.#containerId) return;
    const key = `${containerId}/${ifName}`;
    if (!this.#found.has(key))
      this.#found.set(key, { handover: locate(read.value, folder), source, place, folder });
  }

  findings(): Findings {
    return { found: [...this.#found.values()].toSorted(byName), faults: this.#faults };
  }
}

function takeFolder(collector: Collector, folder: string, places: Places): void {
  const at = (source: string): Origin => ({ source, place: folder, folder });
  let files: readonly string[];
  try {
    files = readdirSync(folder);
  } catch (cause) {
    // Not there (yet): that is what is waited for.
    if (existsSync(folder))
      collector.take(at(folder), Err(fault(folder, "a directory that can be read", "none", cause)));
    return;
  }
  const folders: SocketFolders = { memif: folder, vhost: folder, memifSocket: places.memifSocket };
  const named = (pattern: RegExp): readonly string[] => files.filter((file) => pattern.test(file)).toSorted();
  for (const file of named(/^attachment-.+\.json$/u)) {
    const source = join(folder, file);
    collector.take(
      at(source),
      readJson(source).andThen((document) => checked(source, document)),
    );
  }
  for (const file of named(/^configData-.+\.json$/u)) {
    const source = join(folder, file);
    const read = readJson(source).andThen((document) =>
      readConfiguration(source, document, folders, checked),
    );
    collector.take(at(source), read);
  }
  const ofFirstRelease = { ...folders, memif: places.memifSockets ?? oldMemifSockets };
  for (const file of named(/^remote-.+\.json$/u)) {
    const source = join(folder, file);
    const other = oldAddDataFile(file.slice("remote-".length, -".json".length));
    // The plugin writes it second.
    if (!files.includes(other)) continue;
    const read = readJson(source).andThen((remote) =>
      readJson(join(folder, other)).andThen((addData) =>
        readRemote(source, { remote, addData }, ofFirstRelease, checked),
      ),
    );
    collector.take(at(source), read);
  }
}

function first<T>(
  keys: readonly string[],
  map: ReadonlyMap<string, T>,
): { key: string; value: T } | undefined {
  for (const key of keys) {
    const value = map.get(key);
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

function takeList(
  collector: Collector,
  origin: Origin,
  text: string,
  read: (source: string, document: unknown) => Result<Handover, InvalidError>,
): void {
  const list = parse(origin.source, text);
  if (list.isErr()) return collector.take(origin, list);
  if (!Array.isArray(list.value))
    return collector.take(origin, Err(fault(origin.source, "a list", "another value")));
  const documents: readonly unknown[] = list.value;
  for (const [index, document] of documents.entries()) {
    const source = `${origin.source}[${index}]`;
    collector.take({ ...origin, source }, read(source, document));
  }
}

function takeAnnotations(collector: Collector, file: string, places: Places): void {
  if (!existsSync(file)) return;
  const annotations = readLinked(file).andThen((text) => parseAnnotations(file, text));
  if (annotations.isErr())
    return collector.take({ source: file, place: file, folder: undefined }, annotations);
  const map = annotations.value;
  const mapped = first(mappedDirKeys, map)?.value ?? defaultMappedDir;
  const folder = existsSync(mapped) ? mapped : undefined;
  const at = (key: string): Origin => ({ source: `${file}: ${key}`, place: file, folder });
  const attachments = map.get(attachmentsKey);
  if (attachments !== undefined) takeList(collector, at(attachmentsKey), attachments, checked);
  const old = first(configurationDataKeys, map);
  if (old === undefined) return;
  const folders = { memif: mapped, vhost: mapped, memifSocket: places.memifSocket };
  takeList(collector, at(old.key), old.value, (source, document) =>
    readConfiguration(source, document, folders, checked),
  );
}

/** The downward API's files are links within the volume, so that all of them change at once. */
function readLinked(file: string): Result<string, InvalidError> {
  try {
    return Ok(readFileSync(file, "utf8").slice(0, mostBytes));
  } catch (cause) {
    return Err(fault(file, "a file that can be read", cause instanceof Error ? cause.message : "not", cause));
  }
}

/** Looks for hand-overs, once. The new form goes before the old ones; interfaces come in the order of their names. */
export function findHandovers(places: Places = {}): Findings {
  const collector = new Collector(places.containerId);
  for (const folder of places.folders ?? [defaultMappedDir, oldContainerData])
    takeFolder(collector, folder, places);
  takeAnnotations(collector, places.annotations ?? defaultAnnotationsFile, places);
  return collector.findings();
}
