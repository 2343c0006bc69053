import type { Uuid } from "./uuid.js";
import type {
  Atom,
  ColumnName,
  DatabaseRows,
  ImplicitColumns,
  Input,
  InputAtom,
  Integer,
  Row,
  TableName,
} from "./value.js";

/** A row as the database stores it: its own columns, and the two that every row has. */
export type Stored<R extends Row> = R & ImplicitColumns;

type StoredColumn<R extends Row> = ColumnName<R> | keyof ImplicitColumns;

/** The numbers among the values of a column, as an operation takes them. */
type InputInteger<V> = Extract<InputAtom<Extract<V, Integer>>, Integer>;

/**
 * One condition on a row: `[column, function, value]`, or a boolean that every or no row meets. `==` and `!=` compare
 * the whole value; `includes` and `excludes` ask for members of a set or map; the order functions work on numbers, and
 * hold for no empty one.
 */
export type Condition<R extends Row> =
  | boolean
  | {
      readonly [C in StoredColumn<R>]:
        | readonly [C, "==" | "!=" | "includes" | "excludes", Input<Stored<R>[C]>]
        | readonly [C, "<" | "<=" | ">" | ">=", InputInteger<Stored<R>[C]>];
    }[StoredColumn<R>];

/** Which rows an operation is about: those that meet every condition. Empty: all rows of the table. */
export type Where<R extends Row> = readonly Condition<R>[];

type NumberOf<V> = V extends readonly (infer A)[] ? InputInteger<A> : InputInteger<V>;

type Members<V> =
  | Input<Extract<V, readonly Atom[] | ReadonlyMap<Atom, Atom>>>
  | (null extends V ? readonly InputAtom<Extract<V, Atom>>[] : never);

type KeysOf<V> = V extends ReadonlyMap<infer K, Atom> ? readonly InputAtom<K>[] : never;

/**
 * One change of a column: arithmetic on a number or on each number of a set; `insert` and `delete` of members of a
 * set, an optional value (as an array of at most one) or a map. An insert into a map leaves a key that is there as it
 * is, see {@link setKey}. A delete from a map takes keys, or pairs that go only if the value is the same too.
 */
export type Mutation<R extends Row> = {
  readonly [C in ColumnName<R>]:
    | readonly [C, "+=" | "-=" | "*=" | "/=" | "%=", NumberOf<R[C]>]
    | readonly [C, "insert", Members<R[C]>]
    | readonly [C, "delete", Members<R[C]> | KeysOf<R[C]>];
}[ColumnName<R>];

/** The columns of a row to write; those left out keep their value, or in an insert take their default. */
export type InputRow<R extends Row> = { readonly [C in ColumnName<R>]?: Input<R[C]> };

declare const selected: unique symbol;

/** Made by `insert`. */
export interface InsertOperation<Table extends string = string> {
  readonly op: "insert";
  readonly table: Table;
  readonly row: Readonly<Record<string, unknown>>;
  readonly uuidName: string | undefined;
  readonly uuid: Uuid | undefined;
}

/** Made by `select`. */
export interface SelectOperation<Table extends string = string, R = Row> {
  readonly op: "select";
  readonly table: Table;
  readonly where: readonly unknown[];
  readonly columns: readonly string[] | undefined;
  /** The type of the rows; there is no such member. */
  readonly [selected]?: R;
}

/** Made by `update`. */
export interface UpdateOperation<Table extends string = string> {
  readonly op: "update";
  readonly table: Table;
  readonly where: readonly unknown[];
  readonly row: Readonly<Record<string, unknown>>;
}

/** Made by `mutate`. */
export interface MutateOperation<Table extends string = string> {
  readonly op: "mutate";
  readonly table: Table;
  readonly where: readonly unknown[];
  readonly mutations: readonly unknown[];
}

/** Made by `deleteRows`. */
export interface DeleteOperation<Table extends string = string> {
  readonly op: "delete";
  readonly table: Table;
  readonly where: readonly unknown[];
}

/** Made by `wait`. */
export interface WaitOperation<Table extends string = string> {
  readonly op: "wait";
  readonly table: Table;
  readonly where: readonly unknown[];
  readonly columns: readonly string[];
  readonly until: "==" | "!=";
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly timeoutMs: number;
}

/** Made by `commit`. */
export interface CommitOperation {
  readonly op: "commit";
  readonly durable: boolean;
}

/** Made by `abort`. */
export interface AbortOperation {
  readonly op: "abort";
}

/** Made by `comment`. */
export interface CommentOperation {
  readonly op: "comment";
  readonly comment: string;
}

/** Made by `assertLock`. */
export interface AssertOperation {
  readonly op: "assert";
  readonly lock: string;
}

/** One operation on a table. */
export type TableOperation<Table extends string = string> =
  | InsertOperation<Table>
  | SelectOperation<Table>
  | UpdateOperation<Table>
  | MutateOperation<Table>
  | DeleteOperation<Table>
  | WaitOperation<Table>;

/** One operation of a transaction: RFC 7047 section 5.2. */
export type Operation<Db extends DatabaseRows = DatabaseRows> =
  TableOperation<TableName<Db>> | CommitOperation | AbortOperation | CommentOperation | AssertOperation;

/** The columns that a select or a monitor may ask for. */
export type SelectableColumn<R extends Row> = StoredColumn<R>;

/** A row as a select or a monitor gives it: the columns asked for, and always `_uuid`. */
export type SelectedRow<R extends Row, C extends SelectableColumn<R> = ColumnName<R>> = {
  readonly [K in C | "_uuid"]: Stored<R>[K];
};

