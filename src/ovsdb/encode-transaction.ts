import type { IncompatibleError, InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { encodeExactly } from "../jsonrpc/encode.js";
import type { EncodeContext } from "./atom.js";
import type { WireDatum } from "./datum.js";
import { encodeMutations, encodeWhere } from "./encode-clause.js";
import { unsendable } from "./errors.js";
import { AbsentFault, fault, Fault } from "./fault.js";
import { isArray, isId, isObject, isSendable, member } from "./json.js";
import type { InsertOperation, Operation, TableOperation, WaitOperation } from "./operations.js";
import { RowPlan, type Schemas } from "./row-plan.js";
import type { ColumnSchema, TableSchema } from "./schema.js";
import { toUuid } from "./uuid.js";

type WireOperation = Readonly<Record<string, unknown>> & {
  readonly op: Operation["op"];
  readonly table?: string;
};
type WireRow = Readonly<Record<string, WireDatum>>;

/** A transaction as it goes to the server, and what its answer is read with. */
export interface EncodedTransaction {
  readonly wire: readonly WireOperation[];
  /** Whether there is an integer in it that JSON.stringify cannot write. */
  readonly hasBigInt: boolean;
  /** For each `select`, by its place in the transaction, the columns that it asks for. */
  readonly plans: ReadonlyMap<number, RowPlan>;
}

/** What the operations of one transaction have in common while they are written. */
interface Encoding {
  readonly schemas: Schemas;
  /** The `uuidName`s of the inserts. */
  readonly names: Set<string>;
  /** The names and uuids that strong references keep alive. */
  readonly kept: Set<string>;
  /** For values that are stored. */
  readonly storing: EncodeContext;
  /** For values that are only compared. */
  readonly comparing: EncodeContext;
  readonly plans: Map<number, RowPlan>;
}

/** Writes operations as JSON by the server's schema. Whatever can be wrong with them by themselves is refused here. */
export function encodeTransaction(
  schemas: Schemas,
  operations: readonly Operation[],
  operation: string,
): Result<EncodedTransaction, InvalidError | IncompatibleError> {
  const names = new Set<string>();
  const kept = new Set<string>();
  const found = { hasBigInt: false };
  const encoding: Encoding = {
    schemas,
    names,
    kept,
    storing: { names, kept, found },
    comparing: { names, kept: undefined, found },
    plans: new Map(),
  };
  const wire = encodeAll(encoding, operations);
  if (wire instanceof Fault) return Err(unsendable(schemas.server, operation, wire));
  return Ok({ wire, hasBigInt: found.hasBigInt, plans: encoding.plans });
}

/**
 * Writes the parameters of `transact`. There is nothing in them that the server's reader would refuse: all of it is from
 * the schema, or was looked at when it was encoded.
 */
export function writeTransaction(database: string, { wire, hasBigInt }: EncodedTransaction): string | Fault {
  const params = [database, ...wire];
  try {
    return hasBigInt ? encodeExactly(params) : JSON.stringify(params);
  } catch (error) {
    return new Fault("what fits in a string", String(error));
  }
}

function encodeAll(encoding: Encoding, operations: readonly Operation[]): readonly WireOperation[] | Fault {
  // Names first: a reference may stand before the insert that it refers to.
  for (const each of operations) {
    const bad = each.op === "insert" ? declareName(encoding, each) : undefined;
    if (bad !== undefined) return bad;
  }
  const wire: WireOperation[] = [];
  for (const each of operations) {
    const encoded = encodeOperation(encoding, each, wire.length);
    if (encoded instanceof Fault) return encoded;
    wire.push(encoded);
  }
  for (const each of operations) {
    const bad = each.op === "insert" ? checkIsKept(encoding, each) : undefined;
    if (bad !== undefined) return bad;
  }
  return wire;
}

const anId = "letters, digits and _, not beginning with a digit";
const aString = "a string without NUL or half a surrogate pair";

function declareName({ names }: Encoding, { table, uuidName }: InsertOperation): Fault | undefined {
  if (uuidName === undefined) return undefined;
  const path = `${table}.uuidName`;
  if (!isId(uuidName)) return fault(anId, uuidName).within(path);
  if (names.has(uuidName)) return fault("a name that only one insert has", uuidName).within(path);
  names.add(uuidName);
  return undefined;
}

/**
 * Finds an insert that would come to nothing: on commit the server drops a row, without an error, if its table is no
 * root table and nothing refers to it (ovsdb-server(7), "Garbage Collection"; `collect_garbage` of
 * ovsdb/transaction.c).
 */
function checkIsKept(
  { schemas, kept }: Encoding,
  { table, uuidName, uuid }: InsertOperation,
): Fault | undefined {
  if (schemas.server.tables.get(table)?.isRoot !== false) return undefined;
  const id = uuid === undefined ? undefined : toUuid(uuid);
  if ((uuidName !== undefined && kept.has(uuidName)) || (id !== undefined && kept.has(id))) return undefined;
  const expected =
    "a strong reference to it in this transaction, without which the server drops a row of this table";
  return new Fault(expected, "referred to by nothing", `the row inserted into ${table}`);
}

function encodeOperation(encoding: Encoding, each: Operation, index: number): WireOperation | Fault {
  if (each.op === "commit") {
    const { durable } = each;
    return typeof durable === "boolean"
      ? { op: "commit", durable }
      : fault("true or false", durable).within("durable");
  }
  if (each.op === "abort") return { op: "abort" };
  if (each.op === "comment") {
    if (!isSendable(each.comment)) return fault(aString, each.comment).within("comment");
    return { op: "comment", comment: each.comment };
  }
  if (each.op === "assert") {
    return isId(each.lock) ? { op: "assert", lock: each.lock } : fault(anId, each.lock).within("lock");
  }
  const table = encoding.schemas.server.tables.get(each.table);
  if (table === undefined) return new AbsentFault("table", each.table);
  return encodeTableOperation(encoding, table, each, index);
}

function encodeTableOperation(
  encoding: Encoding,
  table: TableSchema,
  each: TableOperation,
  index: number,
): WireOperation | Fault {
  if (each.op === "insert") return encodeInsert(encoding, table, each);
  const where = encodeWhere(table, each.where, encoding.comparing);
  if (where instanceof Fault) return where;
  const { op } = each;
  const { name } = table;
  if (op === "delete") return { op, table: name, where };
  if (op === "update") {
    const row = encodeRow(table, each.row, encoding.storing, "update");
    return row instanceof Fault ? row : { op, table: name, where, row };
  }
  if (op === "mutate") {
    const mutations = encodeMutations(table, each.mutations, encoding.storing, encoding.comparing);
    return mutations instanceof Fault ? mutations : { op, table: name, where, mutations };
  }
  if (op === "wait") return encodeWait(encoding, table, where, each);
  const plan = RowPlan.make(encoding.schemas, table, each.columns);
  if (plan instanceof Fault) return plan;
  encoding.plans.set(index, plan);
  return { op, table: name, where, columns: plan.wireColumns };
}

function encodeInsert(
  encoding: Encoding,
  table: TableSchema,
  insert: InsertOperation,
): WireOperation | Fault {
  const row = encodeRow(table, insert.row, encoding.storing, "insert");
  if (row instanceof Fault) return row;
  const missing = table.neededOnInsert.find(({ name }) => !Object.hasOwn(row, name));
  if (missing !== undefined) return fault(String(missing), undefined).within(`${table.name}.${missing.name}`);
  const uuid = insert.uuid === undefined ? undefined : toUuid(insert.uuid);
  if (insert.uuid !== undefined && uuid === undefined) {
    return fault("a uuid", insert.uuid).within(`${table.name}.uuid`);
  }
  const wire = { op: insert.op, table: table.name, row };
  if (insert.uuidName !== undefined) return { ...wire, "uuid-name": insert.uuidName, ...(uuid && { uuid }) };
  return uuid === undefined ? wire : { ...wire, uuid };
}

function encodeRow(
  table: TableSchema,
  given: unknown,
  context: EncodeContext,
  purpose: "insert" | "update",
): WireRow | Fault {
  if (!isObject(given)) return fault("an object of columns", given).within(table.name);
  const row: Record<string, WireDatum> = {};
  for (const name of Object.keys(given)) {
    const column = table.columns.get(name);
    if (column === undefined) return notAColumn(table, name);
    if (purpose === "update" && !column.mutable) {
      return fault("a column that may change after the insert", name).within(`${table.name}.${name}`);
    }
    const wire = column.codec.encode(given[name], context);
    if (wire instanceof Fault) return wire.within(`${table.name}.${name}`);
    row[name] = wire;
  }
  return row;
}

function notAColumn(table: TableSchema, name: string): Fault {
  const path = `${table.name}.${name}`;
  if (table.column(name) === undefined) return new AbsentFault("column", path);
  return fault("a column that is not the server's own", name).within(path);
}

function encodeWait(
  encoding: Encoding,
  table: TableSchema,
  where: readonly unknown[],
  wait: WaitOperation,
): WireOperation | Fault {
  const { until, timeoutMs } = wait;
  const at = (what: string): string => `${table.name}.wait.${what}`;
  if (until !== "==" && until !== "!=") return fault("== or !=", until).within(at("until"));
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 0) {
    return fault("milliseconds, a whole number from 0", timeoutMs).within(at("timeoutMs"));
  }
  // Without columns the server would compare _uuid and _version too, and never find them equal.
  if (!isArray(wait.columns) || wait.columns.length === 0) {
    return fault("an array of at least one column", wait.columns).within(at("columns"));
  }
  const columns: ColumnSchema[] = [];
  for (const name of wait.columns) {
    const column = table.column(name);
    if (column === undefined) return new AbsentFault("column", `${table.name}.${name}`);
    columns.push(column);
  }
  if (!isArray(wait.rows)) return fault("an array of rows", wait.rows).within(at("rows"));
  const rows: WireRow[] = [];
  for (const given of wait.rows) {
    const row = encodeWholeRow(table, columns, given, encoding.comparing);
    if (row instanceof Fault) return row;
    rows.push(row);
  }
  return { op: "wait", table: table.name, where, columns: wait.columns, until, rows, timeout: timeoutMs };
}

/** A row that gives each of these columns, and no other: one left out would be compared as its default. */
function encodeWholeRow(
  table: TableSchema,
  columns: readonly ColumnSchema[],
  given: unknown,
  context: EncodeContext,
): WireRow | Fault {
  if (!isObject(given)) return fault("an object of columns", given).within(table.name);
  const row: Record<string, WireDatum> = {};
  for (const column of columns) {
    const wire = column.codec.encode(member(given, column.name), context);
    if (wire instanceof Fault) return wire.within(`${table.name}.${column.name}`);
    row[column.name] = wire;
  }
  const extra = Object.keys(given).find((name) => !Object.hasOwn(row, name));
  return extra === undefined
    ? row
    : fault("one of the columns to wait for", extra).within(`${table.name}.${extra}`);
}
