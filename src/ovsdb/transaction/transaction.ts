import type { LooseCondition } from "../matches.js";
import type { RowsByTable } from "../monitor.js";
import type {
  AssertOperation,
  CommentOperation,
  Condition,
  InputRow,
  Mutation,
  Operation,
} from "../operations.js";
import type { IndexRequest, Snapshot, TableView } from "../replica/snapshot.js";
import type { IdentifiedRow } from "../row-plan.js";
import { newUuid, type Uuid } from "../uuid.js";
import type { ColumnName, DatabaseRows, Integer, Row, TableName } from "../value.js";
import { ReadSet, type Verified } from "./reads.js";
import { RecordedTable } from "./recorded-table.js";

/** A table as a transaction reads it: a {@link TableView}, and rows by conditions. */
export interface ReadTable<R extends IdentifiedRow = IdentifiedRow> extends TableView<R> {
  /** The rows that meet every condition; none: all rows. */
  where(conditions: readonly Condition<R>[]): readonly R[];
}

/** The numbers among the columns of a row. */
export type NumberColumn<R extends Row> = {
  readonly [C in ColumnName<R>]: [Extract<R[C], Integer>] extends [never] ? never : C;
}[ColumnName<R>];

/**
 * A transaction while it is written: what the callback of `db.transaction` gets. It reads one snapshot, which does not
 * show what the transaction itself writes, and everything that is read through it is verified when it is sent.
 */
export interface Transaction<Db extends DatabaseRows = DatabaseRows, Rows extends RowsByTable = RowsByTable> {
  /** The snapshot that is read, for reads that are not to be verified. */
  readonly snapshot: Snapshot<Rows>;
  /** From 1, how often the callback has been called. */
  readonly attempt: number;
  /**
   * The rows of a table. What is looked at is recorded: the columns that are read of a row, that there is no row of that
   * id or key, and which rows meet conditions; who iterates has looked at which rows there are.
   */
  table<T extends Extract<keyof Rows, string>>(name: T): ReadTable<Rows[T]>;
  /** Has these columns of a row verified, read or not; left out, just that the row is there. */
  verify<T extends Extract<keyof Rows, string>>(
    table: T,
    uuid: Uuid,
    columns?: readonly ColumnName<Rows[T]>[],
  ): void;
  /**
   * Adds a row, and gives its id, which references can be made of at once. The id is chosen here, so that it can be told
   * later whether the transaction was done. Needs a server of 2.13 or later. See {@link Operations.insert} for rows that
   * nothing refers to.
   */
  insert<T extends TableName<Db>>(table: T, row: InputRow<Db[T]>): Uuid;
  /** Writes columns of one row. Fails the transaction if the row is not there. */
  set<T extends TableName<Db>>(table: T, uuid: Uuid, row: InputRow<Db[T]>): void;
  /**
   * Changes columns of one row, such as members of a set or keys of a map, whatever else is in them. Fails the transaction
   * if the row is not there.
   */
  mutate<T extends TableName<Db>>(table: T, uuid: Uuid, mutations: readonly Mutation<Db[T]>[]): void;
  /** Adds to a number of one row, 1 by default, whatever it is. Fails the transaction if the row is not there. */
  increment<T extends TableName<Db>>(table: T, uuid: Uuid, column: NumberColumn<Db[T]>, by?: Integer): void;
  /**
   * Deletes one row. Fails the transaction if it is not there, or still strongly referred to. A row that lives by its
   * references goes by itself with the last of them: there is no need to delete it.
   */
  delete(table: TableName<Db>, uuid: Uuid): void;
  /** Adds an operation as it is, such as an `update` by conditions, made by `operations()`. How many rows it meets is not checked. */
  add(operation: Operation<Db>): void;
  /** Says in the database's log what the transaction is for. */
  comment(text: string): void;
  /** Goes on only while this session holds the lock; else the transaction is refused with `not owner`. */
  assertLock(lock: { readonly name: string } | string): void;
}

/** A row that a transaction inserts. */
export interface Inserted {
  readonly table: string;
  readonly uuid: Uuid;
}

/** What a transaction came to: the operations to send, of which the first ones verify what was read. */
export interface Draft {
  readonly operations: readonly Operation[];
  readonly verified: readonly Verified[];
  readonly inserted: readonly Inserted[];
}

