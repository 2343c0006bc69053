import type { ColumnType } from "../../ovsdb/column-type.js";
import { isArray } from "../../ovsdb/json.js";
import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import type { Atom } from "../../ovsdb/value.js";
import { checkAtom, normalInteger, violation, type Names } from "./atom.js";
import { mismatch, unknownColumn } from "./clause.js";
import {
  readDatum,
  relaxed,
  setOf,
  subtract,
  typeInWords,
  unconstrained,
  union,
  type Datum,
} from "./datum.js";
import { Refusal, syntaxError } from "./refusal.js";

/** One change of one column: RFC 7047 section 5.1, `<mutation>`. */
export interface Mutation {
  readonly column: ColumnSchema;
  readonly apply: (value: Datum) => Datum;
}

interface Arithmetic {
  readonly integer: ((a: bigint, b: bigint) => bigint) | undefined;
  readonly real: ((a: number, b: number) => number) | undefined;
  readonly divides: boolean;
}

const arithmetics: Readonly<Record<string, Arithmetic>> = {
  "+=": { integer: (a, b) => a + b, real: (a, b) => a + b, divides: false },
  "-=": { integer: (a, b) => a - b, real: (a, b) => a - b, divides: false },
  "*=": { integer: multiply, real: (a, b) => a * b, divides: false },
  "/=": { integer: (a, b) => a / b, real: (a, b) => a / b, divides: true },
  "%=": { integer: (a, b) => a % b, real: undefined, divides: true },
};

const largest = 2n ** 63n - 1n;

/** The server refuses the very largest products too (`mul_int` of ovsdb/mutation.c). */
function multiply(a: bigint, b: bigint): bigint {
  return a > 0n && b > 0n && a >= largest / b ? largest + 1n : a * b;
}

/** Reads a mutation (`ovsdb_mutation_from_json` of ovsdb/mutation.c). */
export function readMutation(table: TableSchema, json: unknown, names: Names): Mutation {
  if (!isArray(json) || json.length !== 3 || typeof json[0] !== "string" || typeof json[1] !== "string")
    throw syntaxError("Parse error in mutation.", json);
  const [name, mutator, argument] = json;
  const column = table.column(name);
  if (column === undefined) throw unknownColumn(name, table, json);
  if (!column.mutable)
    throw violation(`Cannot mutate immutable column ${name} in table ${table.name}.`, json);
  const arithmetic = Object.hasOwn(arithmetics, mutator) ? arithmetics[mutator] : undefined;
  if (arithmetic !== undefined) return calculation(column, mutator, arithmetic, argument, json, names);
  if (mutator !== "insert" && mutator !== "delete")
    throw new Refusal("unknown mutator", `No mutator named ${mutator}.`);
  return membership(column, mutator, argument, json, names);
}

function calculation(
  column: ColumnSchema,
  mutator: string,
  arithmetic: Arithmetic,
  json: unknown,
  about: unknown,
  names: Names,
): Mutation {
  const { type } = column;
  const { key } = type;
  const isNumber = key.type === "integer" || (key.type === "real" && arithmetic.real !== undefined);
  if (type.value !== undefined || !isNumber) throw mismatch(mutator, column, about);
  const base = unconstrained(key);
  const [operand] = readDatum({ key: base, value: undefined, min: 1, max: 1 }, json, names).keys;
  if (operand === undefined) throw mismatch(mutator, column, about);
  return {
    column,
    apply: ({ keys }) => {
      const results = keys.map((atom) => {
        const result = calculate(mutator, arithmetic, key.type === "real", atom, operand);
        checkAtom(key, result);
        return result;
      });
      const datum = setOf(results);
      if (datum === undefined) throw violation(`Result of "${mutator}" operation contains duplicates.`);
      return datum;
    },
  };
}

function calculate(
  mutator: string,
  { integer, real, divides }: Arithmetic,
  isReal: boolean,
  a: Atom,
  b: Atom,
): Atom {
  if (divides && Number(b) === 0) throw new Refusal("domain error", "Division by zero.");
  if (isReal) {
    const result = real?.(Number(a), Number(b)) ?? 0;
    if (Number.isFinite(result)) return result + 0;
  } else if (isIntegral(a) && isIntegral(b)) {
    const result = normalInteger(integer?.(BigInt(a), BigInt(b)) ?? 0n);
    if (result !== undefined) return result;
  }
  throw new Refusal("range error", `Result of "${mutator}" operation is out of range.`);
}

function isIntegral(atom: Atom): atom is number | bigint {
  return typeof atom === "number" || typeof atom === "bigint";
}

function membership(
  column: ColumnSchema,
  mutator: "insert" | "delete",
  json: unknown,
  about: unknown,
  names: Names,
): Mutation {
  const { type } = column;
  if (type.value === undefined && type.min === 1 && type.max === 1) throw mismatch(mutator, column, about);
  if (mutator === "insert") {
    const more = readDatum(relaxed(type, { min: 0 }), json, names);
    return { column, apply: (value) => counted(type, union(value, more)) };
  }
  const less = readDeleted(relaxed(type, { min: 0, max: Infinity }), json, names);
  return { column, apply: (value) => counted(type, subtract(value, less)) };
}

/** From a map go pairs, or keys whatever their value. */
function readDeleted(type: ColumnType, json: unknown, names: Names): Datum {
  try {
    return readDatum(type, json, names);
  } catch (error) {
    if (!(error instanceof Refusal) || type.value === undefined) throw error;
    return readDatum({ ...type, value: undefined }, json, names);
  }
}

function counted(type: ColumnType, value: Datum): Datum {
  const { length } = value.keys;
  if (length >= type.min && length <= type.max) return value;
  throw violation(`Attempted to store ${length} elements in ${typeInWords(type)}.`);
}
