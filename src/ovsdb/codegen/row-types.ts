import { fitsNumber, type BaseType } from "../column-type.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "../schema.js";
import type { IntegerForm } from "../schema-rows.js";
import type { Atom } from "../value.js";
import { generatedMark } from "./output.js";
import { schemaLiteral } from "./schema-literal.js";
import { byName, quoted } from "./text.js";

/** How the generated module is named and what it imports. */
export interface RowTypesOptions {
  /** The name of the type of all tables, such as `OpenVSwitchDatabase`. */
  readonly databaseType: string;
  /** The name of the constant that holds the schema, such as `openVSwitchSchema`. */
  readonly schemaConstant: string;
  /** Where `defineSchema` and the types of values come from, such as `vswitch-drivers/ovsdb`. */
  readonly runtimeModule: string;
  /** How integers are read whose column may hold more than a number can. Default: `exact`. */
  readonly integers?: IntegerForm | undefined;
}

/**
 * Writes a TypeScript module for a database schema: for each table the type of its rows, named after the table with
 * `Row` behind it; one type of all tables; and the schema itself, for `connectOvsdb`. The same schema gives the same
 * text, with tables and columns in the order of their names. What the schema says stands in it as a name that was
 * checked, as a string literal or as words of a comment, so nothing in a schema becomes code.
 */
export function generateRowTypes(schema: DatabaseSchema, options: RowTypesOptions): string {
  const { databaseType, schemaConstant, runtimeModule, integers = "exact" } = options;
  const tables = byName(schema.tables.values());
  const imported = ["defineSchema", "type ExpectedSchema", ...typeImports(tables, integers)];
  const form = integers === "exact" ? "" : `, { integers: ${quoted(integers)} }`;
  const title = words(`${schema.name} ${schema.version}`).trim();
  return [
    `${generatedMark}${title}. Do not edit it: generate it again.`,
    `import { ${imported.join(", ")} } from ${quoted(runtimeModule)};`,
    "",
    ...tables.map((table) => rowType(table, integers)),
    `/** The tables of ${title}. */`,
    `export type ${databaseType} = {`,
    ...tables.map(({ name }) => `  readonly ${name}: ${name}Row;`),
    "};",
    "",
    "/** The schema that these types were made from. */",
    `export const ${schemaConstant}: ExpectedSchema<${databaseType}> = defineSchema<${databaseType}>(${schemaLiteral(schema)}${form});`,
    "",
  ].join("\n");
}

/** What the types of the rows are written with, if any is. */
function typeImports(tables: readonly TableSchema[], integers: IntegerForm): readonly string[] {
  const types = tables
    .flatMap(({ columns }) => [...columns.values()])
    .map((column) => valueType(column, integers));
  return ["Integer", "Uuid"]
    .filter((name) => types.some((type) => new RegExp(`\\b${name}\\b`, "u").test(type)))
    .map((name) => `type ${name}`);
}

function rowType(table: TableSchema, integers: IntegerForm): string {
  const notes = [
    `A row of table ${table.name}.`,
    table.isRoot ? "" : "It lives as long as a strong reference to it does.",
    Number.isFinite(table.maxRows) ? `There may be ${table.maxRows}.` : "",
    ...table.indexes.map((columns) => `No two rows have the same ${columns.join(" and ")}.`),
  ];
  const columns = byName(table.columns.values());
  return [
    `/** ${sentences(notes)} */`,
    `export type ${table.name}Row = {`,
    ...columns.flatMap((column) => [
      `  ${columnComment(column)}`,
      `  readonly ${column.name}: ${valueType(column, integers)};`,
    ]),
    "};",
    "",
  ].join("\n");
}

function columnComment(column: ColumnSchema): string {
  const type = String(column);
  const notes = [
    `${type.slice(0, 1).toUpperCase()}${type.slice(1)}.`,
    column.mutable ? "" : "Only an insert sets it.",
    column.ephemeral ? "Forgotten when the server restarts." : "",
  ];
  return `/** ${sentences(notes)} */`;
}

function sentences(notes: readonly string[]): string {
  return words(notes.filter((note) => note !== "").join(" "));
}

/** Text for a comment: on one line, without anything that ends the comment or that TSDoc would act on. */
function words(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ").replaceAll(/[\\{}@<>`]|(?<=\*)\//gu, String.raw`\$&`);
}

function valueType({ type, shape }: ColumnSchema, integers: IntegerForm): string {
  // As `datumCodec` has it: members and keys are told apart by what they are read as.
  const tellsApart = integers === "number" && (shape === "set" || shape === "map");
  const key = atomType(type.key, tellsApart ? "exact" : integers);
  if (type.value !== undefined) return `ReadonlyMap<${key}, ${atomType(type.value, integers)}>`;
  if (shape === "scalar") return key;
  if (shape === "optional") return `${key} | null`;
  return key.includes(" ") ? `readonly (${key})[]` : `readonly ${key}[]`;
}

const wideType: Readonly<Record<IntegerForm, string>> = {
  exact: "Integer",
  bigint: "bigint",
  number: "number",
};

function atomType(base: BaseType, integers: IntegerForm): string {
  if (base.type === "uuid") return "Uuid";
  if (base.enum !== undefined && base.enum.length > 0) return base.enum.map(literalType).join(" | ");
  if (base.type === "integer") return fitsNumber(base) ? "number" : wideType[integers];
  return base.type === "real" ? "number" : base.type;
}

function literalType(value: Atom): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? quoted(value) : String(value);
}
