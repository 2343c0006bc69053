import type { Socket } from "node:net";

import { isId } from "../../ovsdb/json.js";
import { toUuid, type Uuid } from "../../ovsdb/uuid.js";
import type { Commit, StoredDatabase } from "./database.js";
import type { OvsdbFault, OvsdbFaults } from "./faults.js";
import type { LockClient, Locks } from "./locks.js";
import { Monitor, type MonitorVersion } from "./monitor.js";
import { Refusal, sortedText, syntaxError } from "./refusal.js";
import type { OvsdbRequestLog } from "./requests.js";
import { encodeMessage, WireConnection, type WireRequest } from "./wire.js";

/** What the sessions of one server share. */
export interface Service {
  readonly databases: ReadonlyMap<string, StoredDatabase>;
  readonly locks: Locks;
  readonly serverId: Uuid;
  readonly faults: OvsdbFaults;
  readonly requests: OvsdbRequestLog;
  /** Methods that it does not know, as an older server. */
  readonly unknownMethods: ReadonlySet<string>;
  /** Silence on a connection that can vanish is asked about after so many milliseconds; 0: never. */
  readonly probeIntervalMs: number;
  hold(send: () => void): void;
  later(send: () => void, ms: number): NodeJS.Timeout;
}

/** A transaction that waits. */
interface Waiting {
  readonly id: unknown;
  readonly database: StoredDatabase;
  readonly operations: readonly unknown[];
  readonly since: number;
  timer: NodeJS.Timeout | undefined;
}

type Answer = { readonly result: unknown } | { readonly error: unknown };

/** What the server does for one client (ovsdb/jsonrpc-server.c). */
export class Session implements LockClient {
  readonly number: number;
  readonly #service: Service;
  readonly #wire: WireConnection;
  readonly #monitors = new Map<string, Monitor>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #onEnd: (session: Session) => void;
  #isChangeAware = false;
  #isDead = false;
  #probe: NodeJS.Timeout | undefined;
  #hasProbed = false;

