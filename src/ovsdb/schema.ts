import { isComposite, shapeOf, type BaseType, type ColumnType, type Shape } from "./column-type.js";
import { datumCodec, type DatumCodec } from "./datum.js";
import { Fault } from "./fault.js";
import type { IntegerForm } from "./schema-rows.js";
import type { Integer } from "./value.js";

/** A column of a table: its type, and how its values are read and written. */
export class ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  readonly shape: Shape;
  /** Whether it may be written after the insert. A column of weak references always may. */
  readonly mutable: boolean;
  /** Whether a standalone server forgets it when it restarts. */
  readonly ephemeral: boolean;
  readonly #integers: IntegerForm;
  #codec: DatumCodec | undefined;
  readonly #variants = new Map<string, DatumCodec>();

  constructor(
    name: string,
    type: ColumnType,
    options: {
      readonly mutable: boolean;
      readonly ephemeral: boolean;
      readonly integers?: IntegerForm | undefined;
    },
  ) {
    this.name = name;
    this.type = type;
    this.shape = shapeOf(type);
    this.mutable = options.mutable;
    this.ephemeral = options.ephemeral;
    this.#integers = options.integers ?? "exact";
  }

  /** Made when it is needed: of most columns nobody reads or writes a value. @internal */
  get codec(): DatumCodec {
    return (this.#codec ??= datumCodec(this.type, this.shape, this.#integers));
  }

  /**
   * The codec of a type that stands in for the column's own in one place, such as the argument of a mutation; made
   * once. @internal
   */
  variant(name: string, type: (own: ColumnType) => ColumnType, shape?: Shape): DatumCodec {
    let codec = this.#variants.get(name);
    if (codec === undefined) {
      const own = type(this.type);
      codec = datumCodec(own, shape ?? shapeOf(own), this.#integers);
      this.#variants.set(name, codec);
    }
    return codec;
  }

  /** Reads the difference that a `modify` carries: of the column's type, with any number of members. @internal */
  get differenceCodec(): DatumCodec {
    if (!isComposite(this.type)) return this.codec;
    return this.variant("difference", (own) => ({ ...own, min: 0, max: Infinity }));
  }

  /** The type in words, such as `set of strong references to Port`. */
  toString(): string {
    const key = describeBase(this.type.key);
    const { min, max, value } = this.type;
    if (value !== undefined) return `map of ${key} to ${describeBase(value)}${cardinality(min, max, "pair")}`;
    if (this.shape === "scalar") return key;
    if (this.shape === "optional") return `optional ${key}`;
    return `set of ${key}${cardinality(min, max, "member")}`;
  }
}

function cardinality(min: number, max: number, what: string): string {
  if (max !== Infinity) return `, ${min} to ${max} ${what}s`;
  return min === 0 ? "" : `, at least 1 ${what}`;
}

function bounds(low: Integer | undefined, high: Integer | undefined): string {
  if (low !== undefined) return high === undefined ? ` of at least ${low}` : ` ${low} to ${high}`;
  return high === undefined ? "" : ` of at most ${high}`;
}

function describeBase(base: BaseType): string {
  if (base.enum !== undefined) return base.enum.map((each) => JSON.stringify(String(each))).join(" | ");
  if (base.type === "integer") return `integer${bounds(base.minInteger, base.maxInteger)}`;
  if (base.type === "real") return `real${bounds(base.minReal, base.maxReal)}`;
  if (base.type === "boolean") return "boolean";
  if (base.type === "uuid") {
    return base.refTable === undefined ? "uuid" : `${base.refType ?? "strong"} reference to ${base.refTable}`;
  }
  const bounded = base.minLength !== undefined || base.maxLength !== undefined;
  return bounded ? `string with a length${bounds(base.minLength, base.maxLength)}` : "string";
}

const uuidType: ColumnType = {
  key: { type: "uuid", enum: undefined, refTable: undefined, refType: undefined },
  value: undefined,
  min: 1,
  max: 1,
};

// The columns that every table has: RFC 7047 section 3.2.
const implicit: ReadonlyMap<string, ColumnSchema> = new Map(
  ["_uuid", "_version"].map((name) => [
    name,
    new ColumnSchema(name, uuidType, { mutable: false, ephemeral: false }),
  ]),
);

/** A table of a database. */
export class TableSchema {
  readonly name: string;
  /** The table's own columns by name, without `_uuid` and `_version`. */
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** Whether a row lives without being referred to; else it goes with the last strong reference to it. */
  readonly isRoot: boolean;
  /** The most rows that a commit may leave, `Infinity` for no limit. */
  readonly maxRows: number;
  /** Sets of columns whose values differ in every two rows. */
  readonly indexes: readonly (readonly string[])[];
  /** The columns whose default a commit refuses, so that an insert has to give them. @internal */
  readonly neededOnInsert: readonly ColumnSchema[];

  constructor(fields: {
    readonly name: string;
    readonly columns: ReadonlyMap<string, ColumnSchema>;
    readonly isRoot: boolean;
    readonly maxRows: number;
    readonly indexes: readonly (readonly string[])[];
  }) {
    this.name = fields.name;
    this.columns = fields.columns;
    this.isRoot = fields.isRoot;
    this.maxRows = fields.maxRows;
    this.indexes = fields.indexes;
    this.neededOnInsert = [...fields.columns.values()].filter(defaultIsRefused);
  }

  /** The column of that name, `_uuid` and `_version` included. */
  column(name: string): ColumnSchema | undefined {
    return this.columns.get(name) ?? implicit.get(name);
  }
}

const nothingNamed = { names: new Set<string>(), kept: undefined };

/** A default outside the column's enum or range, or one that is a strong reference to no row. */
function defaultIsRefused({ type, codec }: ColumnSchema): boolean {
  if (type.min === 0) return false;
  const refers = [type.key, type.value].some((base) => base?.type === "uuid" && base.refType === "strong");
  return refers || codec.encode(codec.default, nothingNamed) instanceof Fault;
}

/** A database as its server describes it: what can be asked of this server, whatever a program was written for. */
export class DatabaseSchema {
  readonly name: string;
  /** As x.y.z; empty if the server's schema has none. */
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;

  constructor(fields: {
    readonly name: string;
    readonly version: string;
    readonly tables: ReadonlyMap<string, TableSchema>;
  }) {
    this.name = fields.name;
    this.version = fields.version;
    this.tables = fields.tables;
  }

  /** Whether the server has the table and, if one is named, the column. `_uuid` and `_version` are in every table. */
  has(table: string, column?: string): boolean {
    const found = this.tables.get(table);
    return found !== undefined && (column === undefined || found.column(column) !== undefined);
  }
}
