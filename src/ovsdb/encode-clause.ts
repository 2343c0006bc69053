import type { EncodeContext } from "./atom.js";
import type { BaseType, ColumnType } from "./column-type.js";
import type { DatumCodec, WireDatum } from "./datum.js";
import { AbsentFault, fault, Fault } from "./fault.js";
import { isArray } from "./json.js";
import type { ColumnSchema, TableSchema } from "./schema.js";

/** A condition or a mutation as it stands in JSON: RFC 7047 section 5.1. */
export type WireClause = boolean | readonly [column: string, operator: string, argument: WireDatum];

/** Finds how the argument of an operator on a column is written; a fault where the server would refuse the operator. */
type CodecOf = (column: ColumnSchema, operator: string, argument: unknown) => DatumCodec | Fault;

/** Writes the conditions of an operation or a monitor. */
export function encodeWhere(
  table: TableSchema,
  where: unknown,
  context: EncodeContext,
): readonly WireClause[] | Fault {
  if (!isArray(where)) return fault("an array of conditions", where).within(`${table.name}.where`);
  const clauses: WireClause[] = [];
  for (const condition of where) {
    const clause =
      typeof condition === "boolean" ? condition : encodeClause(table, condition, context, conditionCodec);
    if (clause instanceof Fault) return clause;
    clauses.push(clause);
  }
  return clauses;
}

/** Writes the mutations of an operation. */
export function encodeMutations(
  table: TableSchema,
  mutations: unknown,
  storing: EncodeContext,
  comparing: EncodeContext,
): readonly WireClause[] | Fault {
  if (!isArray(mutations)) return fault("an array of mutations", mutations).within(`${table.name}.mutations`);
  const clauses: WireClause[] = [];
  for (const mutation of mutations) {
    const stores = isArray(mutation) && mutation[1] === "insert";
    const clause = encodeClause(table, mutation, stores ? storing : comparing, mutationCodec);
    if (clause instanceof Fault) return clause;
    clauses.push(clause);
  }
  return clauses;
}

function encodeClause(
  table: TableSchema,
  clause: unknown,
  context: EncodeContext,
  codecOf: CodecOf,
): WireClause | Fault {
  if (!isArray(clause) || clause.length !== 3)
    return fault("[column, operator, value]", clause).within(table.name);
  const [name, operator, argument] = clause;
  if (typeof name !== "string" || typeof operator !== "string") {
    return fault("[column, operator, value]", clause).within(table.name);
  }
  const path = `${table.name}.${name}`;
  const column = table.column(name);
  if (column === undefined) return new AbsentFault("column", path);
  const codec = codecOf(column, operator, argument);
  if (codec instanceof Fault) return codec.within(path);
  const wire = codec.encode(argument, context);
  return wire instanceof Fault ? wire.within(path) : [name, operator, wire];
}

const order: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);

/** As `ovsdb_clause_from_json` of ovsdb/condition.c. */
function conditionCodec(column: ColumnSchema, operator: string): DatumCodec | Fault {
  if (operator === "==" || operator === "!=") return column.codec;
  const composite = column.shape === "set" || column.shape === "map";
  if (operator === "includes")
    return composite ? column.variant("included", (own) => ({ ...own, min: 0 })) : column.codec;
  if (operator === "excludes") return composite ? column.variant("any", anyNumber) : column.codec;
  if (!order.has(operator)) return fault("==, !=, includes, excludes, <, <=, > or >=", operator);
  if (composite || !isNumeric(column.type.key)) {
    return fault(`an operator for ${String(column)}: ==, !=, includes or excludes`, operator);
  }
  return column.variant("ordered", (own) => ({ ...own, min: 1 }));
}

const arithmetic: ReadonlySet<string> = new Set(["+=", "-=", "*=", "/=", "%="]);

/** As `ovsdb_mutation_from_json` of ovsdb/mutation.c. */
function mutationCodec(column: ColumnSchema, mutator: string, argument: unknown): DatumCodec | Fault {
  if (!column.mutable) return fault("a column that may change after the insert", column.name);
  if (arithmetic.has(mutator)) return operandCodec(column, mutator, argument);
  if (mutator !== "insert" && mutator !== "delete")
    return fault("+=, -=, *=, /=, %=, insert or delete", mutator);
  if (column.shape === "scalar")
    return fault(`a mutator for ${String(column)}: insert and delete are for sets and maps`, mutator);
  const shape = column.shape === "map" ? "map" : "set";
  if (mutator === "insert") return column.variant("inserted", (own) => ({ ...own, min: 0 }), shape);
  if (shape === "set") return column.variant("deleted", anyNumber, shape);
  return isArray(argument)
    ? column.variant("deleted keys", (own) => ({ ...anyNumber(own), value: undefined }), "set")
    : column.variant("any", anyNumber);
}

function operandCodec(column: ColumnSchema, mutator: string, argument: unknown): DatumCodec | Fault {
  const { key } = column.type;
  if (column.shape === "map" || !isNumeric(key) || (mutator === "%=" && key.type === "real")) {
    return fault(`a mutator for ${String(column)}`, mutator);
  }
  if ((mutator === "/=" || mutator === "%=") && (argument === 0 || argument === 0n)) {
    return fault("a divisor other than 0", argument);
  }
  return column.variant("operand", ({ key: own }) => ({
    key: unbounded(own),
    value: undefined,
    min: 1,
    max: 1,
  }));
}

const anyNumber = (own: ColumnType): ColumnType => ({ ...own, min: 0, max: Infinity });

const isNumeric = (base: BaseType): boolean => base.type === "integer" || base.type === "real";

function unbounded(base: BaseType): BaseType {
  return base.type === "real"
    ? { type: "real", enum: undefined, minReal: undefined, maxReal: undefined }
    : { type: "integer", enum: undefined, minInteger: undefined, maxInteger: undefined };
}
