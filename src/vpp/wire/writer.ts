import { parseIp, parseIp4, parseIp6, parseMac } from "./addresses.js";
import { refuse } from "./faults.js";
import type { PrefixBytes } from "./reader.js";

/** Writes one value of known size at an offset that `reserve` gave. */
export type WriteAt<T> = (writer: Writer, at: number, value: T) => void;

/** Writes one value of variable size at the end. */
export type WriteNext<T> = (writer: Writer, value: T) => void;

/** No message may be larger: VPP itself allocates replies from 16 MiB, and what we send is far smaller. */
const mostBytes = 64 * 1024 * 1024;

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
  /** The same bytes without Buffer's own methods: its `fill` costs more than filling. */
  #plain: Uint8Array;
  /** Where the next `reserve` begins. */
  offset = 0;
  /** Doubles are in the server's own byte order: little-endian on x86-64 and arm64. */
  littleEndianDoubles = true;

  constructor(size = 4096) {
    this.bytes = Buffer.alloc(size);
    this.view = viewOf(this.bytes);
    this.#plain = plain(this.bytes);
  }

  /** Starts again at the front. */
  reset(): void {
    this.offset = 0;
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
    this.#plain.fill(0, at, next);
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
    if (length > longText) return this.#utf8(at, size - 1, value);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      // Neither NUL nor beyond ASCII, in one comparison.
      if ((code - 1) >>> 0 > 126) return this.#utf8(at, size - 1, value);
      bytes[at + i] = code;
    }
  }

  /** A string of variable size: a 32-bit length, then the bytes, no NUL. */
  text(value: string): void {
    if (typeof value !== "string") refuse("a string", value);
    const size = Buffer.byteLength(value);
    const at = this.reserve(4 + size);
    this.view.setUint32(at, size);
    this.#utf8(at + 4, size, value, size);
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
    this.bytes.set(value, this.reserve(value.length));
  }

  /** A double, in the server's byte order. */
  f64(at: number, value: number): void {
    if (typeof value !== "number") refuse("a number", value);
    this.view.setFloat64(at, value, this.littleEndianDoubles);
  }

  /** A MAC address from text. */
  mac(at: number, value: string): void {
    parseMac(value, this.bytes, at);
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
    const count = items.length;
    this.listAt(this.reserve(count * size), count, size, items, write);
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
    this.#plain = plain(larger);
  }

  #utf8(at: number, room: number, value: string, size = Buffer.byteLength(value)): void {
    if (value.includes("\0")) refuse("a string without NUL", value);
    if (size > room) refuse(`a string of at most ${room} bytes`, value);
    // As many bytes as characters: ASCII.
    if (size === value.length) return void this.bytes.write(value, at, "latin1");
    if (/\p{Surrogate}/u.test(value)) refuse("well-formed Unicode", value);
    this.bytes.write(value, at, "utf8");
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
