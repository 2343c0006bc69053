import { toInteger } from "./atom.js";
import type { AtomicType, BaseType, ColumnType } from "./column-type.js";
import { datumCodec } from "./datum.js";
import { Fault, fault } from "./fault.js";
import { isArray, isId, isObject, member } from "./json.js";
import { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";
import type { IntegerForm } from "./schema-rows.js";
import type { Uuid } from "./uuid.js";
import { isSet, type Atom, type Integer } from "./value.js";

/**
 * Reads a `<database-schema>`: RFC 7047 section 3.2. Members that the RFC does not name are passed over, so that a
 * later server can add some; names are checked, so that none of them can be anything but a name. `integers` is how the
 * values of its columns are read.
 */
export function parseSchema(json: unknown, integers: IntegerForm = "exact"): DatabaseSchema | Fault {
  if (!isObject(json)) return fault("a database schema", json);
  const name = member(json, "name");
  if (typeof name !== "string" || !isId(name)) return fault("the name of a database", name).within("name");
  const version = member(json, "version") ?? "";
  if (typeof version !== "string") return fault("x.y.z", version).within("version");
  const tablesJson = member(json, "tables");
  if (!isObject(tablesJson)) return fault("an object", tablesJson).within("tables");
  // Schemas from before there was isRoot have root tables only (`ovsdb_schema_from_json` of ovsdb/ovsdb.c).
  const allAreRoot = !Object.values(tablesJson).some(
    (table) => isObject(table) && member(table, "isRoot") === true,
  );
  const tables = new Map<string, TableSchema>();
  for (const [tableName, tableJson] of Object.entries(tablesJson)) {
    const table = parseTable(tableName, tableJson, { allAreRoot, integers });
    if (table instanceof Fault) return table.within(tableName).within("tables");
    tables.set(tableName, table);
  }
  return new DatabaseSchema({ name, version, tables });
}

type Members = Readonly<Record<string, unknown>>;

/** Names that begin with `_` are the server's own: RFC 7047 section 3.1. This also keeps `__proto__` out. */
function checkName(name: string): Fault | undefined {
  return isId(name) && !name.startsWith("_") ? undefined : fault("a name of letters, digits and _", name);
}

function parseTable(
  name: string,
  json: unknown,
  { allAreRoot, integers }: { readonly allAreRoot: boolean; readonly integers: IntegerForm },
): TableSchema | Fault {
  const bad = checkName(name);
  if (bad !== undefined) return bad;
  if (!isObject(json)) return fault("a table schema", json);
  const isRoot = parseFlag(json, "isRoot", false);
  if (isRoot instanceof Fault) return isRoot;
  const maxRows = parseLimit(json, "maxRows", 1) ?? Infinity;
  if (maxRows instanceof Fault) return maxRows;
  const mutable = parseFlag(json, "mutable", true);
  if (mutable instanceof Fault) return mutable;
  const columnsJson = member(json, "columns");
  if (!isObject(columnsJson)) return fault("an object", columnsJson).within("columns");
  const columns = new Map<string, ColumnSchema>();
  for (const [columnName, columnJson] of Object.entries(columnsJson)) {
    const column = parseColumn(columnName, columnJson, integers);
    if (column instanceof Fault) return column.within(columnName).within("columns");
    columns.set(columnName, column);
  }
  const indexes = parseIndexes(member(json, "indexes") ?? [], columns);
  if (indexes instanceof Fault) return indexes.within("indexes");
  return new TableSchema({ name, columns, isRoot: allAreRoot || isRoot, maxRows, indexes });
}

function parseIndexes(
  json: unknown,
  columns: ReadonlyMap<string, ColumnSchema>,
): readonly (readonly string[])[] | Fault {
  if (!isArray(json)) return fault("an array", json);
  const indexes: string[][] = [];
  for (const each of json) {
    if (!isArray(each)) return fault("an array of column names", each);
    const names: string[] = [];
    for (const name of each) {
      if (typeof name !== "string" || !columns.has(name)) return fault("a column of the table", name);
      names.push(name);
    }
    indexes.push(names);
  }
  return indexes;
}

function parseColumn(name: string, json: unknown, integers: IntegerForm): ColumnSchema | Fault {
  const bad = checkName(name);
  if (bad !== undefined) return bad;
  if (!isObject(json)) return fault("a column schema", json);
  const type = parseColumnType(member(json, "type"));
  if (type instanceof Fault) return type.within("type");
  const mutable = parseFlag(json, "mutable", true);
  if (mutable instanceof Fault) return mutable;
  const ephemeral = parseFlag(json, "ephemeral", false);
  if (ephemeral instanceof Fault) return ephemeral;
  // The server itself has to take a weak reference out when the row goes (`ovsdb_column_from_json` of ovsdb/column.c).
  const weak = [type.key, type.value].some((base) => base?.type === "uuid" && base.refType === "weak");
  return new ColumnSchema(name, type, { mutable: mutable || weak, ephemeral, integers });
}

function parseColumnType(json: unknown): ColumnType | Fault {
  if (typeof json === "string") {
    const key = parseBase(json);
    return key instanceof Fault ? key : { key, value: undefined, min: 1, max: 1 };
  }
  if (!isObject(json)) return fault("a type", json);
  const key = parseBase(member(json, "key"));
  if (key instanceof Fault) return key.within("key");
  const valueJson = member(json, "value");
  const value = valueJson === undefined ? undefined : parseBase(valueJson);
  if (value instanceof Fault) return value.within("value");
  const min = member(json, "min") ?? 1;
  if (min !== 0 && min !== 1) return fault("0 or 1", min).within("min");
  if (member(json, "max") === "unlimited") return { key, value, min, max: Infinity };
  const max = parseLimit(json, "max", 1) ?? 1;
  return max instanceof Fault ? max : { key, value, min, max };
}

function isAtomicType(name: unknown): name is AtomicType {
  return typeof name === "string" && Object.hasOwn(parsers, name);
}

function parseBase(json: unknown): BaseType | Fault {
  const members = typeof json === "string" ? { type: json } : json;
  if (!isObject(members)) return fault("a base type", json);
  const type = member(members, "type");
  if (!isAtomicType(type)) return fault("integer, real, boolean, string or uuid", type).within("type");
  return parsers[type](members);
}

const parsers: Readonly<Record<AtomicType, (json: Members) => BaseType | Fault>> = {
  integer: parseInteger,
  real: parseReal,
  boolean: parseBoolean,
  string: parseString,
  uuid: parseUuid,
};

function parseInteger(json: Members): BaseType | Fault {
  const plain: BaseType = { type: "integer", enum: undefined, minInteger: undefined, maxInteger: undefined };
  const values = parseEnum(
    json,
    plain,
    (atom): atom is Integer => typeof atom === "number" || typeof atom === "bigint",
  );
  if (values instanceof Fault) return values;
  const minInteger = parseBound(json, "minInteger", toInteger);
  if (minInteger instanceof Fault) return minInteger;
  const maxInteger = parseBound(json, "maxInteger", toInteger);
  if (maxInteger instanceof Fault) return maxInteger;
  return { type: "integer", enum: values, minInteger, maxInteger };
}

function parseReal(json: Members): BaseType | Fault {
  const plain: BaseType = { type: "real", enum: undefined, minReal: undefined, maxReal: undefined };
  const values = parseEnum(json, plain, (atom): atom is number => typeof atom === "number");
  if (values instanceof Fault) return values;
  const minReal = parseBound(json, "minReal", toReal);
  if (minReal instanceof Fault) return minReal;
  const maxReal = parseBound(json, "maxReal", toReal);
  if (maxReal instanceof Fault) return maxReal;
  return { type: "real", enum: values, minReal, maxReal };
}

function parseBoolean(json: Members): BaseType | Fault {
  const plain: BaseType = { type: "boolean", enum: undefined };
  const values = parseEnum(json, plain, (atom): atom is boolean => typeof atom === "boolean");
  return values instanceof Fault ? values : { type: "boolean", enum: values };
}

function parseString(json: Members): BaseType | Fault {
  const plain: BaseType = { type: "string", enum: undefined, minLength: undefined, maxLength: undefined };
  const values = parseEnum(json, plain, (atom): atom is string => typeof atom === "string");
  if (values instanceof Fault) return values;
  const minLength = parseLimit(json, "minLength", 0);
  if (minLength instanceof Fault) return minLength;
  const maxLength = parseLimit(json, "maxLength", 0);
  if (maxLength instanceof Fault) return maxLength;
  return { type: "string", enum: values, minLength, maxLength };
}

function parseUuid(json: Members): BaseType | Fault {
  const plain: BaseType = { type: "uuid", enum: undefined, refTable: undefined, refType: undefined };
  const values = parseEnum(json, plain, (atom): atom is Uuid => typeof atom === "string");
  if (values instanceof Fault) return values;
  const refTable = member(json, "refTable");
  if (refTable === undefined) return { ...plain, enum: values };
  if (typeof refTable !== "string" || !isId(refTable))
    return fault("the name of a table", refTable).within("refTable");
  const refType = member(json, "refType") ?? "strong";
  if (refType !== "strong" && refType !== "weak") return fault("strong or weak", refType).within("refType");
  return { type: "uuid", enum: values, refTable, refType };
}

/** Reads `enum`, which is itself a value of the type: one atom, or a set of them. */
function parseEnum<A extends Atom>(
  json: Members,
  plain: BaseType,
  isOne: (atom: Atom) => atom is A,
): readonly A[] | undefined | Fault {
  const wire = member(json, "enum");
  if (wire === undefined) return undefined;
  const value = datumCodec({ key: plain, value: undefined, min: 1, max: Infinity }).decode(wire);
  if (value instanceof Fault) return value.within("enum");
  return isSet(value) ? value.filter(isOne) : fault("a set", wire).within("enum");
}

function parseBound<N>(
  json: Members,
  name: string,
  read: (value: unknown) => N | undefined,
): N | undefined | Fault {
  const value = member(json, name);
  if (value === undefined) return undefined;
  return read(value) ?? fault("a number", value).within(name);
}

function toReal(value: unknown): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function parseLimit(json: Members, name: string, least: number): number | undefined | Fault {
  const value = member(json, name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  return fault(`an integer of at least ${least}`, value).within(name);
}

function parseFlag(json: Members, name: string, otherwise: boolean): boolean | Fault {
  const value = member(json, name);
  if (value === undefined) return otherwise;
  return typeof value === "boolean" ? value : fault("true or false", value).within(name);
}
