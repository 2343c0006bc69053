import { parseIp, parseIp4, parseIp6, parseMac, scanIp4 } from "./addresses.js";
import { refuse } from "./faults.js";
import type { PrefixBytes } from "./reader.js";

/** Writes one value of known size at an offset that `reserve` gave. */
export type WriteAt<T> = (writer: Writer, at: number, value: T) => void;

/** Writes one value of variable size at the end. */
export type WriteNext<T> = (writer: Writer, value: T) => void;

/** No message may be larger: VPP itself allocates replies from 16 MiB, and what we send is far smaller. */
const mostBytes = 64 * 1024 * 1024;

/** From this length on, a text is measured before room is made for it. */
const hugeText = 65_536;

/** Up to this size zeros are written in JavaScript: 26 bytes, one ping, in 7 ns and not 28 (measured). */
const longRun = 128;

/** Up to this length a string is written in JavaScript; from there on a call into Node is faster (measured). */
const longText = 48;

/**
 * Writes messages into a buffer that grows, integers big-endian. One writer serves a whole connection: write, send
 * what `written` gives, `reset`.
 */
export class Writer {
  /** What was written so far, and room. Another buffer after each growth. */
  bytes: Buffer;
  /** The same bytes, for numbers. */
  view: DataView;
  /** Where the next `reserve` begins. Everything behind it is zero; so only `truncate` moves it back. */
  offset = 0;
  /** Doubles are in the server's own byte order: little-endian on x86-64 and arm64. */
  littleEndianDoubles = true;

  constructor(size = 4096) {
    this.bytes = Buffer.alloc(size);
    this.view = viewOf(this.bytes);
  }

  /** Starts again at the front. */
  reset(): void {
    this.truncate(0);
  }

  /** Takes back what was written from an offset on. */
  truncate(offset: number): void {
    if (this.offset - offset > longRun) this.bytes.fill(0, offset, this.offset);
    else clear(this.view, offset, this.offset);
    this.offset = offset;
  }

  /** What was written, not copied. */
  written(): Buffer {
    return this.bytes.subarray(0, this.offset);
  }

  /** Room for `size` zero bytes; their offset. Fetch `bytes` and `view` after it, not before: they may be new. */
  reserve(size: number): number {
    const at = this.offset;
    const next = at + size;
    if (next > this.bytes.length) this.#grow(next);
    this.offset = next;
    return at;
  }

  /** Begins a message of the usual request form: id, client_index, context. */
  request(size: number, id: number, clientIndex: number, context: number): number {
    const at = this.reserve(size);
    const { view } = this;
    view.setUint16(at, id);
    view.setUint32(at + 2, clientIndex);
    view.setUint32(at + 6, context);
    return at;
  }

  /** Begins a message of the usual reply form: id, context. */
  reply(size: number, id: number, context: number): number {
    const at = this.reserve(size);
    this.view.setUint16(at, id);
    this.view.setUint32(at + 2, context);
    return at;
  }

  /** Begins a message that has a client_index and no context, as events do. */
  event(size: number, id: number, clientIndex: number): number {
    const at = this.reserve(size);
    this.view.setUint16(at, id);
    this.view.setUint32(at + 2, clientIndex);
    return at;
  }

  /** Begins a message that has nothing but its id. */
  bare(size: number, id: number): number {
    const at = this.reserve(size);
    this.view.setUint16(at, id);
    return at;
  }

