import type { RejectedError } from "../../core/errors.js";
import type { CallError } from "../../jsonrpc/connection.js";
import { noConditions } from "../errors.js";
import { fault, type Fault } from "../fault.js";
import { LiveReplica, type DatabaseRowsAt, type Loading, type LooseChange } from "../replica/live-replica.js";
import { zeroUuid } from "../uuid.js";
import type { Where } from "./conditions.js";
import type { SessionEffect, SessionEvent } from "./events.js";
import type { Link } from "./link.js";
import type { MonitorPlan } from "./monitor-plan.js";
import { ReplyReader } from "./reply-reader.js";
import { updateParts } from "./update-reader.js";
import { ServerMonitor } from "./server-monitor.js";

/** Whose monitors they are. */
export interface MonitorsSetup {
  readonly operation: string;
  readonly database: string;
  readonly link: Link;
  readonly plan: MonitorPlan;
}

/** What comes of them. */
export interface MonitorsHandlers {
  happened(event: SessionEvent): void;
  /** Whether anybody is to be told of changes. */
  areListening(): boolean;
  changed(change: LooseChange): void;
  /** The server has sent what cannot be right. */
  inconsistent(what: string, found: Fault): void;
}

/**
 * What a session monitors over its present connection: the database, and what the server says of it in `_Server`. It
 * keeps the rows.
 */
export class Monitors {
  readonly #setup: MonitorsSetup;
  readonly #handlers: MonitorsHandlers;
  readonly #replica = new LiveReplica(() => this.#handlers.areListening());
  #server: ServerMonitor | undefined;
  #dataId: string | undefined;
  /** The id of the call that asked for that monitor. */
  #dataCall = 0;
  /** Whether the answer to that monitor's request is in. */
  #isAnswered = false;
  #made = 0;
  #reader: ReplyReader<Loading> | undefined;
  #fullLoads = 0;
  #fastResyncs = 0;

  constructor(setup: MonitorsSetup, handlers: MonitorsHandlers) {
    this.#setup = setup;
    this.#handlers = handlers;
  }

  get rows(): DatabaseRowsAt | undefined {
    return this.#replica.current;
  }

  /** How often all rows were read, how often the differences were enough, how many notifications changed rows. */
  get counts(): { readonly fullLoads: number; readonly fastResyncs: number; readonly changes: number } {
    return { fullLoads: this.#fullLoads, fastResyncs: this.#fastResyncs, changes: this.#replica.updates };
  }

  /** Moves as the answer to the monitor request for the database comes. */
  get arrived(): number {
    const parts = this.#reader?.parts ?? 0;
    return parts + (this.#setup.link.connection?.unfinishedBytesOf(this.#dataCall) ?? 0);
  }

  /** What was asked over a connection is not asked over the next one. */
  forget(): void {
    this.#server = undefined;
    this.#dataId = undefined;
  }

  getServerSchema(): void {
    this.#setup.link.ask("get_schema", ["_Server"], (reply) => {
      this.#server = reply.isOk() ? ServerMonitor.make(reply.value, this.#newId()) : undefined;
      this.#handlers.happened({ kind: "server-schema", present: this.#server !== undefined });
    });
  }

  monitorServer(): void {
    const monitor = this.#server;
    if (monitor === undefined) return;
    const connection = this.#setup.link.connection;
    const isCurrent = (): boolean => this.#setup.link.connection === connection && this.#server === monitor;
    const parts = monitor.read().partsFor({
      isCurrent,
      inconsistent: (bad) => this.#handlers.inconsistent("answer to monitor_cond", bad),
      end: (loading) => {
        loading.finish();
        this.#tellServerRows(monitor);
      },
    });
    const refused = (): void => {
      if (!isCurrent()) return;
      this.#server = undefined;
      this.#handlers.happened({ kind: "server-schema", present: false });
    };
    const params = ["_Server", monitor.id, monitor.wire];
    this.#setup.link.ask("monitor_cond", params, ifRefused(refused), parts);
  }

