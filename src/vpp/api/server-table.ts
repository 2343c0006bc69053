/** How many bytes a name has in the server's table, with its final NUL (VPP: `vl_api_message_table_entry_t`). */
export const tableNameBytes = 64;

/** An entry of the table: the message's id, then its name. */
export const tableEntryBytes = 2 + tableNameBytes;

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
  readonly #bytes: Buffer;
  /** How many messages the server has. */
  readonly size: number;
  #searches = 0;
  /** Names that are not in it: that of an older release is asked for with every message. */
  readonly #absent = new Set<string>();
  #ids: ReadonlyMap<string, number> | undefined;
  #byName: ReadonlyMap<string, ServerMessage> | undefined;
  #names: ReadonlyMap<number, string> | undefined;

  private constructor(bytes: Buffer, size: number) {
    this.#bytes = bytes;
    this.size = size;
  }

  /** The table of nobody. */
  static readonly empty: ServerTable = new ServerTable(Buffer.alloc(0), 0);

  /**
   * Reads the table at the end of a `sockclnt_create_reply`. A server has thousands of messages and a client calls a few, so
   * no text is made of the names; that would cost more than the rest of the handshake.
   */
  static read(bytes: Buffer, at: number, count: number): ServerTable {
    return new ServerTable(bytes.subarray(at, at + count * tableEntryBytes), count);
  }

  /** The id of a message under a name and CRC. */
  id(name: string, crc: string): number | undefined {
    // One that is too long is cut in the table.
    const text = `${name}_${crc}`.slice(0, tableNameBytes - 1);
    if (this.#ids !== undefined) return this.#ids.get(text);
    const at = this.#placeOf(text);
    return at === undefined ? undefined : this.#bytes.readUInt16BE(at);
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

  /** Where the entry of a name begins. */
  #placeOf(text: string): number | undefined {
    const bytes = this.#bytes;
    const last = lastPlaces.get(text);
    if (last !== undefined && isAt(bytes, last)) return last.at;
    if (this.#absent.has(text)) return undefined;
    if (++this.#searches > fewSearches) this.#ids = new Map(this.#entries());
    const key = Buffer.from(`${text}\0`, "latin1");
    for (let found = bytes.indexOf(key); found !== -1; found = bytes.indexOf(key, found + 1)) {
      // Elsewhere it is the end of another name, or what stands behind one.
      if (found % tableEntryBytes !== 2) continue;
      const place = { key, at: found - 2 };
      lastPlaces.set(text, place);
      return place.at;
    }
    this.#absent.add(text);
    return undefined;
  }

  #entries(): readonly (readonly [nameAndCrc: string, id: number])[] {
    const bytes = this.#bytes;
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

/**
 * So many names are looked for one by one. Of 2,123 messages that takes 1 to 14 µs each, by where it stands, from the first
 * on; to make text of them all takes 700 in a process that has just begun (measured). An ADD of the CNI plugin looks for about
 * forty.
 */
const fewSearches = 64;

interface Place {
  /** A name and its NUL. */
  readonly key: Buffer;
  /** Where its entry begins. */
  readonly at: number;
}

/**
 * Where names stood in the table of whoever was asked last: a client that connects again finds them there again, unless
 * VPP was started with other plugins. As many as names were found.
 */
const lastPlaces = new Map<string, Place>();

function isAt(bytes: Buffer, { key, at }: Place): boolean {
  const start = at + 2;
  return start + key.length <= bytes.length && key.compare(bytes, start, start + key.length) === 0;
}
