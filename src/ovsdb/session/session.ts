import { longestTimer } from "../../core/call.js";
import { DisconnectedError, IncompatibleError, ProtocolError, RejectedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { CallError, JsonRpcConnection } from "../../jsonrpc/connection.js";
import { OvsdbClient } from "../client.js";
import { broken } from "../errors.js";
import { Fault } from "../fault.js";
import { isArray } from "../json.js";
import type { Closed } from "../monitor.js";
import { LiveReplica, type DatabaseRowsAt, type Loading, type LooseChange } from "../replica/live-replica.js";
import type { Schemas } from "../row-plan.js";
import { zeroUuid } from "../uuid.js";
import { Conditions, type Where } from "./conditions.js";
import type { SessionEffect, SessionEvent, TimerName } from "./events.js";
import { follow } from "./follow.js";
import { publishInconsistency, publishState, type Health } from "./health.js";
import { Link, type LinkSetup } from "./link.js";
import { Listeners } from "./listeners.js";
import { SessionMachine, type SessionOptions } from "./machine.js";
import { MonitorPlan, type TableRequests, type Wanted } from "./monitor-plan.js";
import type { PortState } from "./port.js";
import type { SessionRemote } from "./remotes.js";
import { ReplyReader } from "./reply-reader.js";
import { ServerMonitor } from "./server-monitor.js";

/** What a session needs besides what decides how it behaves. */
export interface SessionSetup extends LinkSetup, Wanted {
  readonly options: SessionOptions;
}

interface Ticket {
  readonly number: number;
  readonly settle: (result: Result<void, RejectedError | Closed>) => void;
}

/** Runs a session: carries out what its machine decides, and tells it what comes of that. */
export class Session {
  readonly onChange = new Listeners<LooseChange>();
  readonly onState = new Listeners<PortState>();
  /** Every step of the session, also on the way to a state of the port. */
  readonly onHealth = new Listeners<Health>();
  readonly onNotification = new Listeners<{ readonly method: string; readonly params: readonly unknown[] }>();
  readonly #setup: SessionSetup;
  readonly #machine: SessionMachine;
  readonly #conditions: Conditions;
  readonly #replica = new LiveReplica();
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  readonly #events: SessionEvent[] = [];
  #isHandling = false;
  #tickets: Ticket[] = [];
  readonly #link: Link;
  readonly #plan: MonitorPlan;
  #client: OvsdbClient | undefined;
  #serverMonitor: ServerMonitor | undefined;
  #monitorId: string | undefined;
  #monitorsMade = 0;
  #wasReady = false;
  #generation = 0;
  #fullLoads = 0;
  #fastResyncs = 0;
  #changes = 0;
  #closed: Closed | undefined;
  #unusable: Error | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#conditions = new Conditions(initialConditions(setup.tables));
    this.#machine = new SessionMachine(setup.options, this.#conditions);
    this.#plan = new MonitorPlan(setup);
    this.#link = new Link(setup, {
      connected: () => {
        this.#forgetConnection();
        this.#dispatch({ kind: "connected", now: performance.now() });
      },
      failed: (error) =>
        this.#dispatch({ kind: "dial-failed", reason: error.message, error, now: performance.now() }),
      notified: (method, params) => this.#notified(method, params),
      lost: (error) =>
        this.#dispatch({ kind: "disconnected", reason: error.message, error, now: performance.now() }),
    });
  }

  get rows(): DatabaseRowsAt | undefined {
    return this.#replica.current;
  }

  get schemas(): Schemas | undefined {
    return this.#plan.schemas;
  }

  /** The present connection, to write to the database over; only while the session is up to date. */
  get client(): OvsdbClient | undefined {
    return this.isReady ? this.#client : undefined;
  }

  get connection(): JsonRpcConnection | undefined {
    return this.isReady ? this.#link.connection : undefined;
  }

  get isReady(): boolean {
    return this.#machine.state === "monitoring";
  }

  get generation(): number {
    return this.#generation;
  }

  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** Why the database cannot be used as it is; `undefined` where it can. */
  get unusable(): Error | undefined {
    return this.#unusable;
  }

  /** Tables, and columns as `Table.column`, that the server does not have. */
  get absent(): readonly string[] {
    return this.#plan.absent;
  }

  get health(): Health {
    const { state, reason, remote, server } = this.#machine;
    const { connection } = this.#link;
    return {
      state,
      reason,
      remote,
      server: server && {
        model: server.model,
        leader: server.leader,
        cid: server.cid,
        sid: server.sid,
        index: server.index,
      },
      generation: this.#generation,
      fullLoads: this.#fullLoads,
      fastResyncs: this.#fastResyncs,
      changes: this.#changes,
      receivedBytes: connection?.receivedBytes ?? 0,
      queuedBytes: connection?.writableBytes ?? 0,
    };
  }

  start(): void {
    this.#dispatch({ kind: "start" });
  }

  close(): void {
    this.#dispatch({ kind: "close" });
  }

  setRemotes(remotes: readonly SessionRemote[], cid: string | undefined): void {
    this.#dispatch({ kind: "set-remotes", remotes, cid, now: performance.now() });
  }

  forceReconnect(): void {
    this.#dispatch({ kind: "force-reconnect", now: performance.now() });
  }

  resetMinIndex(): void {
    this.#dispatch({ kind: "reset-min-index" });
  }

  /** Wants other rows of a table; settles when they are in. What they are is checked already. */
  setConditions(
    table: string,
    where: Where,
  ): Promise<Result<void, RejectedError | Closed | IncompatibleError>> {
    if (this.#closed !== undefined) return Promise.resolve(Err(this.#closed));
    if (this.isReady && !this.#machine.hasConditions)
      return Promise.resolve(Err(noConditions("setConditions")));
    return new Promise((settle) => {
      this.#tickets.push({ number: this.#conditions.set(table, where), settle });
      this.#dispatch({ kind: "conditions-set" });
    });
  }

  #dispatch(event: SessionEvent): void {
    this.#events.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        for (const effect of this.#machine.handle(next)) this.#perform(effect);
      }
    } finally {
      this.#isHandling = false;
    }
  }

  #perform(effect: SessionEffect): void {
    switch (effect.do) {
      case "dial":
        return this.#link.dial(effect.remote, effect.timeoutMs);
      case "listen":
        return this.#link.listen(effect.remote);
      case "hang-up":
        return this.#hangUp();
      case "set-timer":
        return this.#setTimer(effect.timer, effect.ms);
      case "clear-timer":
        clearTimeout(this.#timers.get(effect.timer));
        return undefined;
      case "get-server-schema":
        return this.#getServerSchema();
      case "monitor-server":
        return this.#monitorServer();
      case "change-aware":
        void this.#link.connection?.call("set_db_change_aware", [true], this.#patient());
        return undefined;
      case "get-schema":
        return this.#getSchema();
      case "monitor":
        return this.#monitor(effect);
      case "change-conditions":
        return this.#changeConditions(effect.conditions);
      case "cancel-monitor":
        return this.#cancelMonitor(effect.monitor);
      case "settle-conditions":
        return this.#settleConditions(effect.upTo, effect.error);
      case "tell-state":
        this.#unusable = effect.state === "incompatible" ? effect.error : undefined;
        return this.#tellState();
      case "end":
        return this.#end(effect.error);
    }
  }

  #hangUp(): void {
    this.#link.hangUp();
    this.#forgetConnection();
  }

  /** What was asked over a connection is not asked over the next one. */
  #forgetConnection(): void {
    this.#client = undefined;
    this.#serverMonitor = undefined;
    this.#monitorId = undefined;
  }

  #setTimer(timer: TimerName, ms: number): void {
    clearTimeout(this.#timers.get(timer));
    const fire = (): void => {
      const receivedBytes = this.#link.connection?.receivedBytes ?? 0;
      this.#dispatch({ kind: "timer", timer, receivedBytes, now: performance.now() });
    };
    this.#timers.set(timer, setTimeout(fire, Math.min(ms, longestTimer)));
  }

  /** For requests whose time the machine watches. */
  #patient(): { readonly operation: string; readonly timeoutMs: number } {
    return { operation: this.#setup.operation, timeoutMs: longestTimer };
  }

  /** Asks, and goes on with the answer if the connection is still the one by then. */
  #ask(
    method: string,
    params: readonly unknown[],
    answer: (reply: Result<unknown, CallError>) => void,
  ): void {
    const connection = this.#link.connection;
    if (connection === undefined) return;
    void follow(connection.call(method, params, this.#patient()), (reply) => {
      if (this.#link.connection === connection && connection.closed === undefined) answer(reply);
    });
  }

  #getServerSchema(): void {
    this.#ask("get_schema", ["_Server"], (reply) => {
      this.#serverMonitor = reply.isOk() ? ServerMonitor.make(reply.value, this.#newMonitorId()) : undefined;
      this.#dispatch({ kind: "server-schema", present: this.#serverMonitor !== undefined });
    });
  }

  #monitorServer(): void {
    const [monitor, connection] = [this.#serverMonitor, this.#link.connection];
    if (monitor === undefined || connection === undefined) return;
    const reader = monitor.read();
    const isCurrent = (): boolean => this.#link.connection === connection && this.#serverMonitor === monitor;
    const parts = reader.partsFor({
      isCurrent,
      inconsistent: (bad) => this.#inconsistent("answer to monitor_cond", bad),
      end: (loading) => {
        loading.finish();
        this.#dispatch({ kind: "server-rows", rows: monitor.rows(), now: performance.now() });
      },
    });
    const params = ["_Server", monitor.id, monitor.wire];
    void follow(connection.call("monitor_cond", params, { ...this.#patient(), parts }), (reply) => {
      if (!isCurrent() || reply.isOk() || reply.error.kind !== "rejected") return;
      this.#serverMonitor = undefined;
      this.#dispatch({ kind: "server-schema", present: false });
    });
  }

  #getSchema(): void {
    const { database } = this.#setup.options;
    this.#ask("get_schema", [database], (reply) => {
      const now = performance.now();
      if (reply.isErr()) {
        const { error } = reply;
        if (error instanceof RejectedError) this.#dispatch({ kind: "schema-refused", error, now });
        return;
      }
      const changed = this.#plan.takeSchema(reply.value);
      if (changed instanceof Fault) return this.#inconsistent("schema", changed);
      const [{ connection }, { schemas }] = [this.#link, this.#plan];
      if (connection !== undefined && schemas !== undefined)
        this.#client = new OvsdbClient(connection, schemas);
      this.#dispatch({ kind: "schema", changed });
    });
  }

  #monitor({ method, lastId, conditions }: Extract<SessionEffect, { do: "monitor" }>): void {
    const [{ connection }, planned] = [this.#link, this.#plan.make(conditions)];
    if (connection === undefined || planned === undefined) return;
    if (planned instanceof Error) return this.#dispatch({ kind: "unusable", error: planned });
    const { encoded, layout } = planned;
    if (method === "monitor" && encoded.conditional) {
      return this.#dispatch({ kind: "unusable", error: noConditions(this.#setup.operation) });
    }
    const id = this.#newMonitorId();
    this.#monitorId = id;
    const begin = (found: boolean): Loading => {
      const isFast = found && lastId !== zeroUuid;
      if (isFast) this.#fastResyncs += 1;
      else this.#fullLoads += 1;
      return this.#replica.load(layout, isFast ? "differences" : "whole");
    };
    const reader = new ReplyReader(method, begin);
    const isCurrent = (): boolean => this.#link.connection === connection && this.#monitorId === id;
    const parts = reader.partsFor({
      isCurrent,
      inconsistent: (bad) => this.#inconsistent(`answer to ${method}`, bad),
      end: (loading) => {
        const change = loading.finish();
        if (change !== undefined) this.onChange.tell(change);
        this.#dispatch({ kind: "monitored", lastId: reader.lastId, now: performance.now() });
      },
    });
    const since = method === "monitor_cond_since" ? [lastId] : [];
    const params = [this.#setup.options.database, id, encoded.wire, ...since];
    void follow(connection.call(method, params, { ...this.#patient(), parts }), (reply) => {
      if (!isCurrent() || reply.isOk() || !(reply.error instanceof RejectedError)) return;
      this.#dispatch({ kind: "monitor-refused", error: reply.error, now: performance.now() });
    });
  }

  #changeConditions(conditions: ReadonlyMap<string, Where>): void {
    const id = this.#monitorId;
    const wire = this.#plan.changeTo(conditions);
    if (id === undefined || wire === undefined) return;
    if (wire instanceof Error) return this.#dispatch({ kind: "unusable", error: wire });
    this.#ask("monitor_cond_change", [id, id, wire], (reply) => {
      if (this.#monitorId !== id) return;
      if (reply.isOk()) this.#dispatch({ kind: "conditions-held" });
      else if (reply.error instanceof RejectedError)
        this.#dispatch({ kind: "conditions-refused", error: reply.error });
    });
  }

  #cancelMonitor(which: "server" | "data"): void {
    const id = which === "server" ? this.#serverMonitor?.id : this.#monitorId;
    this.#serverMonitor = undefined;
    this.#monitorId = undefined;
    if (id !== undefined) void this.#link.connection?.call("monitor_cancel", [id], this.#patient());
  }

  #notified(method: string, params: readonly unknown[]): void {
    const [id] = params;
    if (method === "update" || method === "update2" || method === "update3") {
      if (id === this.#monitorId) this.#updated(method, params);
      else if (id === this.#serverMonitor?.id) this.#serverUpdated(method, params);
    } else if (method === "monitor_canceled") {
      if (id === this.#monitorId) this.#dispatch({ kind: "monitor-canceled", monitor: "data" });
      else if (id === this.#serverMonitor?.id)
        this.#dispatch({ kind: "monitor-canceled", monitor: "server" });
    } else {
      this.onNotification.tell({ method, params });
    }
  }

  #updated(method: "update" | "update2" | "update3", params: readonly unknown[]): void {
    const [, second, third] = params;
    const updates = method === "update3" ? third : second;
    const change = this.#replica.apply(updates, method === "update" ? "update" : "update2");
    if (change instanceof Fault) return this.#inconsistent(method, change);
    const lastId = method === "update3" && typeof second === "string" ? second : undefined;
    this.#dispatch({ kind: "updated", lastId });
    if (change === undefined) return;
    this.#changes += 1;
    this.onChange.tell(change);
  }

  #serverUpdated(method: string, [, updates]: readonly unknown[]): void {
    const bad = this.#serverMonitor?.apply(updates);
    if (bad !== undefined) return this.#inconsistent(method, bad);
    const rows = this.#serverMonitor?.rows() ?? [];
    this.#dispatch({ kind: "server-rows", rows, now: performance.now() });
  }

  #inconsistent(what: string, found: Fault): void {
    const error = broken(this.#setup.operation, what, found);
    publishInconsistency(this.#setup.options.database, error);
    this.#dispatch({ kind: "inconsistent", error, now: performance.now() });
  }

  #settleConditions(upTo: number, error: RejectedError | undefined): void {
    const due = this.#tickets.filter(({ number }) => number <= upTo);
    this.#tickets = this.#tickets.filter(({ number }) => number > upTo);
    for (const { settle } of due) settle(error === undefined ? Ok(undefined) : Err(error));
  }

  #tellState(): void {
    publishState(this.#setup.options.database, () => this.health);
    const hasTurned = this.isReady !== this.#wasReady;
    this.#wasReady = this.isReady;
    if (hasTurned && this.isReady) this.#generation += 1;
    this.onHealth.tell(this.health);
    if (hasTurned) this.onState.tell(this.isReady ? "ready" : "lost");
  }

  #end(error: Error | undefined): void {
    this.#closed = closedBy(this.#setup.operation, error);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { settle } of this.#tickets.splice(0)) settle(Err(this.#closed));
    this.onState.tell("closed");
    this.onState.clear();
    this.onChange.clear();
    this.onNotification.clear();
  }

  #newMonitorId(): string {
    this.#monitorsMade += 1;
    return `vswitch-drivers-${this.#monitorsMade}`;
  }
}

function closedBy(operation: string, error: Error | undefined): Closed {
  if (error instanceof ProtocolError) return error;
  const message = error === undefined ? "the database was closed" : `${operation}: gave up: ${error.message}`;
  return new DisconnectedError({ operation, outcome: "not-sent", message, cause: error });
}

function initialConditions(tables: TableRequests | undefined): ReadonlyMap<string, Where> {
  const conditions = new Map<string, Where>();
  for (const [table, request] of Object.entries(tables ?? {})) {
    const where = request?.where ?? "all";
    // Whatever else it is, it is refused when the request is written.
    if (where === "all" || where === "none" || isArray(where)) conditions.set(table, where);
  }
  return conditions;
}

function noConditions(operation: string): IncompatibleError {
  const method = "monitor_cond";
  const message = `${operation}: the server has no monitor_cond, so it cannot monitor by conditions; ask for all rows, or use ovsdb-server 2.6 or later`;
  return new IncompatibleError({
    operation,
    item: method,
    wanted: method,
    present: "monitor",
    why: "absent",
    message,
  });
}