  constructor(number: number, socket: Socket, service: Service, onEnd: (session: Session) => void) {
    this.number = number;
    this.#service = service;
    this.#onEnd = onEnd;
    if (service.probeIntervalMs > 0) {
      this.#probe = setInterval(() => this.#probeClient(), service.probeIntervalMs);
      socket.on("data", () => {
        this.#hasProbed = false;
        this.#probe?.refresh();
      });
    }
    this.#wire = new WireConnection(socket, {
      request: (request) => this.#receive(request),
      drained: () => this.#flushMonitors(),
      end: () => this.#end(),
    });
  }

  get isChangeAware(): boolean {
    return this.#isChangeAware;
  }

  chop(bytes: number | undefined): void {
    this.#wire.chop(bytes);
  }

  silence(isSilent: boolean): void {
    this.#wire.silence(isSilent);
  }

  hangUp(): void {
    this.#wire.hangUp();
  }

  notify(method: string, lock: string): void {
    this.#notify(method, [lock]);
  }

  /** Sends bytes that are no answer to anything. */
  say(bytes: Uint8Array): void {
    this.#wire.sendBytes(bytes);
  }

  /** Tells its monitors of a change that there was not. */
  corrupt(database: StoredDatabase, table: string): void {
    for (const monitor of this.#monitors.values()) {
      if (monitor.database !== database || monitor.version === 1) continue;
      const updates = { [table]: { "deadbeef-0000-4000-8000-000000000000": { delete: null } } };
      const params = monitor.version === 3 ? [monitor.id, database.lastId, updates] : [monitor.id, updates];
      this.#notify(monitor.version === 3 ? "update3" : "update2", params);
    }
  }

  /** A transaction was committed, here or by anybody. */
  committed(database: StoredDatabase, commit: Commit): void {
    for (const monitor of this.#monitors.values()) if (monitor.database === database) monitor.note(commit);
    if (!this.#wire.isBusy) this.#flushMonitors();
  }

  /** Tries again what waits for a change of a database. */
  retry(database: StoredDatabase): void {
    for (const waiting of this.#waiting.values())
      if (waiting.database === database) this.#attempt(waiting, undefined);
  }

  /** A database has another schema, or another role. Those who do not understand that are to come again. */
  databaseChanged(database: StoredDatabase): void {
    if (!this.#isChangeAware) {
      // Behind the answer to the one who has changed it.
      queueMicrotask(() => this.hangUp());
      return;
    }
    for (const [key, monitor] of this.#monitors) {
      if (monitor.database !== database) continue;
      this.#monitors.delete(key);
      this.#notify("monitor_canceled", [monitor.id]);
    }
    for (const waiting of this.#waiting.values()) {
      if (waiting.database !== database) continue;
      this.#forget(waiting);
      this.#wire.send({ id: waiting.id, error: "canceled" });
    }
  }

  #end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    clearInterval(this.#probe);
    for (const waiting of this.#waiting.values()) clearTimeout(waiting.timer);
    this.#waiting.clear();
    this.#monitors.clear();
    this.#service.locks.forget(this);
    this.#onEnd(this);
  }

  #probeClient(): void {
    if (this.#hasProbed) return this.hangUp();
    this.#hasProbed = true;
    this.#wire.send({ id: "echo", method: "echo", params: [] });
  }

  #notify(method: string, params: readonly unknown[]): void {
    if (!this.#isDead) this.#wire.send({ id: null, method, params });
  }

  #flushMonitors(): void {
    for (const monitor of this.#monitors.values()) {
      const notification = monitor.takeNotification();
      if (notification !== undefined) this.#notify(notification.method, notification.params);
    }
  }

  #receive(request: WireRequest): void {
    const { id, method, params } = request;
    this.#service.requests.add({ id, method, params, connection: this.number });
    if (id === undefined) {
      if (method === "cancel") this.#cancel(params[0]);
      return;
    }
    const fault = this.#service.faults.take(method);
    if (fault?.kind === "lost") return this.hangUp();
    if (fault?.kind === "refused") return this.#reply(id, { error: fault.error }, undefined);
    let answer: Answer | undefined;
    try {
      const result = this.#handle(request, fault);
      answer = result === undefined ? undefined : { result };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { error: error.tag === "" ? error.message : error.toJson() };
    }
    if (answer !== undefined) this.#reply(id, answer, fault);
  }

  #reply(id: unknown, answer: Answer, fault: OvsdbFault | undefined): void {
    if (this.#isDead) return;
    // What the transaction has changed is told before its result.
    this.#flushMonitors();
    const message =
      "result" in answer ? { id, result: answer.result, error: null } : { id, error: answer.error };
    const send = (): void => {
      if (!this.#isDead) this.#wire.send(message);
    };
    switch (fault?.kind) {
      case "missing":
        return undefined;
      case "held":
        return this.#service.hold(send);
      case "late":
        this.#service.later(send, fault.ms);
        return undefined;
      case "cut":
        this.#wire.sendBytes(encodeMessage(message).subarray(0, fault.afterBytes));
        return this.hangUp();
      case "rubbish":
        return this.#wire.sendBytes(fault.bytes);
      case "lost":
      case "refused":
      case "not-found":
      case undefined:
        return send();
    }
  }

  /** The result; `undefined` where it comes later. */
  #handle({ id, method, params }: WireRequest, fault: OvsdbFault | undefined): unknown {
    if (this.#service.unknownMethods.has(method)) throw new Refusal("", "unknown method");
    switch (method) {
      case "echo":
        return params;
      case "list_dbs":
        return [...this.#service.databases.keys()].toSorted();
      case "get_server_id":
        return this.#service.serverId;
      case "get_schema":
        return this.#database(method, params).schema.json;
      case "transact":
        return this.#transact(id, params, fault);
      case "monitor":
        return this.#monitor(method, 1, params).initial();
      case "monitor_cond":
        return this.#monitor(method, 2, params).initial();
      case "monitor_cond_since":
        return this.#monitorSince(params, fault);
      case "monitor_cond_change":
        return this.#changeConditions(params);
      case "monitor_cancel":
        if (!this.#monitors.delete(sortedText(params[0]))) throw new Refusal("", "unknown monitor");
        return {};
      case "lock":
      case "steal":
      case "unlock":
        return this.#lock(method, params);
      case "set_db_change_aware":
        if (params.length !== 1 || typeof params[0] !== "boolean")
          throw syntaxError("set_db_change_aware: true or false parameter expected", params);
        this.#isChangeAware = params[0];
        return {};
      case "convert":
        return this.#convert(params);
      default:
        throw new Refusal("", "unknown method");
    }
  }

  #database(method: string, params: readonly unknown[]): StoredDatabase {
    const [name] = params;
    if (typeof name !== "string")
      throw syntaxError(`${method} request params must begin with <db-name>`, params);
    const database = this.#service.databases.get(name);
    if (database !== undefined) return database;
    throw new Refusal("unknown database", `${method} request specifies unknown database ${name}`, params);
  }

  #transact(id: unknown, params: readonly unknown[], fault: OvsdbFault | undefined): unknown {
    const database = this.#database("transact", params);
    if (this.#waiting.has(sortedText(id))) throw syntaxError("transact: duplicate request ID", params);
    const operations = params.slice(1);
    const waiting = { id, database, operations, since: Date.now(), timer: undefined };
    this.#attempt(waiting, fault);
    return undefined;
  }

  /** Tries a transaction, for the first time or again. */
  #attempt(waiting: Waiting, fault: OvsdbFault | undefined): void {
    const { id, database, operations, since } = waiting;
    const waitedMs = Date.now() - since;
    const ownsLock = (lock: string): boolean => this.#service.locks.has(lock, this);
    const outcome = database.transact(operations, { ownsLock, waitedMs, isServer: false });
    if ("results" in outcome) {
      this.#forget(waiting);
      this.#reply(id, { result: outcome.results }, fault);
      return;
    }
    this.#waiting.set(sortedText(id), waiting);
    const { timeoutMs } = outcome.blocked;
    clearTimeout(waiting.timer);
    if (timeoutMs === undefined) return;
    const leftMs = Math.min(Math.max(timeoutMs - waitedMs, 1), 2_147_483_647);
    waiting.timer = this.#service.later(() => {
      if (!this.#isDead) this.#attempt(waiting, fault);
    }, leftMs);
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(sortedText(waiting.id));
  }

  /** Only a client that is aware of changes hears of the end of what it has canceled. */
  #cancel(id: unknown): void {
    const waiting = this.#waiting.get(sortedText(id ?? null));
    if (waiting === undefined) return;
    this.#forget(waiting);
    if (this.#isChangeAware) this.#wire.send({ id: waiting.id, error: "canceled" });
  }

  #monitor(method: string, version: MonitorVersion, params: readonly unknown[]): Monitor {
    const database = this.#database(method, params);
    if (params.length !== (version === 3 ? 4 : 3)) throw syntaxError("invalid parameters", params);
    const [, id, requests] = params;
    const key = sortedText(id);
    if (this.#monitors.has(key)) throw syntaxError("duplicate monitor ID", id);
    const monitor = new Monitor(database, version, id, requests);
    this.#monitors.set(key, monitor);
    return monitor;
  }

  #monitorSince(params: readonly unknown[], fault: OvsdbFault | undefined): unknown {
    const last = params[3];
    if (params.length === 4 && typeof last !== "string")
      throw syntaxError("last-txn-id must be string", last);
    const monitor = this.#monitor("monitor_cond_since", 3, params);
    const { database } = monitor;
    const id = toUuid(String(last));
    const commits = id === undefined || fault?.kind === "not-found" ? undefined : database.since(id);
    if (commits === undefined) return [false, database.lastId, monitor.initial()];
    return [true, database.lastId, monitor.delta(commits)];
  }

  #changeConditions(params: readonly unknown[]): unknown {
    const [id, newId, requests] = params;
    if (params.length !== 3) throw syntaxError("invalid parameters", params);
    const key = sortedText(id);
    const monitor = this.#monitors.get(key);
    if (monitor === undefined || monitor.version === 1) throw syntaxError("unknown monitor session", id);
    const newKey = sortedText(newId);
    if (newKey !== key && this.#monitors.has(newKey)) throw syntaxError("duplicate monitor ID", newId);
    this.#flushMonitors();
    const notification = monitor.changeConditions(newId, requests);
    this.#monitors.delete(key);
    this.#monitors.set(newKey, monitor);
    if (notification !== undefined) this.#notify(notification.method, notification.params);
    return {};
  }

  #lock(method: "lock" | "steal" | "unlock", params: readonly unknown[]): unknown {
    const [lock] = params;
    if (params.length !== 1 || typeof lock !== "string" || !isId(lock))
      throw syntaxError(`${method} request params must be <id>`, params);
    const { locks } = this.#service;
    const hasAsked = locks.hasAsked(lock, this);
    if (method === "unlock") {
      if (!hasAsked) throw syntaxError('unlock: "unlock" without "lock" or "steal"', params);
      locks.unlock(lock, this);
      return {};
    }
    if (hasAsked) throw syntaxError('must issue "unlock" before new "lock"', params);
    if (method === "lock") return { locked: locks.lock(lock, this) };
    locks.steal(lock, this);
    return { locked: true };
  }

  #convert(params: readonly unknown[]): unknown {
    const database = this.#database("convert", params);
    if (params.length !== 2) throw syntaxError("array expected", params);
    database.convert(params[1]);
    return {};
  }
}
