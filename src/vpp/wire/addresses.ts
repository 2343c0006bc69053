import { refuse } from "./faults.js";

/*
 * MAC and IP addresses between bytes and text. These stand in most details messages, so they are written for speed:
 * one call of String.fromCharCode with all characters makes a flat string without going through pieces.
 */

const hexDigit: Uint8Array = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/** The value of a hexadecimal digit by character code; 256, more than any byte, for what is none. */
const notHex = 256;
const hexValue: Uint16Array = new Uint16Array(256).fill(notHex);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexValue[digit.charCodeAt(0)] = value;
  hexValue[digit.toUpperCase().charCodeAt(0)] = value;
}

function high(byte: number): number {
  return hexDigit[byte >> 4] ?? 0;
}

function low(byte: number): number {
  return hexDigit[byte & 15] ?? 0;
}

const noMac = "00:00:00:00:00:00";

/** Six bytes as `02:fe:00:00:00:01`. */
export function formatMac(view: DataView, at: number): string {
  const front = view.getUint32(at);
  const back = view.getUint16(at + 4);
  if (front === 0 && back === 0) return noMac;
  const a = front >>> 24;
  const b = (front >>> 16) & 255;
  const c = (front >>> 8) & 255;
  const d = front & 255;
  const e = back >>> 8;
  const f = back & 255;
  // prettier-ignore
  return String.fromCharCode(
    high(a), low(a), 58, high(b), low(b), 58, high(c), low(c), 58,
    high(d), low(d), 58, high(e), low(e), 58, high(f), low(f),
  );
}

function hexPair(text: string, at: number): number {
  const first = hexValue[text.charCodeAt(at)] ?? notHex;
  const second = hexValue[text.charCodeAt(at + 1)] ?? notHex;
  return (first << 4) | second;
}

/** Writes `02:fe:00:00:00:01` as six bytes over zeros. */
export function parseMac(text: string, view: DataView, at: number): void {
  if (text === noMac) return;
  if (typeof text !== "string" || text.length !== 17) refuse(macExpected, text);
  const a = hexPair(text, 0);
  const b = hexPair(text, 3);
  const c = hexPair(text, 6);
  const d = hexPair(text, 9);
  const e = hexPair(text, 12);
  const f = hexPair(text, 15);
  if ((a | b | c | d | e | f) > 255 || !hasColons(text)) refuse(macExpected, text);
  view.setInt32(at, (a << 24) | (b << 16) | (c << 8) | d);
  view.setInt16(at + 4, (e << 8) | f);
}

const macExpected = "a MAC address such as 02:fe:00:00:00:01";

function hasColons(text: string): boolean {
  return (
    text.charCodeAt(2) === 58 &&
    text.charCodeAt(5) === 58 &&
    text.charCodeAt(8) === 58 &&
    text.charCodeAt(11) === 58 &&
    text.charCodeAt(14) === 58
  );
}

/** Every byte in decimal, and with a dot behind it: fewer pieces to put together. */
const decimal: readonly string[] = Array.from({ length: 256 }, (_, byte) => String(byte));
const dotted: readonly string[] = decimal.map((text) => `${text}.`);
const slashed: readonly string[] = decimal.map((text) => `/${text}`);

/** The network that was put into text last, and its text: the addresses of one dump are often neighbours. */
let lastNetwork = 0;
let lastNetworkText = "0.0.0.";

/** Four bytes as `10.0.0.1`, and what follows them. */
export function formatIp4(view: DataView, at: number, end = ""): string {
  const word = view.getInt32(at);
  const network = word >>> 8;
  if (network !== lastNetwork) {
    lastNetwork = network;
    lastNetworkText =
      (dotted[network >>> 16] ?? "") + (dotted[(network >>> 8) & 255] ?? "") + (dotted[network & 255] ?? "");
  }
  return lastNetworkText + ((decimal[word & 255] ?? "") + end);
}

/** The length of a prefix, a byte, as it stands behind the address. */
export function formatLength(length: number): string {
  return slashed[length] ?? "";
}