  /** A string of fixed size, NUL padded. Needs room for one NUL: VPP reads most of these as C strings. */
  string(at: number, size: number, value: string): void {
    if (typeof value !== "string") refuse("a string", value);
    const { length } = value;
    if (length >= size) refuse(`a string of at most ${size - 1} bytes`, value);
    if (length > longText) return this.#longString(at, size - 1, value);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      // Neither NUL nor beyond ASCII, in one comparison.
      if ((code - 1) >>> 0 > 126) return this.#longString(at, size - 1, value);
      bytes[at + i] = code;
    }
  }

  /** A string of variable size: a 32-bit length, then the bytes, no NUL. */
  text(value: string): void {
    if (typeof value !== "string") refuse("a string", value);
    // No character takes more than three bytes for each of its code units.
    const room = value.length > hugeText ? Buffer.byteLength(value) : 3 * value.length;
    const at = this.reserve(4 + room);
    const size = this.#utf8(at + 4, room, value);
    this.view.setUint32(at, size);
    // Behind the text nothing was written.
    this.offset = at + 4 + size;
  }

  /** Bytes of a fixed number. */
  copy(at: number, size: number, value: Uint8Array): void {
    if (!(value instanceof Uint8Array) || value.length !== size)
      refuse(`a Uint8Array of ${size} bytes`, value);
    this.bytes.set(value, at);
  }

  /** Bytes of a number that stands elsewhere, or that ends with the message. */
  octets(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) refuse("a Uint8Array", value);
    const at = this.reserve(value.length);
    // Not before it: this may be another buffer now.
    this.bytes.set(value, at);
  }

  /** A double, in the server's byte order. */
  f64(at: number, value: number): void {
    if (typeof value !== "number") refuse("a number", value);
    this.view.setFloat64(at, value, this.littleEndianDoubles);
  }

  /** A MAC address from text. */
  mac(at: number, value: string): void {
    parseMac(value, this.view, at);
  }

  /** An IPv4 address from text. */
  ip4(at: number, value: string): void {
    parseIp4(value, this.bytes, at);
  }

  /** An IPv6 address from text. */
  ip6(at: number, value: string): void {
    parseIp6(value, this.bytes, at);
  }

  /** An address of either family from text; the family: 0 IPv4, 1 IPv6. */
  ip(at: number, value: string): number {
    if (typeof value !== "string") refuse("an IP address", value);
    return parseIp(value, value.length, this.bytes, at);
  }

  /** An address of either family from four or sixteen bytes; the family: 0 IPv4, 1 IPv6. */
  ipBytes(at: number, value: Uint8Array): number {
    if (!(value instanceof Uint8Array) || (value.length !== 4 && value.length !== 16)) {
      refuse("a Uint8Array of 4 or 16 bytes", value);
    }
    this.bytes.set(value, at);
    return value.length === 4 ? 0 : 1;
  }

  /** A prefix of either family from text such as `10.0.0.0/24`, its length to `lengthAt`; the family. */
  prefix(at: number, lengthAt: number, value: string): number {
    if (typeof value !== "string") refuse(prefixExpected, value);
    const end = scanIp4(value, this.bytes, at);
    if (value.charCodeAt(end) === 47) {
      this.bytes[lengthAt] = lengthBehind(value, end, 0);
      return 0;
    }
    const slash = slashOf(value);
    const af = parseIp(value, slash, this.bytes, at);
    this.bytes[lengthAt] = lengthBehind(value, slash, af);
    return af;
  }

  /** A prefix of one family from text, the length behind the address. */
  prefixOf(af: 0 | 1, at: number, value: string): void {
    const slash = slashOf(value);
    const address = value.slice(0, slash);
    if (af === 0) parseIp4(address, this.bytes, at);
    else parseIp6(address, this.bytes, at);
    this.bytes[at + (af === 0 ? 4 : 16)] = lengthBehind(value, slash, af);
  }

  /** A prefix of either family from bytes, its length to `lengthAt`; the family. */
  prefixBytes(at: number, lengthAt: number, value: PrefixBytes): number {
    const af = this.ipBytes(at, value.address);
    this.bytes[lengthAt] = prefixLength(value.length, af, value.length);
    return af;
  }

  /** A prefix of one family from bytes, the length behind the address. */
  prefixBytesOf(af: 0 | 1, at: number, value: PrefixBytes): void {
    const size = af === 0 ? 4 : 16;
    this.copy(at, size, value.address);
    this.bytes[at + size] = prefixLength(value.length, af, value.length);
  }

  /** `count` items of `size` bytes each, at a reserved offset. */
  listAt<T>(at: number, count: number, size: number, items: readonly T[], write: WriteAt<T>): void {
    if (!isArray(items) || items.length !== count) refuse(`an array of ${count} items`, items);
    let next = at;
    for (const item of items) {
      write(this, next, item);
      next += size;
    }
  }

  /** Items of `size` bytes each, their number standing elsewhere. */
  list<T>(size: number, items: readonly T[], write: WriteAt<T>): void {
    if (!isArray(items)) refuse("an array", items);
    let next = this.reserve(items.length * size);
    for (const item of items) {
      write(this, next, item);
      next += size;
    }
  }

  /** Items of variable size, their number standing elsewhere. */
  items<T>(items: readonly T[], write: WriteNext<T>): void {
    if (!isArray(items)) refuse("an array", items);
    for (const item of items) write(this, item);
  }

  /** A fixed number of items of variable size. */
  itemsOf<T>(count: number, items: readonly T[], write: WriteNext<T>): void {
    if (!isArray(items) || items.length !== count) refuse(`an array of ${count} items`, items);
    this.items(items, write);
  }

  #grow(needed: number): void {
    if (needed > mostBytes) refuse(`a message of at most ${mostBytes} bytes`, `${needed} bytes`);
    const larger = Buffer.alloc(Math.min(mostBytes, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(larger, 0, 0, this.offset);
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  #longString(at: number, room: number, value: string): void {
    const size = this.#utf8(at, room, value);
    // Before a character that does not fit, less room is left than the four bytes that one takes at most.
    if (room - size < 4 && Buffer.byteLength(value) > room)
      refuse(`a string of at most ${room} bytes`, value);
  }

  /** Writes as much of a text as there is room for; how many bytes. */
  #utf8(at: number, room: number, value: string): number {
    if (value.includes("\0")) refuse("a string without NUL", value);
    // Without an encoding, which is UTF-8 then, Node has the least to do.
    const size = this.bytes.write(value, at, room);
    // A text of as many bytes as characters is ASCII, and one that was cut is refused.
    if (size !== value.length && /\p{Surrogate}/u.test(value)) refuse("well-formed Unicode", value);
    return size;
  }
}

/** Zeros, eight at a time. */
function clear(view: DataView, start: number, end: number): void {
  let at = start;
  for (; at + 8 <= end; at += 8) view.setFloat64(at, 0, true);
  for (; at < end; at++) view.setUint8(at, 0);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Array.isArray that does not turn the items into `any`. */
function isArray(value: unknown): boolean {
  return Array.isArray(value);
}

/** Where the slash of a prefix stands. */
function slashOf(value: string): number {
  const slash = typeof value === "string" ? value.lastIndexOf("/") : -1;
  return slash < 0 ? refuse(prefixExpected, value) : slash;
}

const prefixExpected = "a prefix such as 10.0.0.0/24 or 2001:db8::/64";

/** The decimal number behind the slash, without leading zeros. */
function lengthBehind(value: string, slash: number, af: number): number {
  const digits = value.length - slash - 1;
  if (digits < 1 || digits > 3) refuse(prefixExpected, value);
  let length = 0;
  for (let i = slash + 1; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || (length === 0 && i > slash + 1)) refuse(prefixExpected, value);
    length = length * 10 + digit;
  }
  return prefixLength(length, af, value);
}

function prefixLength(length: number, af: number, given: unknown): number {
  const most = af === 0 ? 32 : 128;
  if (!Number.isInteger(length) || length < 0 || length > most)
    refuse(`a prefix length from 0 to ${most}`, given);
  return length;
}
