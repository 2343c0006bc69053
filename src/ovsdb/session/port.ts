import type { Result } from "../../core/result.js";
import type { RequestError, TransactError } from "../errors.js";
import type { Closed, OperationOptions, RowsByTable } from "../monitor.js";
import type { Operation } from "../operations.js";
import type { Change, Snapshot } from "../replica/snapshot.js";
import type { Schemas } from "../row-plan.js";
import type { OperationResult } from "../transaction-result.js";
import type { Unusable } from "./events.js";

/** Where a session stands, as {@link SessionPort.onState} tells it. */
export type PortState = "ready" | "lost" | "unusable" | "closed";

/**
 * What transactions, locks, change streams and live queries need of a session, and all they need: a `Database` is one
 * behind its `port`, and a test makes its own. Everything here is synchronous but what returns a promise.
 */
export interface SessionPort<Rows extends RowsByTable = RowsByTable> {
  /** The newest rows. After a loss these are the last that were known. */
  snapshot(): Snapshot<Rows>;
  /** The schemas to write operations by: those of the present connection or, without one, of the last. */
  readonly schemas: Schemas;
  /** Rises by one every time that the session becomes ready. */
  readonly generation: number;
  /**
   * The present connection, to be compared with another one; `undefined` without one. The session may be lost with it or
   * become ready again on the same one, where the server has changed the database: locks are not lost by that.
   */
  readonly connection: object | undefined;
  /** Whether requests can be sent now: connected to an acceptable server, and the rows are up to date. */
  readonly isReady: boolean;
  /** Why the database, as its server has it now, is of no use to this session; `undefined` where it is, or is not known. */
  readonly unusable: Unusable | undefined;
  /** Why the session is over; `undefined` while it lasts, through disconnects too. */
  readonly closed: Closed | undefined;
  /**
   * Sends a transaction on the present connection. Its own changes are in `snapshot()` before the promise settles.
   * `disconnected` with the outcome `not-sent` where there is no connection, with `unknown` where it ended meanwhile.
   * `answered` is called when the answer is read, or not waited for any more, or nothing was sent: after the changes that
   * were told before it and before any that came after it, which are others'.
   */
  transact(
    operations: readonly Operation[],
    options: OperationOptions,
    answered?: () => void,
  ): Promise<Result<readonly OperationResult[], TransactError>>;
  /** Sends any other request on the present connection, such as `lock`. */
  call(
    method: string,
    params: readonly unknown[],
    options: OperationOptions,
  ): Promise<Result<unknown, RequestError>>;
  /** Settles when the session is ready: at once if it is. Fails with why it is over, or why the caller gave up. */
  ready(options: OperationOptions): Promise<Result<void, RequestError>>;
  /** Tells every change, synchronously and in order, after the snapshot has moved. Gives what ends it. */
  onChange(listener: (change: Change<Rows>) => void): () => void;
  /**
   * Tells when the session becomes ready, is lost, or is over; that it is lost once more where it still had its connection then,
   * and that goes; and, after it was lost, that the database is of no use as it is. Gives what ends it.
   */
  onState(listener: (state: PortState) => void): () => void;
  /** Tells the server's notifications of that method, such as `locked`, with their params. Gives what ends it. */
  onNotification(method: string, listener: (params: readonly unknown[]) => void): () => void;
}
