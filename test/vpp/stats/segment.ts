/** A statistics segment as VPP lays it out, in a file: the tests' own writing of it. */
import { closeSync, openSync, writeSync } from "node:fs";

/** What the releases from which on something is laid out differently have. */
const forms = {
  /** Offsets instead of pointers, and of vectors of vectors a second one with offsets. */
  "20.05": { version: 1n, base: 0n, names: 5, directoryAt: 24, epochAt: 8, entryBytes: 152 },
  /** A type number for errors, before that of names. */
  "20.09": { version: 2n, base: 0x7f00_0000_0000n, names: 5, directoryAt: 32, epochAt: 16, entryBytes: 144 },
  "26.06": { version: 2n, base: 0x7f00_0000_0000n, names: 4, directoryAt: 32, epochAt: 16, entryBytes: 144 },
} as const;

export type Release = keyof typeof forms;

/** Where nothing of a segment is: what VPP's own pointers look like to one who reads offsets. */
const elsewhere = 0x7e00_0000_0000n;

/** What a counter is: of each thread, a list by interface of one number or of packets and bytes. */
export interface Counter {
  readonly type: 2 | 3;
  readonly threads: readonly (readonly (bigint | readonly [bigint, bigint])[])[];
}

/** Builds a segment in a file, and changes it as VPP would. */
export class SegmentFile {
  readonly path: string;
  readonly bytes: Buffer = Buffer.alloc(65_536);
  readonly form: (typeof forms)[Release];
  #end = 64;
  #epoch = 1n;

  constructor(path: string, release: Release = "26.06") {
    this.path = path;
    this.form = forms[release];
    const { version, base, epochAt } = this.form;
    this.bytes.writeBigUInt64LE(version, 0);
    if (version === 2n) this.bytes.writeBigUInt64LE(base, 8);
    this.bytes.writeBigUInt64LE(this.#epoch, epochAt);
  }

  /** Names of interfaces by index, and what is counted of them by name. */
  set(names: readonly (string | undefined)[], counters: Readonly<Record<string, Counter>>): void {
    const named = names.map((name) => (name === undefined ? 0n : this.#vector(Buffer.from(`${name}\0`), 1)));
    const entries = [
      this.#entry("/sys/heartbeat", 1, 17n, 0n),
      this.#entry("/err/no such node", 4, 3n, 0n),
      this.#vectorsEntry("/if/names", this.form.names, named),
    ];
    for (const [name, { type, threads }] of Object.entries(counters)) {
      const vectors = threads.map((items) => this.#numbers(items.flat(), type === 3 ? 2 : 1));
      entries.push(this.#vectorsEntry(name, type, vectors));
    }
    const { directoryAt, epochAt, entryBytes } = this.form;
    this.bytes.writeBigUInt64LE(this.#vector(Buffer.concat(entries), entryBytes), directoryAt);
    this.bytes.writeBigUInt64LE(++this.#epoch, epochAt);
  }

  /** Whether VPP is changing the segment. */
  set inProgress(is: boolean) {
    this.bytes.writeBigUInt64LE(is ? 1n : 0n, this.form.epochAt + 8);
  }

  /** Where the directory stands in the file. */
  get directoryAt(): number {
    return Number(this.bytes.readBigUInt64LE(this.form.directoryAt) - this.form.base);
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
    return this.form.base + BigInt(at);
  }

  /** An entry that leads to vectors: up to 20.05 also to their pointers in VPP, which mean nothing here. */
  #vectorsEntry(name: string, type: number, vectors: readonly bigint[]): Buffer {
    const found = this.#numbers(vectors);
    if (this.form.version === 2n) return this.#entry(name, type, found, 0n);
    const own = this.#numbers(vectors.map((vector) => (vector === 0n ? 0n : elsewhere + vector)));
    return this.#entry(name, type, own, found);
  }

  #entry(name: string, type: number, value: bigint, offsets: bigint): Buffer {
    const { entryBytes } = this.form;
    const bytes = Buffer.alloc(entryBytes);
    bytes.writeUInt32LE(type, 0);
    bytes.writeBigUInt64LE(value, 8);
    const nameAt = entryBytes - 128;
    if (nameAt > 16) bytes.writeBigUInt64LE(offsets, 16);
    bytes.write(name, nameAt);
    // What an earlier, longer name has left.
    bytes.write("left", nameAt + name.length + 1);
    return bytes;
  }
}
