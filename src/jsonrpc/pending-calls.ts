import type { Result } from "../core/result.js";
import { unwatchSignal, watchSignal } from "../core/signals.js";
import type { CallError } from "./call-errors.js";
import type { MemberNames } from "./member-run.js";

/** What takes a long result as it comes. */
export interface ResultParts {
  /** How many brackets of the message are open at most where it is cut; the message's own is the first. */
  readonly depth: number;
  /**
   * Takes a part of the result: the whole, where it was short. In a later part, whatever array or object was open
   * before is there again, under an empty name or as the first element; an object in which it was cut has a member
   * with the empty name and the value 0.
   */
  readonly take: (part: unknown) => void;
  /**
   * Where it is known what the names in an object at `depth` are like. `take` takes members of the one in which the last
   * part ended: name, value, name, value, ...
   */
  readonly members?:
    { readonly names: MemberNames; readonly take: (members: readonly unknown[]) => void } | undefined;
  /** The result is complete. Told before any message that came after it. */
  readonly end: () => void;
}

/** A call that waits for its reply. */
export interface PendingCall {
  readonly operation: string;
  readonly method: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** When its time is up, on the clock of `performance.now()`. */
  readonly endsAt: number;
  readonly parts?: ResultParts | undefined;
  readonly settle: (outcome: Result<unknown, CallError>) => void;
}

interface Entry {
  readonly call: PendingCall;
  readonly onAbort: (() => void) | undefined;
}

/** Why a call is given up while the connection lives. */
export type GivenUp = "timeout" | "aborted";

/**
 * The calls of one connection that wait, by id, with one timer for all their deadlines: nearly every call is answered
 * long before its own, and would set a timer only to clear it.
 */
export class PendingCalls {
  readonly #giveUp: (id: number, call: PendingCall, why: GivenUp) => void;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;
  #repliesOwed = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerEndsAt = Infinity;

  /** `giveUp` is told of a call whose time is up or whose signal fires; it waits no more then. */
  constructor(giveUp: (id: number, call: PendingCall, why: GivenUp) => void) {
    this.#giveUp = giveUp;
  }

  /** The id that was given out last; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The id that the next call will have. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** Has the call wait, under `nextId`. */
  add(call: PendingCall): void {
    const id = ++this.#lastId;
    const { signal } = call;
    const onAbort = signal === undefined ? undefined : (): void => this.#abandon(id, "aborted");
    this.#entries.set(id, { call, onAbort });
    if (signal !== undefined && onAbort !== undefined) watchSignal(signal, onAbort);
    if (call.endsAt < this.#timerEndsAt) this.#setTimer(call.endsAt);
  }

  /** Uses up an id for a request whose reply nobody waits for. */
  addUnawaited(): number {
    this.#repliesOwed++;
    return ++this.#lastId;
  }

  /** The call that waits under `id`, and goes on waiting. */
  peek(id: number): PendingCall | undefined {
    return this.#entries.get(id)?.call;
  }

  /** The call that waits under `id`, which waits no more then. */
  take(id: number): PendingCall | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    const { call, onAbort } = entry;
    if (call.signal !== undefined && onAbort !== undefined) unwatchSignal(call.signal, onAbort);
    return call;
  }

  /**
   * Whether a reply that nobody waits for is still due under `id`, because its call was given up. How many are due
   * is known, which ones is not: ovsdb-server never answers what was cancelled, and to remember each would cost
   * memory for ever.
   */
  takeOwed(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || id > this.#lastId || this.#repliesOwed === 0) return false;
    this.#repliesOwed--;
    return true;
  }

  /** All calls, in the order in which they were made; none waits any more then. */
  takeAll(): readonly PendingCall[] {
    clearTimeout(this.#timer);
    this.#timerEndsAt = Infinity;
    const calls: PendingCall[] = [];
    for (const id of this.#entries.keys()) {
      const call = this.take(id);
      if (call !== undefined) calls.push(call);
    }
    return calls;
  }

  #abandon(id: number, why: GivenUp): void {
    const call = this.take(id);
    if (call === undefined) return;
    this.#repliesOwed++;
    this.#giveUp(id, call, why);
  }

  #setTimer(endsAt: number): void {
    clearTimeout(this.#timer);
    this.#timerEndsAt = endsAt;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(endsAt - performance.now())));
    // The socket keeps the process running, while there is one.
    this.#timer.unref();
  }

  #expire(): void {
    this.#timerEndsAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const [id, { call }] of this.#entries) {
      const { endsAt } = call;
      if (endsAt <= now) this.#abandon(id, "timeout");
      else if (endsAt < next) next = endsAt;
    }
    if (next < this.#timerEndsAt) this.#setTimer(next);
  }
}
