import { isObject, member } from "../json.js";
import type { IdentifiedRow } from "../row-plan.js";

/** What a server says of one of its databases in `_Server.Database` (ovsdb-server(5)). */
export interface ServerRow {
  readonly name: string;
  readonly model: "standalone" | "clustered" | "relay";
  readonly connected: boolean;
  readonly leader: boolean;
  /** Whether it has a schema: a cluster member that has not joined has none, nor has a relay before it finds its source. */
  readonly hasSchema: boolean;
  /** The schema, as text; `undefined` where it does not tell. */
  readonly schema: string | undefined;
  readonly cid: string | undefined;
  readonly sid: string | undefined;
  /** How far a cluster member's log goes. */
  readonly index: number | undefined;
}

/** Reads a row of `_Server.Database`, of whatever release of the server. */
export function readServerRow(row: IdentifiedRow): ServerRow | undefined {
  if (!isObject(row)) return undefined;
  const name = member(row, "name");
  const model = member(row, "model");
  if (typeof name !== "string") return undefined;
  const index = member(row, "index");
  const schema = textOf(member(row, "schema"));
  return {
    name,
    model: model === "clustered" || model === "relay" ? model : "standalone",
    // Releases before the column: what is not said is as it ought to be.
    connected: member(row, "connected") !== false,
    leader: member(row, "leader") !== false,
    hasSchema: !Object.hasOwn(row, "schema") || schema !== undefined,
    schema,
    cid: textOf(member(row, "cid")),
    sid: textOf(member(row, "sid")),
    index: typeof index === "number" || typeof index === "bigint" ? Number(index) : undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What a client demands of a server. */
export interface Demands {
  readonly database: string;
  readonly leaderOnly: boolean;
  /** The cluster's id, where one is pinned. */
  readonly cid: string | undefined;
  /** The highest index seen: a member that is behind would take the client back in time. */
  readonly minIndex: number;
}

/**
 * The server's row of the database, or why the server will not do (`ovsdb_cs_check_server_db__` of lib/ovsdb-cs.c);
 * `undefined`: it does not have the database.
 */
export function acceptableRow(rows: readonly ServerRow[], demands: Demands): ServerRow | string | undefined {
  const { database, cid, leaderOnly, minIndex } = demands;
  const named = rows.filter(({ name }) => name === database);
  const row = named.find((each) => cid === undefined || each.cid === cid);
  if (row === undefined) {
    return named.length > 0
      ? `the server's database ${database} is not of cluster ${String(cid)}`
      : undefined;
  }
  if (!row.hasSchema) return withoutSchema(row);
  if (row.model === "standalone") return row;
  if (!row.connected)
    return `the server is cut off from ${row.model === "relay" ? "its source" : "its cluster"}`;
  if (leaderOnly && row.model === "relay")
    return "the server is a relay, which never leads, and leaderOnly is on";
  if (leaderOnly && !row.leader) return "the server is not the leader of its cluster, and leaderOnly is on";
  if (row.model === "clustered" && (row.index ?? 0) < minIndex) {
    return `the server is behind what was seen before (index ${row.index ?? 0}, seen ${minIndex})`;
  }
  return row;
}

function withoutSchema({ name, model }: ServerRow): string {
  if (model === "relay")
    return `the server has not found the source of database ${name} yet, which it relays`;
  return `the server has not joined the cluster of database ${name} yet`;
}
