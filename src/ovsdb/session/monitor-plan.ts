import { isDeepStrictEqual } from "node:util";
import type { IncompatibleError, InvalidError } from "../../core/errors.js";
import { unsendable } from "../errors.js";
import { Fault } from "../fault.js";
import { isArray } from "../json.js";
import { encodeRequest, type EncodedRequest } from "../monitor-request.js";
import { parseSchema } from "../parse-schema.js";
import { ReplicaLayout } from "../replica/layout.js";
import type { IndexRequest } from "../replica/snapshot.js";
import type { Schemas } from "../row-plan.js";
import type { IntegerForm } from "../schema-rows.js";
import type { DatabaseSchema } from "../schema.js";
import type { Where } from "./conditions.js";

/** What of each table is monitored. */
export type TableRequests = {
  readonly [table: string]: { readonly columns?: readonly string[]; readonly where?: unknown } | undefined;
};

/** What a program wants of a database. */
export interface Wanted {
  readonly operation: string;
  /** The schema that the program was written for. */
  readonly expected: DatabaseSchema | undefined;
  readonly integers: IntegerForm;
  /** Without it, all tables are monitored. */
  readonly tables: TableRequests | undefined;
  readonly indexes: IndexRequest;
}

/** What is asked for, and how it is kept. */
export interface Planned {
  readonly encoded: EncodedRequest;
  readonly layout: ReplicaLayout;
}

const nothing: EncodedRequest = { plans: [], absent: [], absentTables: [], wire: {}, conditional: false };

/** What is asked for and how it is kept, by the schema of the present server. */
export class MonitorPlan {
  readonly #wanted: Wanted;
  #schemas: Schemas | undefined;
  /** As the server has sent it. */
  #schemaJson: unknown;
  #encoded: EncodedRequest | undefined;
  #layout: ReplicaLayout | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  get schemas(): Schemas | undefined {
    return this.#schemas;
  }

  /** Tables, and columns as `Table.column`, that the server does not have. */
  get absent(): readonly string[] {
    return this.#encoded?.absent ?? [];
  }

  /** Takes the schema as the server has sent it. Gives whether it is another one than before. */
  takeSchema(json: unknown): boolean | Fault {
    if (isDeepStrictEqual(json, this.#schemaJson)) return false;
    const { integers, expected } = this.#wanted;
    const server = parseSchema(json, integers);
    if (server instanceof Fault) return server;
    this.#schemaJson = json;
    this.#schemas = { server, expected };
    this.#layout = undefined;
    return true;
  }

  /** By these conditions; or why it cannot be. `undefined` before there is a schema. */
  make(conditions: ReadonlyMap<string, Where>): Planned | InvalidError | IncompatibleError | undefined {
    const schemas = this.#schemas;
    if (schemas === undefined) return undefined;
    const { operation, indexes } = this.#wanted;
    const encoded = encodeRequest(schemas, this.#requests(schemas, conditions));
    this.#encoded = encoded instanceof Fault ? nothing : encoded;
    if (encoded instanceof Fault) return unsendable(schemas.server, operation, encoded);
    const layout =
      this.#layout ?? ReplicaLayout.make(schemas.server, encoded.plans, encoded.absentTables, indexes);
    if (layout instanceof Fault) return unsendable(schemas.server, operation, layout);
    this.#layout = layout;
    return { encoded, layout };
  }

  /** What a change to these conditions is sent as; or why it cannot be. `undefined` before there is a schema. */
  changeTo(conditions: ReadonlyMap<string, Where>): object | InvalidError | IncompatibleError | undefined {
    const schemas = this.#schemas;
    if (schemas === undefined) return undefined;
    const request = Object.fromEntries(
      [...conditions].map(([table, where]) => [table, { columns: [], where }]),
    );
    const encoded = encodeRequest(schemas, request);
    if (encoded instanceof Fault) return unsendable(schemas.server, "setConditions", encoded);
    return Object.fromEntries(
      encoded.plans.map(({ table }) => [table, [{ where: whereOf(encoded.wire[table]?.[0]) }]]),
    );
  }

  #requests(schemas: Schemas, conditions: ReadonlyMap<string, Where>): TableRequests {
    const all = (schemas.expected ?? schemas.server).tables.keys();
    const asked: TableRequests =
      this.#wanted.tables ?? Object.fromEntries([...all].map((table) => [table, {}]));
    const entries = Object.entries(asked).map(([table, request]) => {
      const where = conditions.get(table);
      return [table, where === undefined || request === undefined ? request : { ...request, where }] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** The conditions of a table in a request as it is written; all rows where it has none. */
function whereOf(request: unknown): unknown {
  const has = typeof request === "object" && request !== null && "where" in request;
  return has ? request.where : [true];
}

/** The conditions that a session begins with. */
export function initialConditions(tables: TableRequests | undefined): ReadonlyMap<string, Where> {
  const conditions = new Map<string, Where>();
  for (const [table, request] of Object.entries(tables ?? {})) {
    const where = request?.where ?? "all";
    // Whatever else it is, it is refused when the request is written.
    if (where === "all" || where === "none" || isArray(where)) conditions.set(table, where);
  }
  return conditions;
}
