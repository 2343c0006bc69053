import { parseSchema } from "../../ovsdb/parse-schema.js";
import type { BaseType, ColumnType } from "../../ovsdb/column-type.js";
import { Fault } from "../../ovsdb/fault.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "../../ovsdb/schema.js";
import type { Atom } from "../../ovsdb/value.js";
import { atomJson, compareAtoms } from "./atom.js";
import { syntaxError } from "./refusal.js";

/** A schema, and the server's own text of it. */
export interface ServedSchema {
  readonly parsed: DatabaseSchema;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Reads a schema, or refuses it. */
export function readSchema(json: unknown): ServedSchema {
  const parsed = parseSchema(json);
  if (parsed instanceof Fault) {
    const where = parsed.path === "" ? "the schema" : parsed.path;
    throw syntaxError(`${where} is ${parsed.got}; expected ${parsed.expected}`, json);
  }
  for (const table of parsed.tables.values())
    if (table.columns.size === 0) throw syntaxError("table must have at least one column", { columns: {} });
  return { parsed, json: schemaJson(parsed, json) };
}

/** The schema as `get_schema` tells it: what is a default is left out (`ovsdb_schema_to_json` of ovsdb/ovsdb.c). */
function schemaJson({ name, version, tables }: DatabaseSchema, given: unknown): Record<string, unknown> {
  const allAreRoot = [...tables.values()].every(({ isRoot }) => isRoot);
  const saidRoot = JSON.stringify(given).includes('"isRoot":true');
  const cksum = typeof given === "object" && given !== null && "cksum" in given ? given.cksum : undefined;
  return {
    name,
    ...(version === "" ? {} : { version }),
    ...(cksum === undefined ? {} : { cksum }),
    tables: Object.fromEntries(
      Array.from(tables.values(), (table) => [table.name, tableJson(table, !allAreRoot || saidRoot)]),
    ),
  };
}

function tableJson({ columns, isRoot, maxRows, indexes }: TableSchema, saysRoot: boolean) {
  return {
    columns: Object.fromEntries(Array.from(columns.values(), (column) => [column.name, columnJson(column)])),
    ...(isRoot && saysRoot ? { isRoot } : {}),
    ...(maxRows === Infinity ? {} : { maxRows }),
    ...(indexes.length === 0 ? {} : { indexes }),
  };
}

function columnJson({ type, mutable, ephemeral }: ColumnSchema) {
  return { type: typeJson(type), ...(mutable ? {} : { mutable }), ...(ephemeral ? { ephemeral } : {}) };
}

function typeJson({ key, value, min, max }: ColumnType): unknown {
  const keyJson = baseJson(key);
  if (value === undefined && min === 1 && max === 1 && typeof keyJson === "string") return keyJson;
  return {
    key: keyJson,
    ...(value === undefined ? {} : { value: baseJson(value) }),
    ...(min === 1 ? {} : { min }),
    ...(max === 1 ? {} : { max: max === Infinity ? "unlimited" : max }),
  };
}

function baseJson(base: BaseType): unknown {
  const { type, enum: allowed, ...bounds } = base;
  const refs = base.type === "uuid" && base.refType === "strong" ? { ...bounds, refType: undefined } : bounds;
  const said = Object.entries(refs).filter(([, bound]) => bound !== undefined);
  const atoms: readonly Atom[] = allowed ?? [];
  if (allowed !== undefined) {
    const sorted = atoms.toSorted(compareAtoms).map((atom) => atomJson(base, atom));
    return { type, enum: sorted.length === 1 ? sorted[0] : ["set", sorted] };
  }
  return said.length === 0 ? type : { type, ...Object.fromEntries(said) };
}
