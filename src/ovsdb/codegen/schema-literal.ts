import type { BaseType, ColumnType } from "../column-type.js";
import type { DatabaseSchema, TableSchema } from "../schema.js";
import { byName } from "./names.js";

type Literal =
  string | number | bigint | boolean | readonly Literal[] | { readonly [name: string]: Literal | undefined };

/** A schema as a TypeScript expression of its `<database-schema>`, with what the RFC lets one leave out left out. */
export function schemaLiteral(schema: DatabaseSchema): string {
  return literal({
    name: schema.name,
    version: schema.version,
    tables: named(byName(schema.tables.values()), tableJson),
  });
}

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

function literal(value: Literal): string {
  if (typeof value === "bigint") return `${value}n`;
  if (isList(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) =>
    each === undefined ? "" : `${JSON.stringify(name)}: ${literal(each)}`,
  );
  return `{ ${members.filter((member) => member !== "").join(", ")} }`;
}

function isList(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}
