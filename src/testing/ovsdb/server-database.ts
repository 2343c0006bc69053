import { newUuid, type Uuid } from "../../ovsdb/uuid.js";
import { StoredDatabase } from "./database.js";
import { sortedText } from "./refusal.js";
import { readSchema } from "./schema-text.js";

/** How a server serves a database: the columns of `_Server.Database` (ovsdb-server(5)). */
export interface DatabaseStatus {
  readonly model: "standalone" | "clustered" | "relay";
  readonly leader: boolean;
  readonly connected: boolean;
  /** The cluster's id, and the member's. */
  readonly cid: Uuid | undefined;
  readonly sid: Uuid | undefined;
  /** How much of the cluster's log the member has. */
  readonly index: number | undefined;
}

const boolean = { type: "boolean" };
const optionalUuid = { type: { key: "uuid", min: 0 } };

const serverSchema = {
  name: "_Server",
  version: "1.2.0",
  cksum: "3009684573 744",
  tables: {
    Database: {
      columns: {
        name: { type: "string" },
        model: {
          type: { key: { type: "string", enum: ["set", ["standalone", "clustered", "relay"]] } },
        },
        connected: boolean,
        leader: boolean,
        schema: { type: { key: "string", min: 0 } },
        cid: optionalUuid,
        sid: optionalUuid,
        index: { type: { key: "integer", min: 0 } },
      },
    },
  },
};

/** The database in which a server tells of its databases. */
export class ServerDatabase {
  readonly stored: StoredDatabase = new StoredDatabase(readSchema(serverSchema), 0, true);
  readonly #rows = new Map<string, Uuid>();

  constructor() {
    this.add("_Server", standalone, serverSchema);
  }

  /** A database is served from now on. */
  add(name: string, status: DatabaseStatus, schema: unknown): void {
    const uuid = newUuid();
    this.#rows.set(name, uuid);
    const row = { name, schema: sortedText(schema), ...columnsOf(status) };
    this.#transact({ op: "insert", table: "Database", uuid, row });
  }

  remove(name: string): void {
    this.#transact({ op: "delete", table: "Database", where: this.#where(name) });
    this.#rows.delete(name);
  }

  update(name: string, status: DatabaseStatus): void {
    this.#transact({ op: "update", table: "Database", where: this.#where(name), row: columnsOf(status) });
  }

  #where(name: string): readonly unknown[] {
    return [["_uuid", "==", ["uuid", this.#rows.get(name)]]];
  }

  #transact(operation: unknown): void {
    this.stored.transact([operation], { ownsLock: () => false, waitedMs: 0, isServer: true });
  }
}

/** A database that one server has alone. */
export const standalone: DatabaseStatus = {
  model: "standalone",
  leader: true,
  connected: true,
  cid: undefined,
  sid: undefined,
  index: undefined,
};

function optional(value: unknown): unknown {
  return value ?? ["set", []];
}

function columnsOf({ model, leader, connected, cid, sid, index }: DatabaseStatus): Record<string, unknown> {
  const uuid = (value: Uuid | undefined): unknown => optional(value === undefined ? value : ["uuid", value]);
  return { model, leader, connected, cid: uuid(cid), sid: uuid(sid), index: optional(index) };
}