/** The operations of a transaction, typed by the tables of one database. */
export interface Operations<Db extends DatabaseRows> {
  /**
   * Adds a row. In a table that is not a root table some strong reference to it has to be stored in the same
   * transaction, by `named(uuidName)` or by `uuid`, or the row would be gone at once: that is refused.
   *
   * `uuidName` is an `<id>` (letters, digits, `_`). `uuid` is the row's id where the client chooses it
   * (ovsdb-server of 2.13 and later): the second try of such an insert is refused with `duplicate uuid`.
   */
  insert<T extends TableName<Db>>(
    this: void,
    table: T,
    row: InputRow<Db[T]>,
    options?: { readonly uuidName?: string | undefined; readonly uuid?: Uuid | undefined },
  ): InsertOperation<T>;
  /**
   * Reads rows. `_uuid` always comes along: without it the server gives equal rows once. Left out, `columns` are all
   * columns that both the program and the server know, without `_version`.
   *
   * The answer to a transaction is read whole, in one turn of the event loop: about 0.7 s of CPU time for 100,000 rows of
   * four columns. The rows of a monitor are read as they come: where there may be many, open the database.
   */
  select<T extends TableName<Db>, const C extends SelectableColumn<Db[T]> = ColumnName<Db[T]>>(
    this: void,
    table: T,
    where: Where<Db[T]>,
    columns?: readonly C[],
  ): SelectOperation<T, SelectedRow<Db[T], C>>;
  /** Sets columns of the rows that meet `where`. Counts the rows that met it, changed or not. */
  update<T extends TableName<Db>>(
    this: void,
    table: T,
    where: Where<Db[T]>,
    row: InputRow<Db[T]>,
  ): UpdateOperation<T>;
  /** Changes columns of the rows that meet `where`, in the order of `mutations`. Counts the rows that met it. */
  mutate<T extends TableName<Db>>(
    this: void,
    table: T,
    where: Where<Db[T]>,
    mutations: readonly Mutation<Db[T]>[],
  ): MutateOperation<T>;
  /** Deletes the rows that meet `where`. A row that is still strongly referred to fails the commit. */
  deleteRows<T extends TableName<Db>>(this: void, table: T, where: Where<Db[T]>): DeleteOperation<T>;
  /**
   * Goes on only when the rows that meet `where`, seen in these columns, are (`==`) or are not (`!=`) exactly `rows`;
   * each row gives every column. Else the transaction fails with `timed out` once `timeoutMs` have passed: 0 tests
   * once. The server would wait for ever without a timeout, so there is none by default.
   */
  wait<T extends TableName<Db>, const C extends SelectableColumn<Db[T]>>(
    this: void,
    table: T,
    where: Where<Db[T]>,
    columns: readonly C[],
    until: "==" | "!=",
    rows: readonly { readonly [K in C]: Input<Stored<Db[T]>[K]> }[],
    timeoutMs: number,
  ): WaitOperation<T>;
  /** With `durable`, the transaction succeeds only once it is on stable storage. */
  commit(this: void, options: { readonly durable: boolean }): CommitOperation;
  /** Fails the transaction with `aborted`: the way to try one without doing it. */
  abort(this: void): AbortOperation;
  /** Says in the database's log what the transaction is for. */
  comment(this: void, text: string): CommentOperation;
  /** Goes on only while this connection holds the lock; else the transaction fails with `not owner`. */
  assertLock(this: void, lock: string): AssertOperation;
}

const builders: Operations<DatabaseRows> = {
  insert: (table, row, options) => ({
    op: "insert",
    table,
    row,
    uuidName: options?.uuidName,
    uuid: options?.uuid,
  }),
  select: (table, where, columns) => ({ op: "select", table, where, columns }),
  update: (table, where, row) => ({ op: "update", table, where, row }),
  mutate: (table, where, mutations) => ({ op: "mutate", table, where, mutations }),
  deleteRows: (table, where) => ({ op: "delete", table, where }),
  wait: (table, where, columns, until, rows, timeoutMs) => ({
    op: "wait",
    table,
    where,
    columns,
    until,
    rows,
    timeoutMs,
  }),
  commit: ({ durable }) => ({ op: "commit", durable }),
  abort: () => ({ op: "abort" }),
  comment: (text) => ({ op: "comment", comment: text }),
  assertLock: (lock) => ({ op: "assert", lock }),
};

/**
 * The builders of operations, typed by the rows of a database: nothing is checked against a server yet.
 *
 * ```ts
 * const { insert, mutate, comment } = operations<OpenVSwitchDatabase>();
 * ```
 */
export function operations<Db extends DatabaseRows = DatabaseRows>(): Operations<Db> {
  return builders;
}

/**
 * Sets one key of a map column, whether it is there or not: the two mutations to spread into `mutate`. (An insert
 * alone leaves a key that is there as it is.)
 *
 * ```ts
 * mutate("Port", [["_uuid", "==", port]], setKey("external_ids", "owner", "lab"))
 * ```
 */
export function setKey<const C extends string, K extends Atom, V extends Atom>(
  column: C,
  key: InputAtom<K>,
  value: InputAtom<V>,
): readonly [
  readonly [C, "delete", readonly InputAtom<K>[]],
  readonly [C, "insert", ReadonlyMap<InputAtom<K>, InputAtom<V>>],
] {
  return [
    [column, "delete", [key]],
    [column, "insert", new Map([[key, value]])],
  ];
}
