import { Fault } from "../fault.js";
import { encodeRequest } from "../monitor-request.js";
import { parseSchema } from "../parse-schema.js";
import { ReplicaLayout } from "../replica/layout.js";
import { LiveReplica, type Loading } from "../replica/live-replica.js";
import { ReplyReader } from "./reply-reader.js";
import { readServerRow, type ServerRow } from "./server-row.js";

const wanted = ["name", "model", "connected", "leader", "schema", "cid", "sid", "index"];

/** What a server tells of its databases in its own database `_Server`. */
export class ServerMonitor {
  readonly id: string;
  /** The request, as it goes to the server. */
  readonly wire: Readonly<Record<string, readonly unknown[]>>;
  readonly #layout: ReplicaLayout;
  readonly #replica = new LiveReplica(() => false);

  private constructor(id: string, wire: Readonly<Record<string, readonly unknown[]>>, layout: ReplicaLayout) {
    this.id = id;
    this.wire = wire;
    this.#layout = layout;
  }

  /** By the schema that the server gave of `_Server`; `undefined` where that has nothing that is known here. */
  static make(schemaJson: unknown, id: string): ServerMonitor | undefined {
    const server = parseSchema(schemaJson, "exact");
    if (server instanceof Fault) return undefined;
    const table = server.tables.get("Database");
    if (table === undefined) return undefined;
    const columns = wanted.filter((name) => table.columns.has(name));
    const encoded = encodeRequest({ server, expected: undefined }, { Database: { columns } });
    if (encoded instanceof Fault) return undefined;
    const layout = ReplicaLayout.make(server, encoded.plans, [], {});
    return layout instanceof Fault ? undefined : new ServerMonitor(id, encoded.wire, layout);
  }

  read(): ReplyReader<Loading> {
    return new ReplyReader("monitor_cond", () => this.#replica.load(this.#layout, "whole"));
  }

  /** Begins to take an update. */
  update(extent: "whole" | "part"): Loading | Fault {
    return this.#replica.update(extent);
  }

  rows(): readonly ServerRow[] {
    const rows = [...(this.#replica.current?.table("Database") ?? [])];
    return rows.flatMap((row) => readServerRow(row) ?? []);
  }
}
