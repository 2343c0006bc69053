import type { CallOptions, Deadline } from "../core/call.js";
import { DisconnectedError, ProtocolError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { TlsOptions } from "../net/dial.js";
import {
  connectOvsdb,
  type Integer,
  type Monitor,
  type MonitoredRows,
  type Operation,
  type OperationResult,
  type OvsdbClient,
  type ResultsOf,
  type TransactError,
} from "../ovsdb/index.js";
import { insert, wait, type Db } from "./database.js";
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
const graceMs = 1000;

/** One connection to the database of an Open vSwitch, with the root row (table `Open_vSwitch`) kept up to date. */
export class Session {
  readonly client: OvsdbClient<Db>;
  readonly #root: Monitor<RootRows>;
  readonly #remote: string;
  /** Whether it was we who ended it. */
  closing = false;

  private constructor(client: OvsdbClient<Db>, root: Monitor<RootRows>, remote: string) {
    this.client = client;
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

  get facts(): SwitchFacts {
    const { root } = this;
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

  /** Reads, in one transaction. */
  read<const Operations extends readonly Operation<Db>[]>(
    operations: Operations,
    deadline: Deadline,
  ): Promise<Result<ResultsOf<Operations>, TransactError>> {
    return this.client.transact(operations, { operation: deadline.operation, ...deadline.step() });
  }

  /**
   * Writes, in one transaction. A deadline or a signal that fires while the server has it does not end the wait at
   * once: only who knows the answer can undo.
   */
  async write(
    operations: readonly Operation<Db>[],
    deadline: Deadline,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onDeadline = (): void => {
      timer = setTimeout(() => late.abort(), graceMs);
    };
    if (deadline.signal.aborted) return Err(deadline.failure("preparing the transaction", "not-sent"));
    deadline.signal.addEventListener("abort", onDeadline, { once: true });
    const timeoutMs = deadline.remainingMs() + 2 * graceMs;
    const result = await this.client.transact(operations, {
      operation: deadline.operation,
      signal: late.signal,
      timeoutMs,
    });
    clearTimeout(timer);
    deadline.signal.removeEventListener("abort", onDeadline);
    if (result.isErr() && (result.error.kind === "aborted" || result.error.kind === "timeout")) {
      return Err(deadline.failure("waiting for the database to commit", "unknown"));
    }
    return result;
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

  /** Waits until ovs-vswitchd says that it has applied the configuration of this number (`cur_cfg >= next_cfg`). */
  async applied(
    nextCfg: Integer,
    options: { operation: string } & CallOptions,
  ): Promise<Result<void, VSwitchError>> {
    const reached = (): boolean => {
      const current = this.root?.cur_cfg;
      return current !== undefined && current >= nextCfg;
    };
    const waited = await this.#root.waitUntil(reached, options);
    return waited.isErr() ? waited : Ok(undefined);
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
