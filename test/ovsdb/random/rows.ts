import { isArray, isObject } from "../../../src/ovsdb/json.js";
import type { Atom, Value } from "../../../src/ovsdb/index.js";
import type { SchemaJson, TypeJson } from "./schemas.js";

/** A database in a form in which equal contents are equal: rows by table and uuid, their values as texts. */
export type Contents = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

function atomText(atom: unknown): string {
  return `${typeof atom} ${String(atom)}`;
}

/** A value as it was decoded. */
function nativeText(value: unknown): unknown {
  if (value instanceof Map) {
    const pairs: readonly (readonly [unknown, unknown])[] = [...value];
    return pairs.map(([k, v]) => `${atomText(k)} = ${atomText(v)}`).toSorted();
  }
  return isArray(value) ? value.map(atomText).toSorted() : value === null ? [] : [atomText(value)];
}

/** A value as it stands in JSON; written without the decoder that is tested. */
function wireText(value: unknown): unknown {
  const atom = (each: unknown): string => atomText(isArray(each) ? each[1] : each);
  if (!isArray(value) || value[0] === "uuid") return [atom(value)];
  const members = isArray(value[1]) ? value[1] : [];
  if (value[0] === "set") return members.map(atom).toSorted();
  return members.map((pair) => (isArray(pair) ? `${atom(pair[0])} = ${atom(pair[1])}` : "")).toSorted();
}

/** Rows of tables as the library gives them. */
export function nativeContents(tables: Iterable<readonly [string, Iterable<object>]>): Contents {
  const contents: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const [table, rows] of tables) {
    const byUuid: Record<string, Record<string, unknown>> = {};
    for (const row of rows) {
      const { _uuid: uuid, ...columns } = { _uuid: "", ...row };
      byUuid[uuid] = Object.fromEntries(
        Object.entries(columns).map(([name, value]) => [name, nativeText(value)]),
      );
    }
    contents[table] = byUuid;
  }
  return contents;
}

/** Rows of one table as a `select` gives them. */
export function wireRows(rows: unknown): Contents[string] {
  const byUuid: Record<string, Record<string, unknown>> = {};
  for (const row of isArray(rows) ? rows : []) {
    if (!isObject(row)) continue;
    const uuid = isArray(row["_uuid"]) ? String(row["_uuid"][1]) : "";
    byUuid[uuid] = Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => !name.startsWith("_"))
        .map(([name, value]) => [name, wireText(value)]),
    );
  }
  return byUuid;
}

/** A value in JSON as the library's users write it. */
export function nativeValue(type: TypeJson, json: unknown): Value {
  const atom = (each: unknown): Atom => atomOf(isArray(each) ? each[1] : each);
  const members = isArray(json) && json[0] !== "uuid" && isArray(json[1]) ? json[1] : [json];
  if (type.value !== undefined)
    return new Map(members.filter(isArray).map(([key, value]) => [atom(key), atom(value)]));
  const isSet = type.max !== undefined && type.max !== 1;
  if (isSet) return members.map(atom);
  return members.length === 0 ? null : atom(members[0]);
}

function atomOf(value: unknown): Atom {
  const isAtom =
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "bigint" ||
    typeof value === "boolean";
  if (!isAtom) throw new TypeError(`${String(value)} is no atom`);
  return value;
}

/** The type of a column of a random schema. */
export function typeOf(schema: SchemaJson, table: string, column: string): TypeJson {
  return schema.tables[table]?.columns[column]?.type ?? { key: { type: "uuid" } };
}
