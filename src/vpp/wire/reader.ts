import { formatIp4, formatIp6, formatLength, formatMac } from "./addresses.js";
import { BoundsFault } from "./faults.js";

/** Reads one value of known size at an offset that `take` has checked. */
export type ReadAt<T> = (reader: Reader, at: number) => T;

/** Reads one value of variable size at the reader's own position, and moves it. */
export type ReadNext<T> = (reader: Reader) => T;

/** An IP prefix as bytes: four or sixteen of them, and how many of their bits count. */
export interface PrefixBytes {
  readonly address: Uint8Array;
  readonly length: number;
}

/** Up to this length a string is put together in JavaScript; from there on a call into Node is faster (measured). */
const longText = 36;

/**
 * Reads messages out of a buffer. Integers are big-endian; a message is a packed C structure (VPP:
 * `src/tools/vppapigen/VPPAPI.rst`).
 *
 * Codecs check once per run of fixed-size fields, with `take`, and then read at offsets; every offset is one of
 * `bytes`, so one reader serves all messages of a received chunk without a view being made for each.
 */
export class Reader {
  /** What is read. */
  bytes: Buffer;
  /** The same bytes, for numbers. */
  view: DataView;
  /** Where the next `take` begins. */
  offset: number;
  /** Where the message ends. */
  end: number;
  /** Doubles are in the server's own byte order (VPP: `src/vppinfra/byte_order.h`, no swap): little-endian on x86-64 and arm64. */
  littleEndianDoubles = true;

  constructor(bytes: Uint8Array = nothing) {
    this.bytes = asBuffer(bytes);
    this.view = bytes === nothing ? viewOfNothing : viewOf(this.bytes);
    this.offset = 0;
    this.end = bytes.length;
  }

  /** Reads from these bytes from now on. */
  load(bytes: Uint8Array): this {
    this.bytes = asBuffer(bytes);
    this.view = viewOf(this.bytes);
    return this.select(0, bytes.length);
  }

  /** Reads the message between two offsets of the bytes at hand. */
  select(start: number, end: number): this {
    this.offset = start;
    const { length } = this.bytes;
    this.end = end < length ? end : length;
    return this;
  }

  /** Takes `size` bytes; their offset. The message must have them. */
  take(size: number): number {
    const at = this.offset;
    const next = at + size;
    if (next > this.end) throw truncated(this, size);
    this.offset = next;
    return at;
  }

  /** A string of fixed size, up to its first NUL. What stands behind the NUL may be anything. */
  string(at: number, size: number): string {
    const { bytes, view } = this;
    const limit = at + size;
    let end = at;
    let seen = 0;
    // Four bytes at a time, until one of them is NUL.
    for (; end + 4 <= limit; end += 4) {
      const four = view.getInt32(end);
      if (((four - 0x01010101) & ~four & 0x80808080) !== 0) break;
      seen |= four;
    }
    seen &= 0x80808080;
    for (let code = 0; end < limit && (code = bytes[end] ?? 0) !== 0; end++) seen |= code & 0x80;
    return seen !== 0 || end - at > longText ? bytes.toString("utf8", at, end) : ascii(bytes, at, end);
  }

  /** A string of variable size: a 32-bit length, then the bytes, no NUL. */
  text(): string {
    const size = this.view.getUint32(this.take(4));
    const at = this.take(size);
    const { bytes } = this;
    const end = at + size;
    if (size > longText) return bytes.toString("utf8", at, end);
    let seen = 0;
    for (let i = at; i < end; i++) seen |= bytes[i] ?? 0;
    return seen > 127 ? bytes.toString("utf8", at, end) : ascii(bytes, at, end);
  }

  /** A copy of `size` bytes: a message must not keep the chunk that it came in. */
  copy(at: number, size: number): Uint8Array {
    const copy = new Uint8Array(size);
    if (size > 32) copy.set(this.bytes.subarray(at, at + size));
    else for (let i = 0; i < size; i++) copy[i] = this.bytes[at + i] ?? 0;
    return copy;
  }

  /** Counted bytes. */
  octets(count: number): Uint8Array {
    return this.copy(this.take(count), count);
  }

  /** The bytes up to the end of the message. */
  rest(): Uint8Array {
    return this.octets(this.end - this.offset);
  }

  /** A byte that is true or false; anything but 0 is true. */
  bool(at: number): boolean {
    return this.view.getUint8(at) !== 0;
  }

