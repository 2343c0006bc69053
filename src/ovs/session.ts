import { longestTimer, type Deadline } from "../core/call.js";
import { DisconnectedError, ProtocolError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { unwatchSignal, watchSignal } from "../core/signals.js";
import type { TlsOptions } from "../net/dial.js";
import {
  connectOvsdb,
  type Monitor,
  type MonitoredRows,
  type Operation,
  type OperationOptions,
  type OperationResult,
  type OvsdbClient,
  type ResultsOf,
  type TransactError,
} from "../ovsdb/index.js";
import { insert, wait, type Db } from "./database.js";
import { Filled, PreparedTransactions, type Transaction } from "./prepared.js";
import { rootColumnNames, type RootRow, type Uuid } from "./rows.js";
import { openVSwitchSchema } from "./schema/open-vswitch.js";
import type { SwitchFacts } from "./support.js";
import { vhostSocketDirectory } from "./vhost-sockets.js";

/** How to reach an Open vSwitch. */
export interface SessionOptions {
  readonly remote: string;
  readonly tls?: TlsOptions | undefined;
}

const rootRequest = { Open_vSwitch: { columns: rootColumnNames } } as const;

type RootRows = MonitoredRows<Db, typeof rootRequest>;

/** A commit that is waited for: longer than the deadline by this much, so that a late answer can still be undone. */
export const graceMs = 1000;

/** A signal that fires {@link graceMs} after the caller's does. */
class LateSignal {
  readonly #late = new AbortController();
  readonly #caller: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => {
    this.#timer = setTimeout(() => this.#late.abort(), graceMs);
  };

  constructor(caller: AbortSignal) {
    this.#caller = caller;
    watchSignal(caller, this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    unwatchSignal(this.#caller, this.#onAbort);
  }
}

/** One connection to the database of an Open vSwitch, with the root row (table `Open_vSwitch`) kept up to date. */
export class Session {
  readonly client: OvsdbClient<Db>;
  readonly prepared: PreparedTransactions;
  readonly #root: Monitor<RootRows>;
  readonly #remote: string;
  #facts: { readonly root: RootRow | undefined; readonly facts: SwitchFacts } | undefined;
  /** Whether it was we who ended it. */
  closing = false;

  private constructor(client: OvsdbClient<Db>, root: Monitor<RootRows>, remote: string) {
    this.client = client;
    this.prepared = new PreparedTransactions(client);
    this.#root = root;
    this.#remote = remote;
  }

  static async open(options: SessionOptions, deadline: Deadline): Promise<Result<Session, VSwitchError>> {
    const connected = await connectOvsdb<Db>({
      remote: options.remote,
      database: "Open_vSwitch",
      schema: openVSwitchSchema,
      operation: deadline.operation,
      ...(options.tls !== undefined && { tls: options.tls }),
      ...deadline.step(),
    });
    if (connected.isErr()) return connected;
    const client = connected.value;
    const root = await client.monitor(rootRequest, { operation: deadline.operation, ...deadline.step() });
    if (root.isErr()) {
      await client.close();
      return root;
    }
    return Ok(new Session(client, root.value, options.remote));
  }

  /** Why the connection ended; `undefined` while it lasts. */
  get closed(): VSwitchError | undefined {
    return this.client.closed;
  }

  /** The root row; `undefined` in a database that nobody has initialised. */
  get root(): RootRow | undefined {
    for (const row of this.#root.table("Open_vSwitch").values()) return row;
    return undefined;
  }

  /** What the root row says of the switch. */
  get facts(): SwitchFacts {
    const { root } = this;
    if (this.#facts === undefined || this.#facts.root !== root)
      this.#facts = { root, facts: this.#readFacts(root) };
    return this.#facts.facts;
  }

  #readFacts(root: RootRow | undefined): SwitchFacts {
    const interfaceTypes = new Set(root?.iface_types);
    // Before that column came a vswitchd listed DPDK's types only once it had initialised DPDK.
    const isTold = !this.#root.absent.includes("Open_vSwitch.dpdk_initialized");
    return {
      interfaceTypes,
      datapathTypes: new Set(root?.datapath_types),
      dpdkInitialized: isTold ? (root?.dpdk_initialized ?? false) : interfaceTypes.has("dpdk"),
      vhostSocketDirectory: vhostSocketDirectory(root, this.#remote),
    };
  }

  /** Reads, in one transaction. The time is the verb's, and the error tells of the whole of it. */
  async read<const Operations extends readonly Operation<Db>[]>(
    transaction: Operations | Filled<Operations>,
    deadline: Deadline,
  ): Promise<Result<ResultsOf<Operations>, TransactError>> {
    if (deadline.hasPassed) return Err(deadline.failure("preparing to read", "not-sent"));
    const { operation, callerSignal: signal } = deadline;
    const result = await this.#send(transaction, { operation, signal, timeoutMs: deadline.remainingMs() });
    if (result.isErr() && result.error.kind === "timeout")
      return Err(deadline.failure("waiting for the answer to transact", result.error.outcome));
    return result;
  }

  #send<const Operations extends readonly Operation<Db>[]>(
    transaction: Operations | Filled<Operations>,
    options: OperationOptions,
  ): Promise<Result<ResultsOf<Operations>, TransactError>> {
    return transaction instanceof Filled
      ? this.client.execute(transaction.prepared, transaction.values, options)
      : this.client.transact(transaction, options);
  }

  /**
   * Writes, in one transaction. A deadline or a signal that fires while the server has it does not end the wait at
   * once: only who knows the answer can undo.
   */
  async write(
    transaction: Transaction,
    deadline: Deadline,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    if (deadline.hasPassed) return Err(deadline.failure("preparing the transaction", "not-sent"));
    const late = deadline.callerSignal && new LateSignal(deadline.callerSignal);
    try {
      const result = await this.#send(transaction, {
        operation: deadline.operation,
        signal: late?.signal,
        timeoutMs: Math.min(deadline.remainingMs() + graceMs, longestTimer),
      });
      if (result.isErr() && (result.error.kind === "aborted" || result.error.kind === "timeout"))
        return Err(deadline.failure("waiting for the database to commit", "unknown"));
      return result;
    } finally {
      late?.end();
    }
  }

  /** The id of the root row, where there is one. */
  get knownRoot(): Result<Uuid, never> | undefined {
    const { root } = this;
    return root && Ok(root._uuid);
  }

  /** The id of the root row. As `ovs-vsctl` does, one is made in a database that has none. */
  async rootId(deadline: Deadline): Promise<Result<Uuid, VSwitchError>> {
    const { root } = this;
    if (root !== undefined) return Ok(root._uuid);
    const made = await this.write(
      [wait("Open_vSwitch", [], ["cur_cfg"], "==", [], 0), insert("Open_vSwitch", {})],
      deadline,
    );
    // Somebody else may have been faster: then the guard failed, and the row has arrived by the monitor.
    const now = this.root?._uuid;
    if (now !== undefined) return Ok(now);
    if (made.isErr()) return made;
    const message = `${deadline.operation}: the database took a root row (table Open_vSwitch) and does not show it`;
    return Err(new ProtocolError({ operation: deadline.operation, message }));
  }

  /** Ends the connection, by our own will. */
  close(): Promise<void> {
    this.closing = true;
    return this.client.close();
  }
}

/** The error of a verb that is called after `close()`. */
export function closedError(operation: string): DisconnectedError {
  const message = `${operation}: the connection was closed by close(); connect again`;
  return new DisconnectedError({ operation, outcome: "not-sent", message });
}