  monitorData({ method, lastId, conditions }: Extract<SessionEffect, { do: "monitor" }>): void {
    const { link, plan, operation, database } = this.#setup;
    const connection = link.connection;
    const planned = connection === undefined ? undefined : plan.make(conditions);
    if (planned === undefined) return;
    if (planned instanceof Error) return this.#handlers.happened({ kind: "unusable", error: planned });
    const { encoded, layout } = planned;
    if (method === "monitor" && encoded.conditional) {
      return this.#handlers.happened({ kind: "unusable", error: noConditions(operation) });
    }
    const id = this.#newId();
    this.#dataId = id;
    this.#isAnswered = false;
    const begin = (found: boolean): Loading => {
      const isFast = found && lastId !== zeroUuid;
      if (isFast) this.#fastResyncs += 1;
      else this.#fullLoads += 1;
      return this.#replica.load(layout, isFast ? "differences" : "whole");
    };
    const reader = new ReplyReader(method, begin);
    this.#reader = reader;
    const isCurrent = (): boolean => link.connection === connection && this.#dataId === id;
    const parts = reader.partsFor({
      isCurrent,
      inconsistent: (bad) => this.#handlers.inconsistent(`answer to ${method}`, bad),
      end: (loading) => {
        this.#isAnswered = true;
        const change = loading.finish();
        const { lastId } = reader;
        this.#handlers.happened({ kind: "updated", lastId });
        if (change !== undefined) this.#handlers.changed(change);
        // Who was told of the change may have had it leave the server.
        if (isCurrent()) this.#handlers.happened({ kind: "monitored", lastId, now: performance.now() });
      },
    });
    const refused = (error: RejectedError): void => {
      if (isCurrent()) this.#handlers.happened({ kind: "monitor-refused", error, now: performance.now() });
    };
    const since = method === "monitor_cond_since" ? [lastId] : [];
    this.#dataCall = link.ask(method, [database, id, encoded.wire, ...since], ifRefused(refused), parts);
  }

  changeConditions(conditions: ReadonlyMap<string, Where>): void {
    const { link, plan } = this.#setup;
    const id = this.#dataId;
    const wire = plan.changeTo(conditions);
    if (id === undefined || wire === undefined) return;
    if (wire instanceof Error) return this.#handlers.happened({ kind: "unusable", error: wire });
    link.ask("monitor_cond_change", [id, id, wire], (reply) => {
      if (this.#dataId !== id) return;
      if (reply.isOk()) this.#handlers.happened({ kind: "conditions-held" });
      else if (reply.error.kind === "rejected")
        this.#handlers.happened({ kind: "conditions-refused", error: reply.error });
    });
  }

  cancel(which: "server" | "data"): void {
    const id = which === "server" ? this.#server?.id : this.#dataId;
    this.forget();
    if (id !== undefined) this.#setup.link.tell("monitor_cancel", [id]);
  }

  /** What takes the updates of the monitors. */
  readonly updates = updateParts<Loading>({
    begin: (id, extent) => {
      if (id === this.#dataId) return this.#isAnswered ? this.#replica.update(extent) : tooSoon();
      return id === this.#server?.id ? this.#server.update(extent) : undefined;
    },
    inconsistent: (method, bad) => this.#handlers.inconsistent(method, bad),
    end: (id, loading, lastId) => {
      if (id === this.#dataId) this.#updated(loading.finish(), lastId);
      else if (this.#server !== undefined && id === this.#server.id) {
        loading.finish();
        this.#tellServerRows(this.#server);
      }
    },
  });

  /** Takes any other notification; gives whether it is one of a monitor. */
  notified(method: string, [id]: readonly unknown[]): boolean {
    if (method !== "monitor_canceled") return false;
    if (typeof id !== "string") return true;
    if (id === this.#dataId) this.#handlers.happened({ kind: "monitor-canceled", monitor: "data" });
    else if (id === this.#server?.id)
      this.#handlers.happened({ kind: "monitor-canceled", monitor: "server" });
    return true;
  }

  #updated(change: LooseChange | undefined, lastId: string | undefined): void {
    this.#handlers.happened({ kind: "updated", lastId });
    if (change !== undefined) this.#handlers.changed(change);
  }

  #tellServerRows(monitor: ServerMonitor): void {
    this.#handlers.happened({ kind: "server-rows", rows: monitor.rows(), now: performance.now() });
  }

  #newId(): string {
    this.#made += 1;
    return `vswitch-drivers-${this.#made}`;
  }
}

/** The fault of an update before the rows that it changes: those that are there are of an earlier connection. */
function tooSoon(): Fault {
  return fault("the answer to the monitor request first", "an update");
}

/** Of the answer to a monitor request all is told as it comes, but that there is none. */
function ifRefused(refused: (error: RejectedError) => void): Parameters<Link["ask"]>[2] {
  return (reply) => {
    const error: CallError | undefined = reply.isOk() ? undefined : reply.error;
    if (error?.kind === "rejected") refused(error);
  };
}
