import type { Atom, Integer } from "./value.js";

/** The types of an atom: RFC 7047 section 3.2. */
export type AtomicType = "integer" | "real" | "boolean" | "string" | "uuid";

/** A 64-bit signed integer, within bounds or one of `enum`. */
export interface IntegerType {
  readonly type: "integer";
  readonly enum: readonly Integer[] | undefined;
  readonly minInteger: Integer | undefined;
  readonly maxInteger: Integer | undefined;
}

/** A double, within bounds or one of `enum`. The server keeps 15 significant digits. */
export interface RealType {
  readonly type: "real";
  readonly enum: readonly number[] | undefined;
  readonly minReal: number | undefined;
  readonly maxReal: number | undefined;
}

/** A boolean. */
export interface BooleanType {
  readonly type: "boolean";
  readonly enum: readonly boolean[] | undefined;
}

/** A string without NUL, of a length counted in Unicode code points, or one of `enum`. */
export interface StringType {
  readonly type: "string";
  readonly enum: readonly string[] | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
}

/** A uuid; with `refTable`, a reference to a row of that table. */
export interface UuidType {
  readonly type: "uuid";
  readonly enum: readonly Atom[] | undefined;
  readonly refTable: string | undefined;
  /** Whether the reference keeps the row alive (`strong`) or goes when the row goes (`weak`). */
  readonly refType: "strong" | "weak" | undefined;
}

/** The type of one atom of a column. */
export type BaseType = IntegerType | RealType | BooleanType | StringType | UuidType;

/** The type of a column: `min` to `max` atoms, or pairs of atoms when it has a `value`. */
export interface ColumnType {
  readonly key: BaseType;
  /** Present: the column is a map. */
  readonly value: BaseType | undefined;
  readonly min: 0 | 1;
  /** `Infinity` for the schema's `"unlimited"`. */
  readonly max: number;
}

/** The four shapes of a column's value, see {@link Value}. */
export type Shape = "scalar" | "optional" | "set" | "map";

/** The shape of a column's value. */
export function shapeOf(type: ColumnType): Shape {
  if (type.value !== undefined) return "map";
  if (type.max > 1) return "set";
  return type.min === 0 ? "optional" : "scalar";
}

/**
 * Whether a `modify` of update2 carries a difference for such a column rather than the new value
 * (`ovsdb_type_is_composite` of lib/ovsdb-types.h: it is `max` that decides, for maps too).
 */
export function isComposite(type: ColumnType): boolean {
  return type.max > 1;
}

/** Whether every value of the type is an exact JavaScript number. */
export function fitsNumber(type: IntegerType): boolean {
  if (type.enum !== undefined) return type.enum.every((value) => typeof value === "number");
  return typeof type.minInteger === "number" && typeof type.maxInteger === "number";
}
