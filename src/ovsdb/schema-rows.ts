import type { Uuid } from "./uuid.js";
import type { Atom, Integer, Value } from "./value.js";

/**
 * How an integer is read whose column may hold more than a number can:
 *
 * | form | value |
 * |---|---|
 * | `exact` | a number, and a bigint beyond 2^53: an {@link Integer} |
 * | `bigint` | always a bigint |
 * | `number` | always a number, rounded beyond 2^53; members of a set and keys of a map stay an {@link Integer} |
 *
 * A column whose range fits a number is always one.
 */
export type IntegerForm = "exact" | "bigint" | "number";

/** A `<database-schema>` of RFC 7047 section 3.2, as far as the types of rows depend on it. */
export interface SchemaJson {
  readonly name: string;
  readonly tables: {
    readonly [table: string]: { readonly columns: { readonly [column: string]: { readonly type: unknown } } };
  };
}

type Wide<Form extends IntegerForm> = Form extends "bigint"
  ? bigint
  : Form extends "number"
    ? number
    : Integer;

/** Where two integers have to stay two. */
type Distinct<Form extends IntegerForm> = Form extends "bigint" ? "bigint" : "exact";

type AtomNamed<Name, Form extends IntegerForm> = Name extends "integer"
  ? Wide<Form>
  : Name extends "real"
    ? number
    : Name extends "boolean"
      ? boolean
      : Name extends "string"
        ? string
        : Name extends "uuid"
          ? Uuid
          : Atom;

type EnumMembers<Wire> = Wire extends readonly ["set", readonly (infer Member)[]] ? Member : Wire;

type IsKnown<Name> = string extends Name ? false : Name extends string ? true : false;

type AtomOfObject<Base extends { readonly type: unknown }, Form extends IntegerForm> =
  IsKnown<Base["type"]> extends false
    ? Atom
    : Base["type"] extends "uuid"
      ? Uuid
      : Base extends { readonly enum: infer Wire }
        ? [EnumMembers<Wire>] extends [never]
          ? AtomNamed<Base["type"], Form>
          : Extract<EnumMembers<Wire>, AtomNamed<Base["type"], "exact">>
        : Base["type"] extends "integer"
          ? Base extends { readonly minInteger: number; readonly maxInteger: number }
            ? number
            : Wide<Form>
          : AtomNamed<Base["type"], Form>;

/** The atoms of a `<base-type>`. */
type AtomOf<Base, Form extends IntegerForm> = Base extends { readonly type: unknown }
  ? AtomOfObject<Base, Form>
  : IsKnown<Base> extends true
    ? AtomNamed<Base, Form>
    : Atom;

type MaxOf<Type> = Type extends { readonly max: infer Max } ? Max : 1;

type SingleOf<Type, A> = Type extends { readonly min: infer Min }
  ? Min extends 0
    ? A | null
    : number extends Min
      ? A | null
      : A
  : A;

type ValueOfObject<Type extends { readonly key: unknown }, Form extends IntegerForm> = Type extends {
  readonly value: infer V extends string | object;
}
  ? ReadonlyMap<AtomOf<Type["key"], Distinct<Form>>, AtomOf<V, Form>>
  : number extends MaxOf<Type>
    ? Value
    : MaxOf<Type> extends 1
      ? SingleOf<Type, AtomOf<Type["key"], Form>>
      : readonly AtomOf<Type["key"], Distinct<Form>>[];

/** The values of a column `<type>`, see {@link Value}; where the type is not known as a literal, any value. */
type ValueOf<Type, Form extends IntegerForm> = Type extends { readonly key: unknown }
  ? ValueOfObject<Type, Form>
  : IsKnown<Type> extends true
    ? AtomNamed<Type, Form>
    : Value;

/**
 * The rows of a database by its schema, see `defineSchema`. The types are those that the generator writes.
 *
 * ```ts
 * const schema = { name: "Db", tables: { T: { columns: { n: { type: "integer" } } } } } as const;
 * type Rows = RowsOf<typeof schema>; // { readonly T: { readonly n: Integer } }
 * ```
 */
export type RowsOf<Json extends SchemaJson, Form extends IntegerForm = "exact"> = {
  readonly [T in keyof Json["tables"] & string]: {
    readonly [C in keyof Json["tables"][T]["columns"] & string]: ValueOf<
      Json["tables"][T]["columns"][C]["type"],
      Form
    >;
  };
};
