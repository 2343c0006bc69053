/**
 * An OVSDB client: RFC 7047 as ovsdb-server speaks it. It knows no switch.
 *
 * ```ts
 * import { connectOvsdb, operations } from "vswitch-drivers/ovsdb";
 *
 * const { select } = operations();
 * const connected = await connectOvsdb({ remote: "unix:/run/openvswitch/db.sock", database: "Open_vSwitch" });
 * await using client = connected.unwrap();
 * const [bridges] = (await client.transact([select("Bridge", [], ["name"])], { operation: "list" })).unwrap();
 * ```
 *
 * @module
 */
export { OvsdbClient, type ClientEvents } from "./client.js";
export type {
  AtomicType,
  BaseType,
  BooleanType,
  ColumnType,
  IntegerType,
  RealType,
  Shape,
  StringType,
  UuidType,
} from "./column-type.js";
export { connectOvsdb, type ConnectError, type ConnectOptions } from "./connect.js";
export type { TlsOptions } from "../net/tls.js";
export { Database, type ConditionsError } from "./database.js";
export type { DatabaseEvents } from "./database-port.js";
export {
  TransactionRejectedError,
  type FailedOperation,
  type MonitorError,
  type RequestError,
  type TransactError,
} from "./errors.js";
export { defineSchema, type ExpectedSchema, type SchemaOptions } from "./expected-schema.js";
export type { MonitoredRows, MonitorRequest, TableRequest } from "./monitor-request.js";
export {
  Monitor,
  type Closed,
  type MonitorEvents,
  type OperationOptions,
  type RowChangeOf,
  type RowsByTable,
  type WaitError,
} from "./monitor.js";
export {
  operations,
  setKey,
  type AbortOperation,
  type AssertOperation,
  type CommentOperation,
  type CommitOperation,
  type Condition,
  type DeleteOperation,
  type InputRow,
  type InsertOperation,
  type MutateOperation,
  type Mutation,
  type Operation,
  type Operations,
  type SelectableColumn,
  type SelectedRow,
  type SelectOperation,
  type Stored,
  type TableOperation,
  type UpdateOperation,
  type WaitOperation,
  type Where,
} from "./operations.js";
export type { Blanks, BlankValues, PreparedTransaction } from "./prepared.js";
export { ChangeStream, type ChangeStreamOptions } from "./changes/change-stream.js";
export { LiveQuery, type QueryChange, type RowFilter, type WatchOptions } from "./changes/live-query.js";
export type { LocalTransaction } from "./changes/origin.js";
export type { DatabaseChange } from "./changes/pending-changes.js";
export type { Reader, WaitPredicate } from "./changes/wait-for.js";
export { Lock, type LockError, type LockEvents, type LockLost, type LockOptions } from "./locks.js";
export type { Query } from "./database-verbs.js";
export type { TransactionCallback, TransactionOptions } from "./transaction/commit.js";
export type { DryRun } from "./transaction/dry-run.js";
export type { Mark, TransactionMarker } from "./transaction/marker.js";
export type { Commit, CommitError, Committed, Rejected, Unknown } from "./transaction/outcome.js";
export type { TransactionTold } from "./transaction/told.js";
export type { NumberColumn, ReadTable, Transaction } from "./transaction/transaction.js";
export { openDatabase, type AllTables, type OpenError, type OpenOptions } from "./open-database.js";
export type { IdentifiedRow } from "./row-plan.js";
export type { SessionState } from "./session/events.js";
export type { Health } from "./session/health.js";
export type { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";
export { compareSchemas, SchemaReport, type SchemaDifference } from "./schema-report.js";
export type { IntegerForm, RowsOf, SchemaJson } from "./schema-rows.js";
export type {
  CountResult,
  EmptyResult,
  InsertResult,
  OperationResult,
  ResultOf,
  ResultsOf,
  SelectResult,
} from "./transaction-result.js";
export { newUuid, toUuid, zeroUuid, type Uuid } from "./uuid.js";
export {
  named,
  NamedUuid,
  type Atom,
  type ColumnName,
  type DatabaseRows,
  type ImplicitColumns,
  type Input,
  type InputAtom,
  type Integer,
  type Row,
  type TableName,
  type Value,
} from "./value.js";
export type { KeyPart } from "./replica/key-part.js";
export type {
  Change,
  IndexColumn,
  IndexRequest,
  References,
  Snapshot,
  TableView,
} from "./replica/snapshot.js";
