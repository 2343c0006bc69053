import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import { isArray } from "../../ovsdb/json.js";
import { toUuid, type Uuid } from "../../ovsdb/uuid.js";
import { compareAtoms, type Names } from "./atom.js";
import {
  datumsEqual,
  excludesAll,
  includesAll,
  readDatum,
  relaxed,
  typeInWords,
  type Datum,
} from "./datum.js";
import { Refusal, syntaxError } from "./refusal.js";
import type { StoredRow } from "./row.js";

/** A condition on a row: RFC 7047 section 5.1, `<condition>`; also `true` and `false`. */
export type Clause =
  | boolean
  | {
      readonly column: ColumnSchema;
      readonly is: (value: Datum) => boolean;
      readonly uuid: Uuid | undefined;
    };

type Compare = (value: Datum, argument: Datum) => boolean;

const comparisons: Readonly<Record<string, Compare>> = {
  "==": datumsEqual,
  "!=": (value, argument) => !datumsEqual(value, argument),
  includes: (value, argument) => includesAll(argument, value),
  excludes: (value, argument) => excludesAll(argument, value),
};

const orders: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Reads a `where` (`ovsdb_condition_from_json` of ovsdb/condition.c). */
export function readClauses(
  table: TableSchema,
  json: readonly unknown[],
  names: Names | undefined,
): readonly Clause[] {
  return json.map((clause) => readClause(table, clause, names));
}

function readClause(table: TableSchema, json: unknown, names: Names | undefined): Clause {
  if (typeof json === "boolean") return json;
  if (!isArray(json) || json.length !== 3 || typeof json[0] !== "string" || typeof json[1] !== "string")
    throw syntaxError("Parse error in condition.", json);
  const [name, func, argument] = json;
  const column = table.column(name);
  if (column === undefined) throw unknownColumn(name, table, json);
  const compare = Object.hasOwn(comparisons, func) ? comparisons[func] : undefined;
  if (compare !== undefined) return comparison(column, func, compare, argument, names);
  const holds = Object.hasOwn(orders, func) ? orders[func] : undefined;
  if (holds === undefined) throw new Refusal("unknown function", `No function named ${func}.`);
  return order(column, func, holds, argument, json, names);
}

export function unknownColumn(name: string, table: TableSchema, about: unknown): Refusal {
  return new Refusal("unknown column", `No column ${name} in table ${table.name}.`, about);
}

function comparison(
  column: ColumnSchema,
  func: string,
  compare: Compare,
  json: unknown,
  names: Names | undefined,
): Clause {
  const { type } = column;
  const isScalar = type.value === undefined && type.min === 1 && type.max === 1;
  const argumentType =
    isScalar || func === "==" || func === "!="
      ? type
      : relaxed(type, { min: 0, max: func === "excludes" ? Infinity : type.max });
  const argument = readDatum(argumentType, json, names);
  const [uuid] = column.name === "_uuid" && func === "==" ? argument.keys : [];
  return {
    column,
    is: (value) => compare(value, argument),
    uuid: typeof uuid === "string" ? toUuid(uuid) : undefined,
  };
}

function order(
  column: ColumnSchema,
  func: string,
  holds: (order: number) => boolean,
  json: unknown,
  about: unknown,
  names: Names | undefined,
): Clause {
  const { type } = column;
  const isNumber = type.key.type === "integer" || type.key.type === "real";
  if (!isNumber || type.value !== undefined || type.max !== 1) throw mismatch(func, column, about);
  const [argument] = readDatum(relaxed(type, { min: 1 }), json, names).keys;
  return {
    column,
    uuid: undefined,
    is: ({ keys: [value] }) =>
      value !== undefined && argument !== undefined && holds(compareAtoms(value, argument)),
  };
}

export function mismatch(operator: string, { name, type }: ColumnSchema, about: unknown): Refusal {
  const words = `"${operator}" operator may not be applied to column ${name} of type ${typeInWords(type)}`;
  return syntaxError(`Type mismatch: ${words}.`, about);
}

/** Whether a row meets one condition. */
export function meets(clause: Clause, row: StoredRow): boolean {
  return typeof clause === "boolean" ? clause : clause.is(row.get(clause.column));
}
