/**
 * An OVSDB client: RFC 7047 as ovsdb-server speaks it. It knows no switch.
 *
 * @module
 */
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
export { TransactionRejectedError, type FailedOperation, type TransactError } from "./errors.js";
export { defineSchema, type ExpectedSchema } from "./expected-schema.js";
export type { MonitoredRows, MonitorRequest, TableRequest } from "./monitor-request.js";
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
export type { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";
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
