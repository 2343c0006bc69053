/** A statistics segment as VPP 26.06 lays it out, in a file: the tests' own writing of it. */
import { closeSync, openSync, writeSync } from "node:fs";

/** VPP sees its segment somewhere in its memory. */
const base = 0x7f00_0000_0000n;

/** What a counter is: of each thread, a list by interface of one number or of packets and bytes. */
export interface Counter {
  readonly type: 2 | 3;
  readonly threads: readonly (readonly (bigint | readonly [bigint, bigint])[])[];
}

/** Builds a segment in a file, and changes it as VPP would. */
export class SegmentFile {
  readonly path: string;
  readonly bytes: Buffer = Buffer.alloc(65_536);
  #end = 64;
  #epoch = 1n;

  constructor(path: string) {
    this.path = path;
    this.bytes.writeBigUInt64LE(2n, 0);
    this.bytes.writeBigUInt64LE(base, 8);
    this.bytes.writeBigUInt64LE(this.#epoch, 16);
  }

  /** Names of interfaces by index, and what is counted of them by name. */
  set(names: readonly (string | undefined)[], counters: Readonly<Record<string, Counter>>): void {
    const named = names.map((name) => (name === undefined ? 0n : this.#vector(Buffer.from(`${name}\0`), 1)));
    const entries = [
      entry("/sys/heartbeat", 1, doubleBits(17.5)),
      entry("/if/names", 4, this.#numbers(named)),
    ];
    for (const [name, { type, threads }] of Object.entries(counters)) {
      const vectors = threads.map((items) => this.#numbers(items.flat(), type === 3 ? 2 : 1));
      entries.push(entry(name, type, this.#numbers(vectors)));
    }
    this.bytes.writeBigUInt64LE(this.#vector(Buffer.concat(entries), 144), 32);
    this.bytes.writeBigUInt64LE(++this.#epoch, 16);
  }

  /** Whether VPP is changing the segment. */
  set inProgress(is: boolean) {
    this.bytes.writeBigUInt64LE(is ? 1n : 0n, 24);
  }

  save(): void {
    const fd = openSync(this.path, "w");
    writeSync(fd, this.bytes, 0, this.bytes.length, 0);
    closeSync(fd);
  }

  #numbers(items: readonly bigint[], width = 1): bigint {
    const bytes = Buffer.alloc(items.length * 8);
    for (const [index, item] of items.entries()) bytes.writeBigUInt64LE(item, index * 8);
    return this.#vector(bytes, 8 * width);
  }

  /** Its length stands before it. */
  #vector(content: Buffer, itemBytes: number): bigint {
    this.bytes.writeUInt32LE(content.length / itemBytes, this.#end);
    const at = this.#end + 8;
    content.copy(this.bytes, at);
    this.#end = at + content.length + 16;
    return base + BigInt(at);
  }
}

function entry(name: string, type: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(144);
  bytes.writeUInt32LE(type, 0);
  bytes.writeBigUInt64LE(value, 8);
  bytes.write(name, 16);
  // What an earlier, longer name has left.
  bytes.write("left", 17 + name.length);
  return bytes;
}

function doubleBits(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}
