/** How many bytes a name has in the server's table, with its final NUL (VPP: `vl_api_message_table_entry_t`). */
export const tableNameBytes = 64;

/** An entry of the table: the message's id, then its name. */
export const tableEntryBytes = 2 + tableNameBytes;

/**
 * So many names are found by going through the table: two to connect, two for a first call. Of 2,123 messages that takes
 * 2 µs each, 320 in a process that has just begun, and to index them 62 and 2,250 (measured).
 */
const fewSearches = 4;

/** A message as one server has it. */
export interface ServerMessage {
  readonly id: number;
  /** Eight hexadecimal digits. */
  readonly crc: string;
}

/**
 * The messages of one server, as it told them in the handshake: `<name>_<crc>` and the id that VPP gave it at its
 * start. Messages of plugins that are not loaded are not among them.
 */
export class ServerTable {
  /** The entries as they came. */
  readonly #view: DataView;
  /** How many messages the server has. */
  readonly size: number;
  /** Entries by a hash of their names; made when enough were looked for. */
  #places: Places | undefined;
  #searches = 0;
  #byName: ReadonlyMap<string, ServerMessage> | undefined;
  #names: ReadonlyMap<number, string> | undefined;

  private constructor(view: DataView, size: number) {
    this.#view = view;
    this.size = size;
  }

  /** The table of nobody. */
  static readonly empty: ServerTable = new ServerTable(new DataView(new ArrayBuffer(0)), 0);

  /**
   * Reads the table at the end of a `sockclnt_create_reply`. A server has thousands of messages and a client calls a few, so
   * no text is made of the names; that would cost more than the rest of the handshake.
   */
  static read(bytes: Buffer, at: number, count: number): ServerTable {
    return new ServerTable(new DataView(bytes.buffer, bytes.byteOffset + at, count * tableEntryBytes), count);
  }

  /** The id of a message under a name and CRC. */
  id(name: string, crc: string): number | undefined {
    const key = new DataView(new ArrayBuffer(tableNameBytes));
    const text = `${name}_${crc}`;
    // One that is too long is cut in the table.
    const length = Math.min(text.length, tableNameBytes - 1);
    for (let i = 0; i < length; i++) key.setUint8(i, text.charCodeAt(i));
    const entry = this.#entry(key);
    return entry === undefined ? undefined : this.#view.getUint16(entry * tableEntryBytes);
  }

  /** A message under whatever CRC the server has it. */
  find(name: string): ServerMessage | undefined {
    this.#byName ??= this.#index();
    return this.#byName.get(name);
  }

  /** Every name, without CRCs. One that is too long for the table is cut. */
  names(): Iterable<string> {
    this.#byName ??= this.#index();
    return this.#byName.keys();
  }

  /** What is meant by an id, for messages to people. */
  describe(id: number): string {
    this.#names ??= new Map(this.#entries().map(([key, known]) => [known, key]));
    return this.#names.get(id) ?? `message ${id}, which is not in its table`;
  }

  /** Whether another server has the same messages under the same CRCs; their ids may differ. */
  isLike(other: ServerTable): boolean {
    if (other.size !== this.size) return false;
    const others = new Set(other.#entries().map(([key]) => key));
    return this.#entries().every(([key]) => others.has(key));
  }

  #entry(key: DataView): number | undefined {
    if (this.#places === undefined && ++this.#searches > fewSearches) {
      this.#places = new Places(this.#view, this.size);
    }
    return this.#places === undefined ? this.#search(key) : this.#places.find(key);
  }

  /** The first of this name. */
  #search(key: DataView): number | undefined {
    const view = this.#view;
    const { byteLength } = view;
    const first = wordOf(key, 0);
    for (let at = 2; at < byteLength; at += tableEntryBytes) {
      // Four bytes tell most of them apart; a name shorter than that is compared with what stands behind its NUL left out.
      if (view.getInt32(at) !== first && (first & 0xff) !== 0) continue;
      if (isSameName(key, 0, view, at)) return (at - 2) / tableEntryBytes;
    }
    return undefined;
  }

  #entries(): readonly (readonly [nameAndCrc: string, id: number])[] {
    const { buffer, byteOffset, byteLength } = this.#view;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    return Array.from({ length: this.size }, (_, entry) => {
      const at = entry * tableEntryBytes + 2;
      // Before fc4828cdbed (2019) bytes of other names could follow the NUL.
      const nul = bytes.indexOf(0, at);
      const end = nul === -1 ? at + tableNameBytes : Math.min(nul, at + tableNameBytes);
      return [bytes.toString("latin1", at, end), bytes.readUInt16BE(at - 2)];
    });
  }

  #index(): ReadonlyMap<string, ServerMessage> {
    const byName = new Map<string, ServerMessage>();
    for (const [key, id] of this.#entries()) {
      const split = /^(.+)_([0-9a-f]{8})$/.exec(key);
      byName.set(split?.[1] ?? key, { id, crc: split?.[2] ?? "" });
    }
    return byName;
  }
}

/** The entries of a table by a hash of their names. */
class Places {
  readonly #view: DataView;
  /** Counted from 1; 0: none. Twice as many places as entries, and one more at least. */
  readonly #places: Uint16Array;

  constructor(view: DataView, size: number) {
    this.#view = view;
    this.#places = new Uint16Array(2 ** (32 - Math.clz32(2 * size)));
    // The first of one name is the one that is found.
    for (let entry = size - 1; entry >= 0; entry--) {
      this.#places[this.#placeOf(view, entry * tableEntryBytes + 2)] = entry + 1;
    }
  }

  find(key: DataView): number | undefined {
    const entry = this.#places[this.#placeOf(key, 0)] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  /** The place of the entry with this name, or the free one where it would be. */
  #placeOf(view: DataView, at: number): number {
    const mask = this.#places.length - 1;
    for (let place = hashOf(view, at) & mask; ; place = (place + 1) & mask) {
      const entry = this.#places[place] ?? 0;
      if (entry === 0 || isSameName(view, at, this.#view, (entry - 1) * tableEntryBytes + 2)) return place;
    }
  }
}

/** Four bytes of a name; zeros from its NUL on, whatever stands behind that. */
function wordOf(view: DataView, at: number): number {
  const word = view.getInt32(at);
  // Whether one of the bytes is NUL.
  if (((word - 0x0101_0101) & ~word & 0x8080_8080) === 0) return word;
  if ((word & 0xff00_0000) === 0) return 0;
  if ((word & 0x00ff_0000) === 0) return word & 0xff00_0000;
  return (word & 0x0000_ff00) === 0 ? word & 0xffff_0000 : word & 0xffff_ff00;
}

function hashOf(view: DataView, at: number): number {
  let hash = 0;
  for (let i = 0; i < tableNameBytes; i += 4) {
    const word = wordOf(view, at + i);
    hash = Math.imul(hash ^ word, 0x9e37_79b1);
    hash ^= hash >>> 15;
    if ((word & 0xff) === 0) break;
  }
  return hash;
}

function isSameName(one: DataView, at: number, other: DataView, otherAt: number): boolean {
  for (let i = 0; i < tableNameBytes; i += 4) {
    const word = wordOf(one, at + i);
    if (word !== wordOf(other, otherAt + i)) return false;
    if ((word & 0xff) === 0) break;
  }
  return true;
}