  /** A double, in the server's byte order. */
  f64(at: number): number {
    return this.view.getFloat64(at, this.littleEndianDoubles);
  }

  /** A MAC address as text. */
  mac(at: number): string {
    return formatMac(this.view, at);
  }

  /** An IPv4 address as text. */
  ip4(at: number): string {
    return formatIp4(this.view, at);
  }

  /** An IPv6 address as text. */
  ip6(at: number): string {
    return formatIp6(this.view, at);
  }

  /** An address of the family `af` (0 IPv4, 1 IPv6) as text. Of no known family: that number and the bytes. */
  ip(af: number, at: number): string {
    if (af === 0) return formatIp4(this.view, at);
    if (af === 1) return formatIp6(this.view, at);
    return `family ${af}: ${this.bytes.toString("hex", at, at + 16)}`;
  }

  /** An address of the family `af` as four or sixteen bytes. */
  ipBytes(af: number, at: number): Uint8Array {
    return this.copy(at, af === 0 ? 4 : 16);
  }

  /** A prefix of the family `af` as text, such as `10.0.0.0/24`. */
  prefix(af: number, at: number, length: number): string {
    return af === 0 ? formatIp4(this.view, at, formatLength(length)) : this.ip(af, at) + formatLength(length);
  }

  /** A prefix of the family `af` as bytes. */
  prefixBytes(af: number, at: number, length: number): PrefixBytes {
    return { address: this.ipBytes(af, at), length };
  }

  /** `count` items of `size` bytes each, at a checked offset. */
  listAt<T>(at: number, count: number, size: number, read: ReadAt<T>): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this, at + i * size));
    return items;
  }

  /** Counted items of `size` bytes each. All are there before the first is made. */
  list<T>(count: number, size: number, read: ReadAt<T>): T[] {
    return this.listAt(this.take(count * size), count, size, read);
  }

  /** Counted items of at least `least` bytes each, read one after the other. */
  items<T>(count: number, least: number, read: ReadNext<T>): T[] {
    if (count * least > this.end - this.offset) throw truncated(this, count * least);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }
}

const nothing = Buffer.alloc(0);
const viewOfNothing = viewOf(nothing);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function truncated(reader: Reader, wanted: number): BoundsFault {
  const left = reader.end - reader.offset;
  return new BoundsFault(`the message has ${left} bytes left where ${wanted} are announced`);
}

/**
 * ASCII by String.fromCharCode with many arguments, which makes a flat string at once: for a short name a quarter of the
 * cost of a call into Node.
 */
function ascii(b: Buffer, i: number, end: number): string {
  switch (end - i) {
    case 0:
      return "";
    case 1:
      return String.fromCharCode(b[i] ?? 0);
    case 2:
      return String.fromCharCode(b[i] ?? 0, b[i + 1] ?? 0);
    case 3:
      return String.fromCharCode(b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0);
    case 4:
      return String.fromCharCode(b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0);
    case 5:
      return String.fromCharCode(b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0);
    case 6:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
      );
    case 7:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0,
      );
    case 8:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0,
      );
    case 9:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0,
      );
    case 10:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0,
      );
    case 11:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0,
      );
    case 12:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0, b[i + 11] ?? 0,
      );
    case 13:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0, b[i + 11] ?? 0,
        b[i + 12] ?? 0,
      );
    case 14:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0, b[i + 11] ?? 0,
        b[i + 12] ?? 0, b[i + 13] ?? 0,
      );
    case 15:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0, b[i + 11] ?? 0,
        b[i + 12] ?? 0, b[i + 13] ?? 0, b[i + 14] ?? 0,
      );
    case 16:
      // prettier-ignore
      return String.fromCharCode(
        b[i] ?? 0, b[i + 1] ?? 0, b[i + 2] ?? 0, b[i + 3] ?? 0, b[i + 4] ?? 0, b[i + 5] ?? 0,
        b[i + 6] ?? 0, b[i + 7] ?? 0, b[i + 8] ?? 0, b[i + 9] ?? 0, b[i + 10] ?? 0, b[i + 11] ?? 0,
        b[i + 12] ?? 0, b[i + 13] ?? 0, b[i + 14] ?? 0, b[i + 15] ?? 0,
      );
    default:
      return ascii(b, i, i + 16) + ascii(b, i + 16, end);
  }
}
