import { EventEmitter } from "eventemitter3";
import { Deadline, longestTimer } from "../core/call.js";
import { ConflictError, InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { within } from "./database-port.js";
import { broken, type RequestError } from "./errors.js";
import { fault, shown } from "./fault.js";
import { isId, isObject, member } from "./json.js";
import { overFor, type OperationOptions, type RowsByTable } from "./monitor.js";
import type { SessionPort } from "./session/port.js";
import { surface } from "./surface.js";

/** Why a lock was lost: another client stole it, the connection ended, or the session is over. */
export type LockLost = "stolen" | "disconnected" | "closed";

/** What a lock tells. */
export interface LockEvents {
  /** This session holds it now. */
  readonly acquired: [];
  /** This session holds it no more. It stays in the queue, and may get it again; not after `closed`. */
  readonly lost: [LockLost];
}

/** How a lock is asked for. */
export interface LockOptions extends OperationOptions {
  /** Takes it from whoever holds it. Default: false, wait for one's turn. */
  readonly steal?: boolean | undefined;
  /** Gives the lock when it is held; `false`: when this session is in the queue. Default: true. */
  readonly waitUntilHeld?: boolean | undefined;
}

/** Why there is no lock. */
export type LockError = RequestError | ConflictError;

const lockMs = 10_000;
const farewellMs = 1000;

/**
 * A lock of an OVSDB server (RFC 7047 section 4.1.8): a name that one session at a time holds, among all clients of the
 * server process, whatever their databases. It is asked for again after a reconnect, for one's turn and not to steal. To
 * hold it is advice: have a transaction assert it (`tx.assertLock(lock)`), so that the server refuses what comes too late.
 */
export class Lock implements AsyncDisposable {
  readonly name: string;
  readonly events = new EventEmitter<LockEvents>();
  readonly #release: (lock: Lock) => Promise<void>;
  #isHeld = false;
  #isReleased = false;
  /** How often the session asked for it: the first time is the caller's. @internal */
  asked = 0;
  /** The connection that it was asked for over. @internal */
  askedOver: object | undefined;
  /** Whether it was stolen since the request was sent. @internal */
  isStolen = false;

  /** @internal */
  constructor(name: string, release: (lock: Lock) => Promise<void>) {
    this.name = name;
    this.#release = release;
  }

  /** Whether this session holds it, as far as it was told. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether it was released, or the session is over. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Gives the lock up, or its place in the queue. Does nothing the second time. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.end();
    await this.#release(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** The server may say so more than once (`ovsdb_lock_waiter_remove` of ovsdb/server.c). @internal */
  acquire(): void {
    this.isStolen = false;
    if (this.#isHeld || this.#isReleased) return;
    this.#isHeld = true;
    surface(() => this.events.emit("acquired"));
  }

  /** @internal */
  lose(why: LockLost): void {
    if (why === "stolen") this.isStolen = true;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    surface(() => this.events.emit("lost", why));
  }

  /** @internal */
  end(): void {
    this.#isHeld = false;
    this.#isReleased = true;
    this.events.removeAllListeners();
  }
}

/** The locks of one session. @internal */
export class Locks<Rows extends RowsByTable> {
  readonly #port: SessionPort<Rows>;
  readonly #locks = new Map<string, Lock>();
  /** The locks that are being given back, by name. */
  readonly #leaving = new Map<string, Promise<Result<unknown, RequestError>>>();
  #stops: (() => void)[] = [];

  constructor(port: SessionPort<Rows>) {
    this.#port = port;
  }

  async lock(name: string, options: LockOptions): Promise<Result<Lock, LockError>> {
    const { operation, steal = false, waitUntilHeld = true } = options;
    if (!isId(name)) return Err(badName(operation, name));
    if (this.#locks.has(name)) return Err(taken(operation, name));
    const started = Deadline.start(operation, options, lockMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const lock = new Lock(name, (released) => this.#forget(released));
    this.#locks.set(name, lock);
    this.#listen();
    const asked = await this.#firstAsk(lock, steal ? "steal" : "lock", deadline);
    if (asked.isErr()) {
      await lock.release();
      return asked;
    }
    if (!waitUntilHeld || lock.isHeld) return Ok(lock);
    const held = await this.#untilHeld(lock, deadline);
    if (held.isOk()) return Ok(lock);
    await lock.release();
    return held;
  }

  async #firstAsk(
    lock: Lock,
    method: "lock" | "steal",
    deadline: Deadline,
  ): Promise<Result<void, LockError>> {
    const { operation } = deadline;
    // Until then what the server tells of that name may be about the lock that was given back.
    const former = this.#leaving.get(lock.name);
    if (former !== undefined) {
      const doing = (): string => `waiting to give lock ${lock.name} back, which was released before`;
      await within(operation, deadline.step(), { doing, outcome: "not-sent" }, () => former);
    }
    const ready = await this.#port.ready({ operation, ...deadline.step() });
    return ready.isErr() ? ready : this.#ask(lock, method, { operation, ...deadline.step() });
  }

  async #ask(
    lock: Lock,
    method: "lock" | "steal",
    options: OperationOptions,
  ): Promise<Result<void, RequestError>> {
    const { connection } = this.#port;
    lock.asked += 1;
    lock.askedOver = connection;
    lock.isStolen = false;
    const reply = await this.#port.call(method, [lock.name], options);
    if (reply.isErr()) return reply;
    const locked = isObject(reply.value) ? member(reply.value, "locked") : undefined;
    if (typeof locked !== "boolean") {
      return Err(
        broken(options.operation, `answer to ${method}`, fault("locked, true or false", reply.value)),
      );
    }
    // What came right behind the answer was told before its turn.
    const isStill = this.#port.connection === connection && !lock.isStolen;
    if (locked && isStill) lock.acquire();
    return Ok(undefined);
  }

  #untilHeld(lock: Lock, deadline: Deadline): Promise<Result<void, LockError>> {
    return new Promise((resolve) => {
      const settle = (result: Result<void, LockError>): void => {
        lock.events.off("acquired", onAcquired);
        stop();
        deadline.signal.removeEventListener("abort", onAbort);
        resolve(result);
      };
      const onAcquired = (): void => settle(Ok(undefined));
      const onAbort = (): void =>
        settle(
          Err(deadline.failure(`waiting for lock ${lock.name}, which another client holds`, "not-sent")),
        );
      const stop = this.#port.onState(() => {
        const { closed } = this.#port;
        if (closed !== undefined) settle(Err(overFor(deadline.operation, closed)));
      });
      lock.events.on("acquired", onAcquired);
      deadline.signal.addEventListener("abort", onAbort, { once: true });
      if (deadline.signal.aborted) onAbort();
    });
  }

  /** Listens as long as there are locks. */
  #listen(): void {
    if (this.#stops.length > 0) return;
    const lockOf = ([name]: readonly unknown[]): Lock | undefined => {
      const lock = typeof name === "string" ? this.#locks.get(name) : undefined;
      return lock?.askedOver === this.#port.connection ? lock : undefined;
    };
    this.#stops = [
      this.#port.onNotification("locked", (params) => lockOf(params)?.acquire()),
      this.#port.onNotification("stolen", (params) => lockOf(params)?.lose("stolen")),
      this.#port.onState((state) => {
        if (state === "ready") this.#askAgain();
        else this.#loseAll(state === "closed" ? "closed" : "disconnected");
      }),
    ];
  }

  /** The end of a connection releases all locks of its session; a change of the database on the same one does not. */
  #loseAll(why: LockLost): void {
    for (const lock of this.#locks.values()) {
      if (why === "closed" || lock.askedOver !== this.#port.connection) lock.lose(why);
      if (why === "closed") lock.end();
    }
    if (why === "closed") this.#stop();
  }

  #askAgain(): void {
    // What is refused now is asked for again with the next connection. However late the answer is, it is waited for: else
    // the session might hold the lock, and nobody would know.
    for (const lock of this.#locks.values()) {
      if (lock.asked === 0 || lock.askedOver === this.#port.connection) continue;
      lock.lose("disconnected");
      void this.#ask(lock, "lock", { operation: "lock", timeoutMs: longestTimer });
    }
  }

  async #forget(lock: Lock): Promise<void> {
    this.#locks.delete(lock.name);
    if (this.#locks.size === 0) this.#stop();
    // A server that is changing the database may go meanwhile, and stay away. Until it has, this goes on by itself.
    const waiting = { doing: () => `waiting to give lock ${lock.name} back`, outcome: "not-sent" } as const;
    await within("unlock", { timeoutMs: farewellMs }, waiting, () => this.#leave(lock));
  }

  async #leave(lock: Lock): Promise<Result<unknown, RequestError>> {
    const { name } = lock;
    const leaving = this.#unlock(lock, this.#leaving.get(name));
    this.#leaving.set(name, leaving);
    const left = await leaving;
    if (this.#leaving.get(name) === leaving) this.#leaving.delete(name);
    return left;
  }

  async #unlock(
    { name, askedOver }: Lock,
    former: Promise<unknown> | undefined,
  ): Promise<Result<unknown, RequestError>> {
    await former;
    // With the connection the lock is gone by itself.
    const isGone = (): boolean => askedOver === undefined || this.#port.connection !== askedOver;
    if (isGone()) return Ok(undefined);
    const ready = await this.#port.ready({ operation: "unlock" });
    if (ready.isErr() || isGone()) return ready;
    return await this.#port.call("unlock", [name], { operation: "unlock", timeoutMs: longestTimer });
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#locks.clear();
  }
}

function badName(operation: string, name: string): InvalidError {
  const expected = "letters, digits and _, not beginning with a digit";
  const message = `${operation}: the name of the lock is ${shown(name)}; expected ${expected}`;
  return new InvalidError({ operation, path: "name", expected, got: shown(name), message });
}

function taken(operation: string, name: string): ConflictError {
  const message = `${operation}: this session has lock ${name} already, or is in its queue; release that one first`;
  return new ConflictError({ operation, object: `lock ${name}`, message });
}
