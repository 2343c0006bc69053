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
  readonly #ids = new Map<string, number>();
  #byName: ReadonlyMap<string, ServerMessage> | undefined;
  #names: ReadonlyMap<number, string> | undefined;

  constructor(entries: Iterable<readonly [nameAndCrc: string, id: number]>) {
    for (const [key, id] of entries) this.#ids.set(key, id);
  }

  /** Reads the table at the end of a `sockclnt_create_reply`. */
  static read(bytes: Buffer, at: number, count: number): ServerTable {
    const text = bytes.toString("latin1", at, at + count * tableEntryBytes);
    const table = new ServerTable([]);
    for (let i = 0; i < count; i++) {
      const start = i * tableEntryBytes + 2;
      // Before fc4828cdbed (2019) bytes of other names could follow the NUL.
      const nul = text.indexOf("\0", start);
      const end = nul === -1 ? start + tableNameBytes : Math.min(nul, start + tableNameBytes);
      table.#ids.set(text.slice(start, end), bytes.readUInt16BE(at + start - 2));
    }
    return table;
  }

  /** How many messages the server has. */
  get size(): number {
    return this.#ids.size;
  }

  /** The id of a message under a name and CRC. */
  id(name: string, crc: string): number | undefined {
    const key = `${name}_${crc}`;
    return this.#ids.get(key.length < tableNameBytes ? key : key.slice(0, tableNameBytes - 1));
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
    this.#names ??= new Map([...this.#ids].map(([key, id]) => [id, key]));
    return this.#names.get(id) ?? `message ${id}, which is not in its table`;
  }

  /** Whether another server has the same messages under the same CRCs; their ids may differ. */
  isLike(other: ServerTable): boolean {
    if (other.size !== this.size) return false;
    for (const key of this.#ids.keys()) if (!other.#ids.has(key)) return false;
    return true;
  }

  #index(): ReadonlyMap<string, ServerMessage> {
    const byName = new Map<string, ServerMessage>();
    for (const [key, id] of this.#ids) {
      const split = /^(.+)_([0-9a-f]{8})$/.exec(key);
      byName.set(split?.[1] ?? key, { id, crc: split?.[2] ?? "" });
    }
    return byName;
  }
}
