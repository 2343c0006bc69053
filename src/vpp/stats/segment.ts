import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import type { Deadline } from "../../core/call.js";
import { DisconnectedError, ProtocolError, type AbortedError, type TimeoutError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { isLittle } from "./numbers.js";
import {
  headerBytes,
  layoutOf,
  parseHeader,
  type DirectoryEntry,
  type Layout,
  type SegmentHeader,
} from "./structures.js";

/** Why a consistent view was not to be had. */
export type ReadError = DisconnectedError | ProtocolError | TimeoutError | AbortedError;

/** A vector's length stands so many bytes before it (VPP: `vec_header_t` in `src/vppinfra/vec_bootstrap.h`). */
const lengthBefore = 8;

/** While VPP changes the segment, and when it has: look again after so many milliseconds. */
const pauseMs = 1;

/** What points outside the segment: it was changed under the reader's hands, or is damaged. */
class OutsideFault extends Error {}

/**
 * The memory of a VPP's statistics, read as a file while VPP writes it. What was read counts only when the epoch was the
 * same before and after, and no change was under way (VPP: `src/vpp-api/client/stat_client.h`).
 */
export class Segment {
  readonly #fd: number;
  readonly #size: number;
  readonly #layout: Layout | undefined;
  #isOpen = true;
  #header: SegmentHeader = { version: 0n, base: 0n, epoch: -1n, inProgress: 0n, directory: 0n };
  #directory: ReadonlyMap<string, DirectoryEntry> = new Map();
  #directoryEpoch = -1n;

  /** @param path - such as `/proc/1234/fd/5`. Throws what `open` throws. */
  constructor(path: string) {
    this.#fd = openSync(path, "r");
    this.#size = fstatSync(this.#fd).size;
    this.#layout = this.#size < headerBytes ? undefined : layoutOf(this.#readHeader().version);
  }

  /** Why it cannot be read; undefined when it can. */
  get fault(): string | undefined {
    if (this.#size < headerBytes) return `they have ${this.#size} bytes, too few for a header`;
    if (this.#layout !== undefined) return undefined;
    const { version } = this.#readHeader();
    return `their layout has the version ${version}; known are 1, of VPP 19.08 to 20.05, and 2, of later ones`;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }

  /** Calls `read` until nothing has changed meanwhile. */
  async consistent<T>(
    operation: string,
    deadline: Deadline,
    read: (directory: ReadonlyMap<string, DirectoryEntry>) => T,
  ): Promise<Result<T, ReadError>> {
    for (;;) {
      if (deadline.signal.aborted) {
        return Err(deadline.failure("VPP was changing its statistics all the time", "not-sent"));
      }
      if (!this.#isOpen) return Err(closed(operation));
      const { epoch, inProgress } = (this.#header = this.#readHeader());
      if (inProgress === 0n) {
        const value = attempt(() => read(this.#readDirectory(epoch)));
        const after = this.#readHeader();
        if (after.epoch === epoch && after.inProgress === 0n) {
          return value instanceof OutsideFault ? Err(damaged(operation, value)) : Ok(value);
        }
      }
      await sleep(pauseMs, undefined, { signal: deadline.signal }).catch(() => undefined);
    }
  }

  /** So many bytes at one of VPP's pointers. */
  bytes(pointer: bigint, size: number): Buffer {
    const at = pointer - this.#header.base;
    if (at < 0n || at + BigInt(size) > BigInt(this.#size)) throw outside(pointer, size);
    const bytes = Buffer.alloc(size);
    if (readSync(this.#fd, bytes, 0, size, Number(at)) !== size) throw outside(pointer, size);
    return bytes;
  }

  /** How many items a vector has; a null pointer is an empty one. All of them are in the segment. */
  length(pointer: bigint, itemBytes: number): number {
    if (pointer === 0n) return 0;
    const count = view(this.bytes(pointer - BigInt(lengthBefore), 4)).getUint32(0, isLittle);
    if (count * itemBytes > this.#size) throw outside(pointer, count * itemBytes);
    return count;
  }

  /** The pointers of a vector of pointers. */
  pointers(pointer: bigint): readonly bigint[] {
    const count = this.length(pointer, 8);
    if (count === 0) return [];
    const items = view(this.bytes(pointer, count * 8));
    return Array.from({ length: count }, (_, index) => items.getBigUint64(index * 8, isLittle));
  }

  #readHeader(): SegmentHeader {
    const bytes = Buffer.alloc(headerBytes);
    readSync(this.#fd, bytes, 0, headerBytes, 0);
    return parseHeader(bytes);
  }

  /** It changes with the epoch only. */
  #readDirectory(epoch: bigint): ReadonlyMap<string, DirectoryEntry> {
    if (this.#directoryEpoch === epoch) return this.#directory;
    const layout = this.#layout;
    if (layout === undefined) return this.#directory;
    const { directory } = this.#header;
    const { entryBytes } = layout;
    const count = this.length(directory, entryBytes);
    const entries = count === 0 ? [] : layout.directory(this.bytes(directory, count * entryBytes));
    this.#directory = new Map(entries.map((entry) => [entry.name, entry]));
    this.#directoryEpoch = epoch;
    return this.#directory;
  }
}

function view(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function attempt<T>(read: () => T): T | OutsideFault {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof OutsideFault) return thrown;
    throw thrown;
  }
}

function outside(pointer: bigint, size: number): OutsideFault {
  return new OutsideFault(`${size} bytes at 0x${pointer.toString(16)} are not in the segment`);
}

function damaged(operation: string, fault: OutsideFault): ProtocolError {
  const message = `${operation}: the statistics segment makes no sense: ${fault.message}; is it VPP's own?`;
  return new ProtocolError({ operation, cause: fault, message });
}

function closed(operation: string): DisconnectedError {
  const message = `${operation}: the statistics are closed; open them anew`;
  return new DisconnectedError({ operation, outcome: "not-sent", message });
}
