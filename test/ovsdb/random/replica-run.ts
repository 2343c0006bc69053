import { setTimeout as delay } from "node:timers/promises";

import { isArray, isObject } from "../../../src/ovsdb/json.js";
import { openDatabase, type Condition, type Row } from "../../../src/ovsdb/index.js";
import { encodeExactly } from "../../../src/jsonrpc/encode.js";
import { RawClient } from "../../testing/ovsdb/raw-client.js";
import { nativeContents, nativeValue, typeOf, wireRows, type Contents } from "./rows.js";
import { tableNames, type SchemaJson, type TableName } from "./schemas.js";
import type { OperationJson } from "./transactions.js";

/** What happens to a database, its server and its client. */
export type Step =
  | { readonly kind: "transact"; readonly operations: readonly OperationJson[] }
  | {
      readonly kind: "conditions";
      readonly table: TableName;
      readonly where: "all" | "none" | readonly unknown[];
    }
  | { readonly kind: "convert"; readonly schema: SchemaJson }
  | { readonly kind: "disconnect" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "kill" };

/** Who serves it: one ovsdb-server or a cluster. */
export interface Host {
  readonly remote: string;
  /** Where writes go. */
  writer(): Promise<string>;
  /** Ends all connections of the server that leads. */
  disconnect(): Promise<void>;
  /** Kills the server that leads, and starts it again. */
  kill(): Promise<void>;
}

async function openTables(host: Host, schema: SchemaJson) {
  const opened = await openDatabase({
    remote: host.remote,
    database: schema.name,
    tables: { A: {}, B: {}, C: {} },
    backoff: { minMs: 20, maxMs: 200 },
    timeoutMs: patienceMs,
  });
  return opened.unwrap();
}

type AnyDatabase = Awaited<ReturnType<typeof openTables>>;
type Where = "all" | "none" | readonly unknown[];

const patienceMs = 30_000;

const refusals: ReadonlySet<string> = new Set(["invalid", "rejected", "incompatible"]);

/** A transaction from beside the replica. It may be refused. */
export async function write(
  host: Host,
  schema: SchemaJson,
  operations: readonly OperationJson[],
): Promise<void> {
  await ask(host, "transact", [schema.name, ...operations]);
}

/** Asks the server that leads from beside. */
async function ask(host: Host, method: string, params: readonly unknown[]): Promise<unknown> {
  using client = await RawClient.connect(await host.writer());
  const late = new AbortController();
  const inVain = delay(patienceMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`the server does not answer ${method} ${encodeExactly(params)}`);
  });
  try {
    return (await Promise.race([client.request(method, params), inVain])).at(-1);
  } finally {
    inVain.catch(() => undefined);
    late.abort();
  }
}

/** Who watches a replica: one that is told of every change, or one that only looks now and then. */
export type Watch = "listening" | "looking";

/** A replica of which nobody is told anything is looked at after so many steps. */
const looksEvery = 5;

/** Plays steps on a server, and looks whether the replica is what the server has: after each, or now and then. */
export class ReplicaRun implements AsyncDisposable {
  readonly #host: Host;
  readonly #db: AnyDatabase;
  readonly #where = new Map<string, Where>(tableNames.map((table) => [table, "all"]));
  /** What the changes that were told add up to. */
  readonly #told = new Map<string, Map<string, object>>(tableNames.map((table) => [table, new Map()]));
  readonly #watch: Watch;
  #schema: SchemaJson;
  #played = 0;

  private constructor(host: Host, db: AnyDatabase, schema: SchemaJson, watch: Watch) {
    this.#host = host;
    this.#db = db;
    this.#schema = schema;
    this.#watch = watch;
    if (watch === "listening") this.#listen();
  }

  static async open(host: Host, schema: SchemaJson, watch: Watch): Promise<ReplicaRun> {
    return new ReplicaRun(host, await openTables(host, schema), schema, watch);
  }

