import type { EncodeContext } from "./atom.js";
import { encodeWhere } from "./encode-clause.js";
import { AbsentFault, fault, Fault } from "./fault.js";
import { isObject } from "./json.js";
import type { Condition, SelectableColumn, SelectedRow } from "./operations.js";
import { RowPlan, type Schemas } from "./row-plan.js";
import type { ColumnName, DatabaseRows, Row, TableName } from "./value.js";

/** What to monitor of one table. */
export interface TableRequest<R extends Row> {
  /** The columns; empty: just which rows there are. Default: all that both the program and the server know. */
  readonly columns?: readonly SelectableColumn<R>[];
  /**
   * Which rows. Unlike in a transaction, a row that meets *any* of the conditions is told. Needs a server of 2.6 or
   * later. Default: `all`.
   */
  readonly where?: "all" | "none" | readonly Condition<R>[];
}

/** What to monitor, by table. */
export type MonitorRequest<Db extends DatabaseRows> = { readonly [T in TableName<Db>]?: TableRequest<Db[T]> };

type ColumnsOf<R extends Row, Request> = Request extends { readonly columns: readonly (infer C)[] }
  ? Extract<C, SelectableColumn<R>>
  : ColumnName<R>;

/** The rows that a monitor of that request holds, by table. */
export type MonitoredRows<Db extends DatabaseRows, Request extends MonitorRequest<Db>> = {
  readonly [T in Extract<keyof Request, TableName<Db>>]: SelectedRow<Db[T], ColumnsOf<Db[T], Request[T]>>;
};

/** A request as it goes to the server, and what its answers are read with. */
export interface EncodedRequest {
  readonly plans: readonly RowPlan[];
  /** Tables, and columns as `Table.column`, that the server does not have. */
  readonly absent: readonly string[];
  /** Tables among them. */
  readonly absentTables: readonly string[];
  /** For `monitor_cond`; for `monitor` too, unless it is `conditional`. */
  readonly wire: Readonly<Record<string, readonly unknown[]>>;
  /** Whether some table has conditions, which `monitor` cannot take. */
  readonly conditional: boolean;
}

const comparing: EncodeContext = { names: new Set(), kept: undefined };

/** Writes a request by the server's schema: a table or column that the server does not have would fail all of it. */
export function encodeRequest(
  schemas: Schemas,
  request: MonitorRequest<DatabaseRows>,
): EncodedRequest | Fault {
  if (!isObject(request)) return fault("an object of tables", request).within("request");
  const plans: RowPlan[] = [];
  const absent: string[] = [];
  const absentTables: string[] = [];
  const wire: Record<string, readonly unknown[]> = {};
  let conditional = false;
  for (const [name, wanted] of Object.entries(request)) {
    if (wanted === undefined) continue;
    const table = schemas.server.tables.get(name);
    if (table === undefined) {
      if (schemas.expected?.tables.has(name) === false) return new AbsentFault("table", name);
      absentTables.push(name);
      continue;
    }
    const plan = RowPlan.make(schemas, table, wanted.columns);
    if (plan instanceof Fault) return plan;
    const conditions = encodeConditions(wanted.where, name, (given) => encodeWhere(table, given, comparing));
    if (conditions instanceof Fault) return conditions;
    conditional ||= conditions !== undefined;
    plans.push(plan);
    absent.push(...plan.absent.map((column) => `${name}.${column}`));
    // Left out, columns would be all of them with _version, and every change of a row a notification.
    const asked = { columns: plan.columns.map((column) => column.name) };
    wire[name] = [conditions === undefined ? asked : { ...asked, where: conditions }];
  }
  return { plans, absent: [...absentTables, ...absent], absentTables, wire, conditional };
}

/** An empty list means all rows on the wire and none to the C and Python clients: neither is taken for granted. */
function encodeConditions(
  where: TableRequest<Row>["where"],
  table: string,
  encode: (where: readonly unknown[]) => readonly unknown[] | Fault,
): readonly unknown[] | undefined | Fault {
  if (where === undefined || where === "all") return undefined;
  if (where === "none") return [false];
  if (where.length === 0)
    return fault('at least one condition, "all" or "none"', where).within(`${table}.where`);
  return encode(where);
}