/** Writes `10.0.0.1` as four bytes. */
export function parseIp4(text: string, bytes: Uint8Array, at: number): void {
  if (typeof text !== "string" || scanIp4(text, bytes, at) !== text.length)
    refuse("an IPv4 address such as 10.0.0.1", text);
}

/** Writes the address of either family that ends at `end`; the family: 0 IPv4, 1 IPv6. */
export function parseIp(text: string, end: number, bytes: Uint8Array, at: number): 0 | 1 {
  if (scanIp4(text, bytes, at) === end) return 0;
  const address = text.slice(0, end);
  if (!address.includes(":")) refuse("an IPv4 address such as 10.0.0.1", address);
  parseIp6(address, bytes, at);
  return 1;
}

/** Writes the dotted quad that a text begins with; where that ends, or -1 when there is none. */
export function scanIp4(text: string, bytes: Uint8Array, at: number): number {
  let next = 0;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.charCodeAt(next++) !== 46) return -1;
    const octet = octetAt(text, next);
    if (octet < 0) return -1;
    bytes[at + part] = octet & 255;
    next += octet >> 8;
  }
  return next;
}

/** A number up to 255, and above its eight bits how many digits it has; no leading zeros, which some read as octal. */
function octetAt(text: string, at: number): number {
  const first = text.charCodeAt(at) - 48;
  if (!(first >= 0 && first <= 9)) return -1;
  const second = text.charCodeAt(at + 1) - 48;
  if (!(second >= 0 && second <= 9)) return first | (1 << 8);
  if (first === 0) return -1;
  const third = text.charCodeAt(at + 2) - 48;
  if (!(third >= 0 && third <= 9)) return (first * 10 + second) | (2 << 8);
  const value = first * 100 + second * 10 + third;
  return value > 255 ? -1 : value | (3 << 8);
}

/** Sixteen bytes in the canonical form of RFC 5952, as `2001:db8::1`. */
export function formatIp6(view: DataView, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push(view.getUint16(at + i * 2));
  if (isMappedIp4(groups)) return `::ffff:${formatIp4(view, at + 12)}`;
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.map(hexGroup).join(":");
  const before = groups.slice(0, start).map(hexGroup).join(":");
  const after = groups
    .slice(start + length)
    .map(hexGroup)
    .join(":");
  return `${before}::${after}`;
}

function hexGroup(group: number): string {
  return group.toString(16);
}

function isMappedIp4(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let run = 0;
  for (let i = 0; i < groups.length; i++) {
    run = groups[i] === 0 ? run + 1 : 0;
    if (run > best.length) best = { start: i - run + 1, length: run };
  }
  return best;
}

/** Writes `2001:db8::1` as sixteen bytes over zeros. A zone (`%eth0`) is refused: it has no place on the wire. */
export function parseIp6(text: string, bytes: Uint8Array, at: number): void {
  const groups = typeof text === "string" ? scanIp6(text) : undefined;
  if (groups === undefined) return refuse("an IPv6 address such as 2001:db8::1", text);
  for (let i = 0; i < 8; i++) {
    const group = groups[i] ?? 0;
    bytes[at + i * 2] = group >> 8;
    bytes[at + i * 2 + 1] = group & 255;
  }
}

/** The eight groups of an IPv6 address in any of the forms of RFC 4291, section 2.2. */
function scanIp6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half, index) => scanGroups(half, index === halves.length - 1));
  if (front === undefined) return undefined;
  if (halves.length === 1) return front.length === 8 ? front : undefined;
  if (back === undefined || front.length + back.length > 7) return undefined;
  const gap = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return [...front, ...gap, ...back];
}

function scanGroups(text: string, mayEndInIp4: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInIp4 && index === parts.length - 1 && part.includes(".")) {
      const quad = new Uint8Array(4);
      if (scanIp4(part, quad, 0) !== part.length) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = quad;
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups.length <= 8 ? groups : undefined;
}