  #listen(): void {
    const db = this.#db;
    for (const table of tableNames)
      for (const row of db.table(table)) this.#told.get(table)?.set(uuidIn(row), row);
    db.events.on("change", ({ rows, after }) => {
      for (const { table, uuid, new: row } of rows) {
        const told = this.#told.get(table);
        if (row === undefined) told?.delete(uuid);
        else told?.set(uuid, row);
      }
      if (after !== db.snapshot()) throw new Error("a change was told before its rows were there");
    });
  }

  /** Plays a step. Throws where the replica does not come to what the server has. */
  async play(step: Step): Promise<void> {
    this.#played += 1;
    if (this.#watch === "looking" && this.#played % looksEvery !== 0) return await this.#do(step);
    const before = this.#db.snapshot();
    const was = encodeExactly(this.#contents(before));
    await this.#do(step);
    await this.#compare();
    if (encodeExactly(this.#contents(before)) !== was) throw new Error("a snapshot has changed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.close();
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "transact":
        await this.#ask("transact", [this.#schema.name, ...step.operations]);
        return;
      case "conditions": {
        const where = this.#nativeWhere(step.table, step.where);
        const set = await this.#db.setConditions(step.table, where, { timeoutMs: patienceMs });
        // Conditions that the schema does not allow, perhaps since it was converted, leave those before.
        if (set.isOk()) this.#where.set(step.table, step.where);
        else if (!refusals.has(set.error.kind)) throw set.error;
        return;
      }
      case "convert": {
        // A condition on a column that goes would make the schema incompatible with what the program asks for.
        for (const table of tableNames) await this.#do({ kind: "conditions", table, where: "all" });
        const answer = await this.#ask("convert", [this.#schema.name, step.schema]);
        const isDone = isObject(answer) && isObject(answer["result"]);
        if (!isDone) return;
        this.#schema = step.schema;
        return;
      }
      case "disconnect":
        return await this.#host.disconnect();
      case "reconnect":
        return this.#db.forceReconnect();
      case "kill":
        return await this.#host.kill();
    }
  }

  #nativeWhere(table: TableName, where: Where): "all" | "none" | readonly Condition<Row>[] {
    if (!isArray(where)) return where;
    if (where.length === 0) return "all";
    return where.map((clause): Condition<Row> => {
      if (!isArray(clause)) return clause === true;
      const [column, func, value] = clause;
      const name = String(column);
      return [name, comparison(func), nativeValue(typeOf(this.#schema, table, name), value)];
    });
  }

  #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    return ask(this.#host, method, params);
  }

  #contents(snapshot: ReturnType<AnyDatabase["snapshot"]>): Contents {
    return nativeContents(tableNames.map((table) => [table, snapshot.table(table)] as const));
  }

  async #compare(): Promise<void> {
    const expected = await this.#expected();
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const actual = this.#contents(this.#db.snapshot());
      const difference = differenceOf(actual, expected);
      if (difference === undefined) break;
      if (performance.now() > deadline) {
        const { state, reason } = this.#db.health;
        throw new Error(`the replica (${state}: ${reason}) differs: ${difference}`);
      }
      await delay(3);
    }
    if (this.#watch === "looking") return;
    const told = nativeContents(Array.from(this.#told, ([table, rows]) => [table, rows.values()] as const));
    const difference = differenceOf(told, this.#contents(this.#db.snapshot()));
    if (difference !== undefined) throw new Error(`the changes that were told differ: ${difference}`);
  }

  /** What the server itself says meets the conditions. */
  async #expected(): Promise<Contents> {
    const contents: Record<string, Contents[string]> = {};
    for (const [table, where] of this.#where) {
      const clauses = where === "none" ? [] : isArray(where) && where.length > 0 ? where : [true];
      const operations = clauses.map((clause) => ({ op: "select", table, where: [clause] }));
      const answer = await this.#ask("transact", [this.#schema.name, ...operations]);
      const results = isObject(answer) && isArray(answer["result"]) ? answer["result"] : [];
      const rows = results.map((result) => wireRows(isObject(result) ? result["rows"] : []));
      contents[table] = Object.assign({}, ...rows);
    }
    return contents;
  }
}

/** A function of conditions; there is no order among them, see `conditions`. */
function comparison(func: unknown): "==" | "!=" | "includes" | "excludes" {
  const known = ["==", "!=", "includes", "excludes"] as const;
  return known.find((each) => each === func) ?? "==";
}

function uuidIn(row: Row): string {
  const { _uuid: uuid } = row;
  return typeof uuid === "string" ? uuid : "";
}

function differenceOf(actual: Contents, expected: Contents): string | undefined {
  for (const table of tableNames) {
    const uuids = new Set([...Object.keys(actual[table] ?? {}), ...Object.keys(expected[table] ?? {})]);
    for (const uuid of uuids) {
      const [is, should] = [actual, expected].map((each) => rowText(each[table]?.[uuid]));
      if (is !== should) return `row ${uuid} of ${table} is ${is}; the server has ${should}`;
    }
  }
  return undefined;
}

function rowText(row: Readonly<Record<string, unknown>> | undefined): string {
  if (row === undefined) return "absent";
  return JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
