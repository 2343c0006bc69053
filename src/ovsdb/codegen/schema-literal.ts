import type { BaseType, ColumnType } from "../column-type.js";
import type { DatabaseSchema, TableSchema } from "../schema.js";
import { byName, quoted } from "./text.js";

type Literal =
  string | number | bigint | boolean | readonly Literal[] | { readonly [name: string]: Literal | undefined };

/**
 * A schema as a TypeScript expression of its `<database-schema>`, with what the RFC lets one leave out left out: a line
 * for each column.
 */
export function schemaLiteral(schema: DatabaseSchema): string {
  const json = {
    name: schema.name,
    version: schema.version,
    tables: named(byName(schema.tables.values()), tableJson),
  };
  return literal(json, "\n", linesDeep);
}

/** The schema, its tables, a table and its columns are written a member a line. */
const linesDeep = 4;

function named<T extends { readonly name: string }>(
  items: readonly T[],
  json: (item: T) => Literal,
): { readonly [name: string]: Literal } {
  return Object.fromEntries(items.map((item) => [item.name, json(item)]));
}

function tableJson(table: TableSchema): Literal {
  return {
    columns: named(byName(table.columns.values()), ({ type, mutable, ephemeral }) => ({
      type: typeJson(type),
      mutable: mutable ? undefined : false,
      ephemeral: ephemeral ? true : undefined,
    })),
    isRoot: table.isRoot ? true : undefined,
    maxRows: Number.isFinite(table.maxRows) ? table.maxRows : undefined,
    indexes: table.indexes.length === 0 ? undefined : table.indexes,
  };
}

function typeJson({ key, value, min, max }: ColumnType): Literal {
  const isScalar = value === undefined && min === 1 && max === 1;
  if (isScalar && typeof baseJson(key) === "string") return key.type;
  return {
    key: baseJson(key),
    value: value === undefined ? undefined : baseJson(value),
    min: min === 1 ? undefined : min,
    max: max === 1 ? undefined : max === Infinity ? "unlimited" : max,
  };
}

function baseJson(base: BaseType): Literal {
  const { type, enum: values, ...constraints } = base;
  const given = Object.entries(constraints).filter(([, value]) => value !== undefined && value !== "strong");
  if (values === undefined && given.length === 0) return type;
  const wire = base.type === "uuid" ? base.enum?.map((uuid) => ["uuid", String(uuid)]) : values;
  return { type, enum: wire === undefined ? undefined : ["set", wire], ...Object.fromEntries(given) };
}

function literal(value: Literal, newLine: string, deep: number): string {
  if (typeof value === "bigint") return `${value}n`;
  if (isList(value)) return `[${value.map((each) => literal(each, newLine, 0)).join(", ")}]`;
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const inner = `${newLine}  `;
  const members = Object.entries(value).flatMap(([name, each]) =>
    each === undefined ? [] : [`${quoted(name)}: ${literal(each, inner, deep - 1)}`],
  );
  if (deep <= 0 || members.length === 0) return `{ ${members.join(", ")} }`;
  return `{${inner}${members.join(`,${inner}`)}${newLine}}`;
}

function isList(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}