/** Writes a transaction down. @internal */
export class Recorder implements Transaction {
  readonly snapshot: Snapshot;
  readonly attempt: number;
  readonly #reads: ReadSet;
  readonly #indexes: IndexRequest;
  readonly #nextUuid: (table: string) => Uuid;
  readonly #asserts: AssertOperation[] = [];
  readonly #written: Operation[] = [];
  readonly #comments: CommentOperation[] = [];
  readonly #inserted = new Map<Uuid, Inserted>();
  #isOver = false;

  constructor(fields: {
    readonly snapshot: Snapshot;
    readonly attempt: number;
    readonly indexes: IndexRequest;
    /** Chooses the ids of rows. */
    readonly nextUuid?: ((table: string) => Uuid) | undefined;
  }) {
    this.snapshot = fields.snapshot;
    this.attempt = fields.attempt;
    this.#indexes = fields.indexes;
    this.#nextUuid = fields.nextUuid ?? newUuid;
    this.#reads = new ReadSet(fields.snapshot);
  }

  table(name: string): ReadTable {
    this.#mustBeOpen();
    return new RecordedTable(name, this.#reads, this.#indexes);
  }

  verify(table: string, uuid: Uuid, columns: readonly string[] = []): void {
    this.#mustBeOpen();
    this.#reads.columns(table, uuid, columns);
  }

  insert(table: string, row: Readonly<Record<string, unknown>>): Uuid {
    const uuid = this.#nextUuid(table);
    this.#inserted.set(uuid, { table, uuid });
    this.#write({ op: "insert", table, row, uuidName: undefined, uuid });
    return uuid;
  }

  set(table: string, uuid: Uuid, row: Readonly<Record<string, unknown>>): void {
    this.#write({ op: "update", table, where: this.#only(table, uuid), row });
  }

  mutate(table: string, uuid: Uuid, mutations: readonly unknown[]): void {
    this.#write({ op: "mutate", table, where: this.#only(table, uuid), mutations });
  }

  increment(table: string, uuid: Uuid, column: string, by: Integer = 1): void {
    this.mutate(table, uuid, [[column, "+=", by]]);
  }

  delete(table: string, uuid: Uuid): void {
    this.#write({ op: "delete", table, where: this.#only(table, uuid) });
  }

  add(operation: Operation): void {
    if (operation.op === "insert" && operation.uuid !== undefined) {
      const { table, uuid } = operation;
      this.#inserted.set(uuid, { table, uuid });
    }
    this.#write(operation);
  }

  comment(text: string): void {
    this.#mustBeOpen();
    this.#comments.push({ op: "comment", comment: text });
  }

  assertLock(lock: { readonly name: string } | string): void {
    this.#mustBeOpen();
    this.#asserts.push({ op: "assert", lock: typeof lock === "string" ? lock : lock.name });
  }

  /** Ends the writing. A transaction that writes nothing has no operations at all: a snapshot needs no verifying. */
  finish(): Draft {
    this.#isOver = true;
    const inserted = [...this.#inserted.values()];
    if (this.#written.length === 0) return { operations: [], verified: [], inserted };
    const verified = this.#reads.verify();
    const waits = verified.map(({ wait }) => wait);
    const operations = [...waits, ...this.#asserts, ...this.#written, ...this.#comments];
    return { operations, verified, inserted };
  }

  /** One row, which has to be there: without this an operation on a row that is gone does nothing, and succeeds. */
  #only(table: string, uuid: Uuid): readonly LooseCondition[] {
    if (!this.#inserted.has(uuid)) this.#reads.mustHave(table, uuid);
    return [["_uuid", "==", uuid]];
  }

  #write(operation: Operation): void {
    this.#mustBeOpen();
    this.#written.push(operation);
  }

  #mustBeOpen(): void {
    if (this.#isOver) {
      throw new TypeError("the transaction is over: its callback has returned. Callbacks are synchronous");
    }
  }
}

/** The recorder as the callback of a database's rows sees it. @internal */
export function typedTransaction<Db extends DatabaseRows, Rows extends RowsByTable>(
  recorder: Recorder,
): Transaction<Db, Rows>;
export function typedTransaction(recorder: Recorder): Transaction {
  return recorder;
}

/** Whether a callback gave a promise. @internal */
export function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
