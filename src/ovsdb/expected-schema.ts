import type { Fault } from "./fault.js";
import { parseSchema } from "./parse-schema.js";
import type { ColumnSchema, DatabaseSchema } from "./schema.js";
import { fitsNumber, type BaseType } from "./column-type.js";
import type { DatabaseRows } from "./value.js";

declare const rows: unique symbol;

/**
 * The schema that a program was written for, and the types of its rows. Given to `connectOvsdb`, it makes these types
 * true on every server: a column that the server lacks reads as its default, as in the C and Python IDL, and one that
 * the server has in another form is refused when it is asked for. Made by {@link defineSchema}.
 */
export interface ExpectedSchema<Db extends DatabaseRows> {
  /** @internal */
  readonly model: () => DatabaseSchema | Fault;
  /** The type of the rows; there is no such member. */
  readonly [rows]?: Db;
}

/**
 * Makes an {@link ExpectedSchema} of a `<database-schema>`: RFC 7047 section 3.2. The generator of row types writes
 * the call. The JSON is read when it is first used; `connectOvsdb` says so if it is no schema.
 */
export function defineSchema<Db extends DatabaseRows>(json: unknown): ExpectedSchema<Db> {
  let parsed: DatabaseSchema | Fault | undefined;
  return { model: () => (parsed ??= parseSchema(json)) };
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
