import type { Uuid } from "./uuid.js";

/** A 64-bit signed integer: a number from -(2^53-1) to 2^53-1, a bigint beyond. Never rounded. */
export type Integer = number | bigint;

/** One scalar of a column. A uuid is a {@link Uuid}, an integer an {@link Integer}, a real a number. */
export type Atom = Integer | boolean | string | Uuid;

/**
 * What a column holds, by its type in the schema:
 *
 * | type | value |
 * |---|---|
 * | min 1, max 1 | the atom |
 * | min 0, max 1 | the atom, or `null` when it is empty |
 * | max above 1 | an array, in no promised order, each member once |
 * | with a value type | a map |
 */
export type Value = Atom | null | readonly Atom[] | ReadonlyMap<Atom, Atom>;

/** Whether a value is a set. */
export function isSet(value: Value): value is readonly Atom[] {
  return Array.isArray(value);
}

/** Whether a value is a map. */
export function isMap(value: Value): value is ReadonlyMap<Atom, Atom> {
  return value instanceof Map;
}

/** A row: its columns by name. */
export type Row = { readonly [column: string]: Value };

/** A row that an insert of the same transaction makes, by the `uuidName` of that insert. */
export class NamedUuid {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Refers to the row that an insert of the same transaction, before or after, makes under `uuidName: name`. */
export function named(name: string): NamedUuid {
  return new NamedUuid(name);
}

/** An atom that goes to the server: where a uuid stands, a row of the same transaction may; a bigint may be a number. */
export type InputAtom<A> = A extends Uuid ? Uuid | NamedUuid : bigint extends A ? Integer : A;

/** A value that goes to the server. */
export type Input<V> =
  V extends ReadonlyMap<infer K, infer W>
    ? ReadonlyMap<InputAtom<K>, InputAtom<W>>
    : V extends readonly (infer A)[]
      ? readonly InputAtom<A>[]
      : InputAtom<V>;

/**
 * The tables of a database with their columns: what the generator writes for a schema. The columns that every row
 * has, `_uuid` and `_version`, are not listed.
 */
export type DatabaseRows = { readonly [table: string]: Row };

/** The names of a database's tables. */
export type TableName<Db extends DatabaseRows> = Extract<keyof Db, string>;

/** The names of a row's own columns. */
export type ColumnName<R extends Row> = Extract<keyof R, string>;

/** The columns that every row has besides its own: RFC 7047 section 3.2. */
export type ImplicitColumns = {
  /** The id of the row. */
  readonly _uuid: Uuid;
  /** Changes with every change of the row. */
  readonly _version: Uuid;
};
