import { EventEmitter } from "eventemitter3";
import { ProtocolError, type IncompatibleError, type InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { CallError, JsonRpcConnection, ResultParts } from "../jsonrpc/connection.js";
import { WrittenParams } from "../jsonrpc/encode.js";
import { encodeTransaction, writeTransaction, type EncodedTransaction } from "./encode-transaction.js";
import {
  advised,
  broken,
  noConditions,
  unsendable,
  type MonitorError,
  type RequestError,
  type TransactError,
} from "./errors.js";
import { Fault } from "./fault.js";
import {
  encodeRequest,
  type EncodedRequest,
  type MonitoredRows,
  type MonitorRequest,
} from "./monitor-request.js";
import {
  Monitor,
  overFor,
  type Closed,
  type OperationOptions,
  type RowsByTable,
  type UpdateSink,
} from "./monitor.js";
import type { Operation } from "./operations.js";
import { Replica } from "./replica.js";
import { prepareTransaction, type Blanks, type BlankValues, type PreparedTransaction } from "./prepared.js";
import type { Schemas } from "./row-plan.js";
import { compareSchemas, type SchemaReport } from "./schema-report.js";
import type { DatabaseSchema } from "./schema.js";
import { readNames, readServerId } from "./server-answers.js";
import { ReplyReader } from "./session/reply-reader.js";
import { updateParts } from "./session/update-reader.js";
import { readTransactionResult, type OperationResult, type ResultsOf } from "./transaction-result.js";
import type { Uuid } from "./uuid.js";
import type { DatabaseRows } from "./value.js";

/** What a client tells. */
export interface ClientEvents {
  /** The connection is over, for the given reason. Comes once, and nothing comes after it. */
  readonly close: [Closed];
}

const callMs = 10_000;
/** The first rows of a large database take a while to come. */
const monitorMs = 60_000;
/** For what nobody waits for. */
const farewellMs = 1000;

/**
 * One connection to one database of an OVSDB server. Made by `connectOvsdb`. When the connection ends the client is
 * over, and what waits fails at once; connect again for a new one.
 */
export class OvsdbClient<Db extends DatabaseRows = DatabaseRows> implements AsyncDisposable {
  readonly events = new EventEmitter<ClientEvents>();
  readonly #connection: JsonRpcConnection;
  #schemas: Schemas;
  readonly #monitors = new Map<string, UpdateSink>();
  #monitorsMade = 0;
  #closed: Closed | undefined;

  /** @internal */
  constructor(connection: JsonRpcConnection, schemas: Schemas) {
    this.#connection = connection;
    this.#schemas = schemas;
    connection.events.on("close", (reason) => this.#end(reason));
    if (connection.closed !== undefined) this.#end(connection.closed);
  }

  /** The database as this server describes it. */
  get schema(): DatabaseSchema {
    return this.#schemas.server;
  }

  /** How the server's schema differs from the one given to `connectOvsdb`; `undefined` if none was. */
  get schemaReport(): SchemaReport | undefined {
    const { expected, server } = this.#schemas;
    return expected === undefined ? undefined : compareSchemas(expected, server);
  }

  /** The server has converted the database: from now on operations are written by this schema. @internal */
  convertedTo(schemas: Schemas): void {
    this.#schemas = schemas;
  }

  /** Why the connection is over; `undefined` while it lasts. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /**
   * Does all of the operations, or none. The result has one element for each, in their order. Everything that can be
   * wrong with them by themselves is refused with `invalid` or `incompatible` before anything is sent; what the server
   * refuses is a {@link TransactionRejectedError}, and then nothing was done. What it gives up because the database is
   * converted or removed is `rejected` as `canceled`: a cluster may have done that all the same.
   *
   * After `timeout` and `aborted` with the outcome `unknown` the server is told to cancel it. Whether it was faster
   * is not known, nor is it after `disconnected` with that outcome, or after `protocol`. A transaction that is sent
   * again is safe if it has a `wait` that fails when the first was done, or inserts rows by `uuid`.
   */
  transact<const Operations extends readonly Operation<Db>[]>(
    operations: Operations,
    options: OperationOptions,
  ): Promise<Result<ResultsOf<Operations>, TransactError>>;
  transact(
    operations: readonly Operation[],
    options: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    return this.transactNoting(operations, options, undefined);
  }

  /** Does what `transact` does, and tells synchronously when the answer is read: see `SessionPort`. @internal */
  transactNoting(
    operations: readonly Operation[],
    options: OperationOptions,
    answered: (() => void) | undefined,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    const encoded = encodeTransaction(this.#schemas, operations, options.operation);
    if (encoded.isErr()) {
      answered?.();
      return Promise.resolve(encoded);
    }
    const text = writeTransaction(this.schema.name, encoded.value);
    return this.#transact(encoded.value, text, options, answered);
  }

  /**
   * Writes a transaction that is to be sent often. `build` gets the blanks, each of which may stand in several places, as
   * a whole, where the operations want a string or a uuid, or an integer; `execute` takes their values. What is wrong with
   * the operations is told here, as by `transact`. The limits of a column (`enum`, `maxLength`) are not looked at again
   * when a blank is filled: the server refuses what breaks them.
   */
  prepare<const Operations extends readonly Operation<Db>[]>(
    blanks: Blanks,
    build: (texts: readonly Uuid[], integers: readonly number[]) => Operations,
    operation: string,
  ): Result<PreparedTransaction<Operations>, InvalidError | IncompatibleError> {
    return prepareTransaction(this.#schemas, blanks, build, operation);
  }

  /** Does what `transact` does, with a transaction that was prepared by this client and a value for each blank. */
  execute<const Operations extends readonly Operation[]>(
    prepared: PreparedTransaction<Operations>,
    values: BlankValues,
    options: OperationOptions,
  ): Promise<Result<ResultsOf<Operations>, TransactError>>;
  execute(
    prepared: PreparedTransaction,
    values: BlankValues,
    options: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    return this.#transact(prepared.encoded, prepared.paramsWith(values), options, undefined);
  }

  #transact(
    encoded: EncodedTransaction,
    params: string | Fault,
    options: OperationOptions,
    answered: (() => void) | undefined,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    const { operation, signal, timeoutMs = callMs } = options;
    if (params instanceof Fault) {
      answered?.();
      return Promise.resolve(Err(unsendable(this.schema, operation, params)));
    }
    return new Promise((resolve) => {
      let id = 0;
      id = this.#connection.request(
        "transact",
        new WrittenParams(params),
        { operation, signal, timeoutMs },
        (reply) => {
          answered?.();
          resolve(
            reply.isOk()
              ? this.#read(encoded, reply.value, operation)
              : Err(this.#undone(id, reply.error, operation)),
          );
        },
      );
    });
  }

  #read(
    encoded: EncodedTransaction,
    reply: unknown,
    operation: string,
  ): Result<readonly OperationResult[], RequestError> {
    const result = readTransactionResult(encoded, reply, operation);
    if (result.isErr() && result.error instanceof ProtocolError) this.#end(result.error);
    return result;
  }

  #undone(id: number, cause: CallError, operation: string): RequestError {
    const error = this.#failed(cause, "transact", operation);
    // It may be a wait, which would be done whenever its time comes. ovsdb-server answers neither one.
    const isPending = (error.kind === "timeout" || error.kind === "aborted") && error.outcome === "unknown";
    if (isPending) this.#connection.notify("cancel", [id], operation);
    return error;
  }

  /**
   * Keeps the rows of some tables up to date, from now on. What the server lacks is left out and told in
   * `monitor.absent`. Uses `monitor_cond`, or `monitor` where the server does not have that (before 2.6) and no table
   * has conditions. The default deadline is 60 s.
   */
  async monitor<const Request extends MonitorRequest<Db>>(
    request: Request,
    options: OperationOptions,
  ): Promise<Result<Monitor<MonitoredRows<Db, Request>>, MonitorError>> {
    const { operation } = options;
    const encoded = encodeRequest(this.#schemas, request);
    if (encoded instanceof Fault) return Err(unsendable(this.schema, operation, encoded));
    const started = await this.#startMonitor<MonitoredRows<Db, Request>>(encoded, "monitor_cond", options);
    const isUnknown =
      started.isErr() && started.error.kind === "rejected" && started.error.reason === "unknown method";
    if (!isUnknown) return started;
    return encoded.conditional
      ? Err(noConditions(operation))
      : this.#startMonitor(encoded, "monitor", options);
  }

  async #startMonitor<Rows extends RowsByTable>(
    { plans, absent, absentTables, wire }: EncodedRequest,
    method: "monitor" | "monitor_cond",
    options: OperationOptions,
  ): Promise<Result<Monitor<Rows>, RequestError>> {
    this.#monitorsMade += 1;
    const id = `vswitch-drivers-${this.#monitorsMade}`;
    const replica = new Replica(plans, absentTables);
    const monitor = new Monitor<Rows>(replica, absent, (reason) => this.#cancelMonitor(id, reason));
    if (this.#monitorsMade === 1) this.#takeUpdates();
    this.#monitors.set(id, monitor);
    const parts = new ReplyReader(method, () => monitor.begin()).partsFor({
      isCurrent: () => this.#monitors.has(id),
      inconsistent: (bad) => this.#end(broken(options.operation, `answer to ${method}`, bad)),
      end: (update) => monitor.finish(update),
    });
    const reply = await this.#call(method, [this.schema.name, id, wire], options, monitorMs, parts);
    if (reply.isOk()) return Ok(monitor);
    this.#monitors.delete(id);
    // The server may start it all the same.
    if ("outcome" in reply.error && reply.error.outcome === "unknown") void this.#forgetMonitor(id);
    return reply;
  }

  #takeUpdates(): void {
    const parts = updateParts({
      // One that was just cancelled may still be told something.
      begin: (id) => this.#monitors.get(id)?.begin(),
      inconsistent: (method, bad) => this.#end(broken("monitor", method, bad)),
      end: (id, update) => this.#monitors.get(id)?.finish(update),
    });
    this.#connection.takeNotifications(parts);
  }

  /** Asks for a sign of life; the server gives back the same. */
  async echo(options: OperationOptions): Promise<Result<void, RequestError>> {
    const reply = await this.#call("echo", [], options, callMs);
    return reply.map(() => undefined);
  }

  /** The names of the databases of this server, `_Server` among them. */
  async listDbs(options: OperationOptions): Promise<Result<readonly string[], RequestError>> {
    const reply = await this.#call("list_dbs", [], options, callMs);
    return reply.andThen((names) => this.#checked(readNames(names), "list of databases", options));
  }

  /** A uuid that the server process made when it started. */
  async getServerId(options: OperationOptions): Promise<Result<Uuid, RequestError>> {
    const reply = await this.#call("get_server_id", [], options, callMs);
    return reply.andThen((id) => this.#checked(readServerId(id), "id", options));
  }

  /** Ends the connection, at once. What waits fails as `disconnected`. Does nothing the second time. */
  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #call(
    method: string,
    params: readonly unknown[],
    { operation, signal, timeoutMs }: OperationOptions,
    defaultMs: number,
    parts?: ResultParts,
  ): Promise<Result<unknown, RequestError>> {
    const options = { operation, signal, timeoutMs: timeoutMs ?? defaultMs, parts };
    const reply = await this.#connection.call(method, params, options);
    return reply.isOk() ? reply : Err(this.#failed(reply.error, method, operation));
  }

  /** Of an answer that was none the connection knows only that this side closed it. */
  #failed(error: CallError, method: string, operation: string): RequestError {
    const { closed } = this;
    const isOurs = error.kind === "disconnected" && closed?.kind === "protocol";
    return isOurs ? overFor(operation, closed) : advised(error, method);
  }

  #checked<T>(value: T | Fault, what: string, { operation }: OperationOptions): Result<T, ProtocolError> {
    if (!(value instanceof Fault)) return Ok(value);
    const error = broken(operation, what, value);
    this.#end(error);
    return Err(error);
  }

  async #cancelMonitor(id: string, reason: Closed): Promise<void> {
    this.#monitors.get(id)?.end(reason);
    this.#monitors.delete(id);
    await this.#forgetMonitor(id);
  }

  async #forgetMonitor(id: string): Promise<void> {
    if (this.#closed !== undefined) return;
    await this.#connection.call("monitor_cancel", [id], { operation: "cancel", timeoutMs: farewellMs });
  }

  #end(reason: Closed): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#connection.close();
    for (const monitor of this.#monitors.values()) monitor.end(reason);
    this.#monitors.clear();
    this.events.emit("close", reason);
    this.events.removeAllListeners();
  }
}
