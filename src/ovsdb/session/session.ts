import {
  DisconnectedError,
  IncompatibleError,
  InvalidError,
  ProtocolError,
  RejectedError,
} from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import type { JsonRpcConnection } from "../../jsonrpc/connection.js";
import { OvsdbClient } from "../client.js";
import { broken, noConditions, noDatabase } from "../errors.js";
import { Fault } from "../fault.js";
import type { Closed } from "../monitor.js";
import type { DatabaseRowsAt, LooseChange } from "../replica/live-replica.js";
import type { Schemas } from "../row-plan.js";
import { Conditions, type Where } from "./conditions.js";
import type { SessionEffect, SessionEvent, Unusable } from "./events.js";
import { publishInconsistency, publishState, type Health } from "./health.js";
import { Link, type LinkSetup } from "./link.js";
import { Listeners } from "./listeners.js";
import { SessionMachine } from "./machine.js";
import { initialConditions, MonitorPlan, type Wanted } from "./monitor-plan.js";
import { Monitors } from "./monitors.js";
import type { SessionOptions } from "./options.js";
import type { PortState } from "./port.js";
import type { SessionRemote } from "./remotes.js";
import { Tickets } from "./tickets.js";
import { Timers } from "./timers.js";

/** What a session needs besides what decides how it behaves. */
export interface SessionSetup extends LinkSetup, Wanted {
  readonly options: SessionOptions;
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
  readonly #tickets = new Tickets();
  readonly #timers: Timers;
  readonly #events: SessionEvent[] = [];
  #isHandling = false;
  readonly #link: Link;
  readonly #plan: MonitorPlan;
  readonly #monitors: Monitors;
  #client: OvsdbClient | undefined;
  /** The question for the schema that is under way: once all begins from the top, what an earlier one gives does not count. */
  #schemaAsked: object | undefined;
  /** What was told last: the machine may be further, and what it has decided is still to be carried out. */
  #standing: Pick<Health, "state" | "reason" | "remote"> = {
    state: "waiting",
    reason: "",
    remote: undefined,
  };
  /** The connection over which it was ready, until it is told that this is gone. */
  #readyOver: object | undefined;
  #generation = 0;
  #closed: Closed | undefined;
  #unusable: Unusable | undefined;

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
      notified: (method, params) => {
        if (!this.#monitors.notified(method, params)) this.onNotification.tell({ method, params });
      },
      updates: () => this.#monitors.updates,
      lost: (error) =>
        this.#dispatch({ kind: "disconnected", reason: error.message, error, now: performance.now() }),
    });
    const { operation, options } = setup;
    this.#monitors = new Monitors(
      { operation, database: options.database, link: this.#link, plan: this.#plan },
      {
        happened: (event) => this.#dispatch(event),
        areListening: () => this.onChange.areListening,
        changed: (change) => this.onChange.tell(change),
        inconsistent: (what, found) => this.#inconsistent(what, found),
      },
    );
    this.#timers = new Timers((timer) => {
      const { arrived } = this.#monitors;
      this.#dispatch({ kind: "timer", timer, arrived, now: performance.now() });
    });
  }

  get rows(): DatabaseRowsAt | undefined {
    return this.#monitors.rows;
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

  /** Also while the session is not up to date. */
  get presentConnection(): object | undefined {
    return this.#link.connection;
  }

  get isReady(): boolean {
    return this.#standing.state === "monitoring";
  }

  get generation(): number {
    return this.#generation;
  }

  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** Why the database cannot be used as it is; `undefined` where it can. */
  get unusable(): Unusable | undefined {
    return this.#unusable;
  }

  /** Tables, and columns as `Table.column`, that the server does not have. */
  get absent(): readonly string[] {
    return this.#plan.absent;
  }

  get health(): Health {
    const { server } = this.#machine;
    const { connection } = this.#link;
    return {
      ...this.#standing,
      server: server && {
        model: server.model,
        leader: server.leader,
        cid: server.cid,
        sid: server.sid,
        index: server.index,
      },
      generation: this.#generation,
      ...this.#monitors.counts,
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

  /** An answer to the program is none: nothing of what its server has told can be relied on. */
  distrust(error: Error): void {
    this.#dispatch({ kind: "inconsistent", error, now: performance.now() });
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
    const held = this.#tickets.wait(this.#conditions.set(table, where));
    this.#dispatch({ kind: "conditions-set" });
    return held;
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
        return this.#timers.set(effect.timer, effect.ms);
      case "clear-timer":
        return this.#timers.clear(effect.timer);
      case "get-server-schema":
        this.#schemaAsked = undefined;
        return this.#monitors.getServerSchema();
      case "monitor-server":
        return this.#monitors.monitorServer();
      case "change-aware":
        return this.#link.tell("set_db_change_aware", [effect.isAware]);
      case "get-schema":
        return this.#getSchema();
      case "monitor":
        return this.#monitors.monitorData(effect);
      case "change-conditions":
        return this.#monitors.changeConditions(effect.conditions);
      case "cancel-monitor":
        return this.#monitors.cancel(effect.monitor);
      case "settle-conditions":
        return this.#tickets.settle(effect.upTo, effect.error);
      case "tell-state":
        return this.#tellState(effect);
    }
  }

  #hangUp(): void {
    this.#link.hangUp();
    this.#forgetConnection();
  }

  #forgetConnection(): void {
    this.#client = undefined;
    this.#monitors.forget();
  }

  #getSchema(): void {
    const { database } = this.#setup.options;
    const asked = {};
    this.#schemaAsked = asked;
    this.#link.ask("get_schema", [database], (reply) => {
      if (this.#schemaAsked !== asked) return;
      const now = performance.now();
      if (reply.isErr()) {
        const { error } = reply;
        if (!(error instanceof RejectedError)) return;
        const isAbsent = error.reason === "unknown database";
        const why = isAbsent ? noDatabase(this.#setup.operation, database, []) : error;
        this.#dispatch({ kind: "schema-refused", error: why, now });
        return;
      }
      const changed = this.#plan.takeSchema(reply.value);
      if (changed instanceof Fault) return this.#inconsistent("schema", changed);
      const [{ connection }, { schemas }] = [this.#link, this.#plan];
      if (connection !== undefined && schemas !== undefined) {
        // One for a connection, whatever becomes of the schema: each listens for its end.
        this.#client ??= new OvsdbClient(connection, schemas);
        this.#client.convertedTo(schemas);
      }
      this.#dispatch({ kind: "schema", changed });
    });
  }

  #inconsistent(what: string, found: Fault): void {
    const error = broken(this.#setup.operation, what, found);
    publishInconsistency(this.#setup.options.database, error);
    this.#dispatch({ kind: "inconsistent", error, now: performance.now() });
  }

  #tellState({ state, reason, remote, error }: Extract<SessionEffect, { do: "tell-state" }>): void {
    const wasReady = this.isReady;
    this.#standing = { state, reason, remote };
    this.#unusable = state === "incompatible" && isUnusable(error) ? error : undefined;
    const hasTurned = this.isReady !== wasReady;
    if (hasTurned && this.isReady) this.#generation += 1;
    if (state === "closed") this.#end(error);
    publishState(this.#setup.options.database, () => this.health);
    this.onHealth.tell(this.health);
    this.#tellPort(hasTurned);
  }

  #tellPort(hasTurned: boolean): void {
    const { connection } = this.#link;
    if (this.isReady) this.#readyOver = connection;
    const isGone = this.#readyOver !== undefined && this.#readyOver !== connection;
    if (isGone) this.#readyOver = undefined;
    if (hasTurned || isGone) this.onState.tell(this.isReady ? "ready" : "lost");
    if (this.#unusable !== undefined) this.onState.tell("unusable");
  }

  #end(error: Error | undefined): void {
    this.#closed = closedBy(this.#setup.operation, error);
    this.#timers.clearAll();
    this.#tickets.end(this.#closed);
    this.onState.tell("closed");
    this.onState.clear();
    this.onChange.clear();
    this.onNotification.clear();
  }
}

function isUnusable(error: Error | undefined): error is Unusable {
  return error instanceof IncompatibleError || error instanceof InvalidError;
}

function closedBy(operation: string, error: Error | undefined): Closed {
  if (error instanceof ProtocolError) return error;
  const message = error === undefined ? "the database was closed" : `${operation}: gave up: ${error.message}`;
  return new DisconnectedError({ operation, outcome: "not-sent", message, cause: error });
}
