import { endianness } from "node:os";

import { Parser } from "binary-parser";
import * as v from "valibot";

/** The head of the segment. */
export interface SegmentHeader {
  readonly version: bigint;
  /** Where VPP has the segment in its memory: pointers count from there. 0 where they count from its start. */
  readonly base: bigint;
  /** Grows with every change of the directory or of a vector's size. */
  readonly epoch: bigint;
  /** Whether such a change is under way. */
  readonly inProgress: bigint;
  /** Points to the directory. */
  readonly directory: bigint;
}

/**
 * What an entry of the directory is: one number, for each thread a vector of numbers or of packets and bytes, a vector of
 * names, or what is not read here.
 */
export type EntryKind = "scalar" | "simple" | "combined" | "names" | "other";

/** One thing that VPP counts. */
export interface DirectoryEntry {
  readonly kind: EntryKind;
  /** A value or a pointer, by the kind. */
  readonly value: bigint;
  readonly name: string;
}

/** How the segments of one version are laid out. */
export interface Layout {
  /** How many bytes an entry of the directory has. */
  readonly entryBytes: number;
  /** Reads a directory. */
  directory(bytes: Uint8Array): readonly DirectoryEntry[];
}

/** How many bytes of a header are read. */
export const headerBytes = 40;

/** The segment is in the byte order of the processor, which is the same for all of a host. */
const order = endianness() === "LE" ? "little" : "big";

const parser = (): Parser => new Parser().endianness(order);

const versionParser = parser().uint64("version");

/** VPP: `stat_segment_shared_header_t` in `src/vpp/stats/stat_segment_shared.h` of 19.08 to 20.05: offsets, not pointers. */
const headerParser1 = parser().uint64("version").uint64("epoch").uint64("inProgress").uint64("directory");

/** VPP: the same of 20.09 to 22.02, and `vlib_stats_shared_header_t` in `src/vlib/stats/shared.h` since. */
const headerParser2 = parser()
  .uint64("version")
  .uint64("base")
  .uint64("epoch")
  .uint64("inProgress")
  .uint64("directory");

const name = { length: 128, encoding: "latin1", stripNull: true };

/** VPP: `stat_segment_directory_entry_t` of 19.08 to 20.05. What `value` leads to are pointers of VPP's own, also found by offset. */
const entryParser1 = parser()
  .uint32("type")
  .uint32("padding")
  .uint64("value")
  .uint64("offsets")
  .string("name", name);

/** VPP: the same of 20.09 to 22.02, `vlib_stats_entry_t` since. */
const entryParser2 = parser().uint32("type").uint32("padding").uint64("value").string("name", name);

const headerSchema = v.object({
  version: v.bigint(),
  base: v.optional(v.bigint(), 0n),
  epoch: v.bigint(),
  inProgress: v.bigint(),
  directory: v.bigint(),
});

const entrySchema = v.object({
  type: v.number(),
  value: v.bigint(),
  offsets: v.optional(v.bigint()),
  name: v.string(),
});

type Entry = v.InferOutput<typeof entrySchema>;

const kinds: Readonly<Record<number, EntryKind>> = { 1: "scalar", 2: "simple", 3: "combined" };

/** `stat_directory_type_t` up to 22.02, where 4 are errors. */
const kindsWithErrors: Readonly<Record<number, EntryKind>> = { ...kinds, 5: "names" };

/** `stat_directory_type_t` from 22.06 on. */
const kindsWithoutErrors: Readonly<Record<number, EntryKind>> = { ...kinds, 4: "names", 9: "scalar" };

const layouts: ReadonlyMap<bigint, Layout> = new Map([
  [1n, layout(152, entryParser1)],
  [2n, layout(144, entryParser2)],
]);

function layout(entryBytes: number, entryParser: Parser): Layout {
  const directoryParser = parser().array("entries", { type: entryParser, readUntil: "eof" });
  const schema = v.object({ entries: v.array(entrySchema) });
  return {
    entryBytes,
    directory: (bytes) => entriesOf(v.parse(schema, directoryParser.parse(bytes)).entries),
  };
}

/** What stands behind the NUL of a name may be of an earlier, longer one. */
function entriesOf(entries: readonly Entry[]): readonly DirectoryEntry[] {
  const named = entries.map((entry) => ({ ...entry, name: entry.name.replace(/\0.*$/su, "") }));
  // The numbers of the types moved without a new version. Every VPP has this entry, and it says which they are.
  const hasErrors = named.some(({ name, type }) => name === "/if/names" && type === 5);
  const meaning = hasErrors ? kindsWithErrors : kindsWithoutErrors;
  return named.map(({ name, type, value, offsets }) => {
    const kind = meaning[type] ?? "other";
    return { name, kind, value: kind === "scalar" ? value : (offsets ?? value) };
  });
}

/** How segments of a version are laid out; undefined for one that is not known. */
export function layoutOf(version: bigint): Layout | undefined {
  return layouts.get(version);
}

/** Reads the head of a segment. Of a version that is not known, only the version means something. */
export function parseHeader(bytes: Uint8Array): SegmentHeader {
  const { version } = v.parse(v.object({ version: v.bigint() }), versionParser.parse(bytes));
  return v.parse(headerSchema, (version === 1n ? headerParser1 : headerParser2).parse(bytes));
}
