/**
 * Stands before the plugin in its one file, which a runtime starts anew for every command: the plugin is in a comment,
 * which V8 skips, and is compiled from what an earlier run has kept of its compiled code, where there is a directory for
 * that. It takes nothing but Node's own modules: the build puts it in front of the bundle as it is.
 *
 * V8 runs what is kept without a look at it. So nobody but root and the plugin's user may be able to write it.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Script } from "node:vm";

/** The rest of the file: a function whose body is one comment, with the plugin in it. */
declare const plugin: () => void;
/** Tells one plugin from another: V8 itself compares no more than the length. */
declare const pluginDigest: string;

/** The plugin as a module: it says which way through its code it took, once it ended well. */
interface Plugin {
  readonly way?: string;
}
interface Loaded {
  exports: Plugin;
}
type Load = (require: NodeJS.Require, module: Loaded, exports: Plugin) => void;

const isLoad = (value: unknown): value is Load => typeof value === "function";

/** Where compiled code is kept, if it is there. `USERSPACE_CACHE` names another one; empty: nowhere. */
const defaultDirectory = "/var/cache/vswitch-drivers";

/** How long the code for another plugin or another Node.js is left where it is. */
const strangersMs = 24 * 60 * 60 * 1000;

const prefix = "userspace-";
const mostBytes = 1 << 26;
const digestBytes = 32;

/** The compiled code of one command. */
interface Kept {
  readonly code: Buffer;
  /** The ways through the plugin whose functions are in it. */
  readonly ways: readonly string[];
}

const digestOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** Nobody but root and we may write it. In a sticky directory, such as /tmp, only its owner may replace an entry. */
const isOurs = ({ uid, mode }: Stats, sticky = 0): boolean =>
  (uid === 0 || uid === process.geteuid?.()) && ((mode & 0o022) === 0 || (mode & sticky) !== 0);

/** The directory, without symbolic links. Throws where it is not there, or where others might put something into it. */
function safeDirectory(): string {
  const wanted = process.env["USERSPACE_CACHE"] ?? defaultDirectory;
  if (!isAbsolute(wanted)) throw new Error("nothing is kept");
  const directory = realpathSync.native(wanted);
  let isSafe = isOurs(statSync(directory));
  for (let above = directory; above !== "/";) {
    above = dirname(above);
    isSafe &&= isOurs(statSync(above), 0o1000);
  }
  if (!isSafe) throw new Error(`others may write ${directory}`);
  return directory;
}

const isText = (value: unknown): value is string => typeof value === "string";

/** The code, the ways as JSON, its length, the digest of all that. */
function pack({ code, ways }: Kept): Buffer {
  const text = Buffer.from(JSON.stringify(ways));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const content = Buffer.concat([code, text, length]);
  return Buffer.concat([content, digestOf(content)]);
}

/** V8 would crash on a file that the disk has spoiled. */
function unpack(bytes: Buffer): Kept | undefined {
  const content = bytes.subarray(0, -digestBytes);
  if (bytes.length < digestBytes + 4 || !digestOf(content).equals(bytes.subarray(-digestBytes)))
    return undefined;
  const textEnd = content.length - 4;
  const textStart = textEnd - content.readUInt32LE(textEnd);
  const ways: unknown = JSON.parse(content.toString("utf8", textStart, textEnd));
  return Array.isArray(ways) && ways.every(isText)
    ? { code: content.subarray(0, textStart), ways }
    : undefined;
}

function read(file: string): Kept | undefined {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile() || !isOurs(stats) || stats.size > mostBytes) return undefined;
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    return readSync(handle, bytes) === stats.size ? unpack(bytes) : undefined;
  } finally {
    closeSync(handle);
  }
}

/** What `work` gives; `undefined` where it throws: the plugin runs without, slower. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Of another plugin, another Node.js or a run that was killed, and not touched for a day. */
function sweep(directory: string, current: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix) || name === current) continue;
    const file = join(directory, name);
    if (Date.now() - statSync(file).mtimeMs > strangersMs) rmSync(file);
  }
}

function keep(directory: string, name: string, kept: Kept): void {
  const fresh = join(directory, `${name}.${process.pid}`);
  try {
    writeFileSync(fresh, pack(kept), { mode: 0o600, flag: "wx" });
    renameSync(fresh, join(directory, name));
  } finally {
    rmSync(fresh, { force: true });
  }
  sweep(directory, name);
}

/** A file for each command, so that none loads the code of another. */
function nameOf(): string {
  const [command = "other"] = /^[A-Z]+$/.exec(process.env["CNI_COMMAND"] ?? "") ?? [];
  return `${prefix}${pluginDigest}-${process.version}-${process.arch}-${command}`;
}

function run(source: string): void {
  const name = nameOf();
  const directory = attempt(safeDirectory);
  const kept = directory === undefined ? undefined : attempt(() => read(join(directory, name)));
  const script = new Script(source, {
    filename: __filename,
    ...(kept !== undefined && { cachedData: kept.code }),
  });
  const ways = script.cachedDataRejected === false ? (kept?.ways ?? []) : [];
  const loaded: Loaded = { exports: {} };
  const load: unknown = script.runInThisContext();
  if (isLoad(load)) load(require, loaded, loaded.exports);
  if (directory === undefined) return;
  process.once("exit", () => {
    const { way } = loaded.exports;
    if (way === undefined || ways.includes(way)) return;
    attempt(() => keep(directory, name, { code: script.createCachedData(), ways: [...ways, way] }));
  });
}

const text = plugin.toString();
run(text.slice(text.indexOf("/*") + 2, text.lastIndexOf("*/")).replaceAll("*~/", "*/"));
