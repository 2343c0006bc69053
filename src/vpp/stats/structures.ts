import { endianness } from "node:os";

import { Parser } from "binary-parser";
import * as v from "valibot";

/** The head of the segment (VPP: `vlib_stats_shared_header_t` in `src/vlib/stats/shared.h`, version 2: 20.09 and later). */
export interface SegmentHeader {
  readonly version: bigint;
  /** Where VPP has the segment in its memory: its pointers count from there. */
  readonly base: bigint;
  /** Grows with every change of the directory or of a vector's size. */
  readonly epoch: bigint;
  /** Whether such a change is under way. */
  readonly inProgress: bigint;
  /** Points to the directory. */
  readonly directory: bigint;
}

/** One thing that VPP counts (VPP: `vlib_stats_entry_t`). */
export interface DirectoryEntry {
  readonly type: number;
  /** A value or a pointer, by the type. */
  readonly value: bigint;
  readonly name: string;
}

/** How many bytes a header has. */
export const headerBytes = 40;

/** How many bytes an entry of the directory has. */
export const entryBytes = 144;

/** The segment is in the byte order of the processor, which is the same for all of a host. */
const order = endianness() === "LE" ? "little" : "big";

const headerParser = new Parser()
  .endianness(order)
  .uint64("version")
  .uint64("base")
  .uint64("epoch")
  .uint64("inProgress")
  .uint64("directory");

const entryParser = new Parser()
  .endianness(order)
  .uint32("type")
  .uint32("padding")
  .uint64("value")
  .string("name", { length: 128, encoding: "latin1", stripNull: true });

const directoryParser = new Parser().array("entries", { type: entryParser, readUntil: "eof" });

const headerSchema = v.object({
  version: v.bigint(),
  base: v.bigint(),
  epoch: v.bigint(),
  inProgress: v.bigint(),
  directory: v.bigint(),
});

const directorySchema = v.object({
  entries: v.array(v.object({ type: v.number(), value: v.bigint(), name: v.string() })),
});

/** Reads the head of a segment. */
export function parseHeader(bytes: Uint8Array): SegmentHeader {
  return v.parse(headerSchema, headerParser.parse(bytes));
}

/** Reads a directory. What stands behind the NUL of a name may be of an earlier, longer one. */
export function parseDirectory(bytes: Uint8Array): readonly DirectoryEntry[] {
  const { entries } = v.parse(directorySchema, directoryParser.parse(bytes));
  return entries.map((entry) => ({ ...entry, name: entry.name.replace(/\0.*$/su, "") }));
}
