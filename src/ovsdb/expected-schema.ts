import type { Fault } from "./fault.js";
import { parseSchema } from "./parse-schema.js";
import type { ColumnSchema, DatabaseSchema } from "./schema.js";
import { fitsNumber, type BaseType } from "./column-type.js";
import type { IntegerForm, RowsOf, SchemaJson } from "./schema-rows.js";
import type { DatabaseRows } from "./value.js";

declare const rows: unique symbol;

/**
 * The schema that a program was written for, and the types of its rows. Given to `connectOvsdb`, it makes these types
 * true on every server: a column that the server lacks reads as its default, as in the C and Python IDL, and one that
 * the server has in another form is refused when it is asked for. Made by {@link defineSchema}.
 */
export interface ExpectedSchema<Db extends DatabaseRows> {
  /** How integers are read. */
  readonly integers: IntegerForm;
  /** @internal */
  readonly model: () => DatabaseSchema | Fault;
  /** The type of the rows; there is no such member. */
  readonly [rows]?: Db;
}

/** How the values of a schema's rows are read. */
export interface SchemaOptions<Form extends IntegerForm = IntegerForm> {
  /** How integers are read whose column may hold more than a number can. Default: `exact`. */
  readonly integers?: Form | undefined;
}

/**
 * Makes an {@link ExpectedSchema} of a `<database-schema>`: RFC 7047 section 3.2. The types of the rows come from the
 * JSON itself, where it is a literal; the generator, `ovsdb-bindgen`, writes the same types out, with comments, for a
 * schema that is a file. The JSON is read when it is first used; `connectOvsdb` says so if it is no schema.
 *
 * ```ts
 * const schema = defineSchema({
 *   name: "Lab",
 *   version: "1.0.0",
 *   tables: { Log: { isRoot: true, columns: { text: { type: "string" }, tag: { type: { key: "integer", min: 0 } } } } },
 * });
 * const client = await connectOvsdb({ remote, database: "Lab", schema });
 * ```
 */
export function defineSchema<const Json extends SchemaJson, Form extends IntegerForm = "exact">(
  json: Json,
  options?: SchemaOptions<Form>,
): ExpectedSchema<RowsOf<Json, Form>>;
/** Makes an {@link ExpectedSchema} whose types are known already, as the generator does. */
export function defineSchema<Db extends DatabaseRows>(
  json: unknown,
  options?: SchemaOptions,
): ExpectedSchema<Db>;
export function defineSchema<Db extends DatabaseRows>(
  json: unknown,
  options: SchemaOptions = {},
): ExpectedSchema<Db> {
  const { integers = "exact" } = options;
  let parsed: DatabaseSchema | Fault | undefined;
  return { integers, model: () => (parsed ??= parseSchema(json, integers)) };
}

/**
 * Whether values of the column as it is are values of the column as it was expected. Members of an enum may have been
 * added since.
 */
export function isReadableAs(present: ColumnSchema, expected: ColumnSchema): boolean {
  const { type: a } = present;
  const { type: b } = expected;
  if (present.shape !== expected.shape || !isSameBase(a.key, b.key)) return false;
  return a.value === undefined || b.value === undefined || isSameBase(a.value, b.value);
}

function isSameBase(present: BaseType, expected: BaseType): boolean {
  if (present.type !== expected.type) return false;
  return (
    present.type !== "integer" || expected.type !== "integer" || fitsNumber(present) || !fitsNumber(expected)
  );
}
