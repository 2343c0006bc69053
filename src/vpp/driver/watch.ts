import { isDeepStrictEqual } from "node:util";
import { DisconnectedError, type VSwitchError } from "../../core/errors.js";
import { watchQueue, type EventQueue } from "../../core/event-queue.js";
import type { Result } from "../../core/result.js";
import type { InterfaceInfo, Watch, WatchEvent } from "../../core/vswitch.js";
import type { EventStream } from "../api/event-stream.js";
import type { SwInterfaceEvent } from "../bindings/interface.js";

/** An interface as a watch compares it. */
export interface Sighting {
  readonly info: InterfaceInfo;
  /** It has no tag: somebody may just be making it. */
  readonly isNameless: boolean;
  /** It is being made. */
  readonly isMaking: boolean;
}

/** What a watch needs of its driver. */
export interface WatchParts {
  readonly operation: string;
  readonly events: EventStream<SwInterfaceEvent>;
  readonly signal: AbortSignal | undefined;
  /** All interfaces as they are now. */
  readonly look: () => Promise<Result<readonly Sighting[], VSwitchError>>;
  /** Calls back after each change that this connection makes; gives what stops it. */
  readonly onOwnChange: (callback: () => void) => () => void;
}

/** VPP has no event for bridge domains, tags, addresses and MTUs: these are looked at so often, in milliseconds. */
const pauseMs = 500;

/** The longest pause between two looks, whatever a look takes, in milliseconds. */
const mostMs = 10_000;

/** How long what has no tag may take to get one, in milliseconds: until then it may be one of ours that is being made. */
const graceMs = 30;

/**
 * `watch`: VPP's interface events say when to look, a clock does so for what has none, and what is told is the difference
 * to what was told before. A lost connection is made again; what another VPP has then is told as changes.
 */
export function watch(parts: WatchParts, first: readonly Sighting[]): Watch {
  const watcher: Watcher = new Watcher(parts, () => queue);
  const queue: EventQueue<WatchEvent> = watchQueue(parts.signal, () => watcher.stop());
  watcher.begin(first);
  return queue;
}

class Watcher {
  readonly #parts: WatchParts;
  readonly #queueOf: () => EventQueue<WatchEvent>;
  readonly #told = new Map<string, InterfaceInfo>();
  readonly #unannounced = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #isLooking = false;
  #lookAgain = false;
  #isOver = false;

  constructor(parts: WatchParts, queueOf: () => EventQueue<WatchEvent>) {
    this.#parts = parts;
    this.#queueOf = queueOf;
  }

  begin(first: readonly Sighting[]): void {
    if (this.#isOver) return;
    const queue = this.#queueOf();
    for (const { info, isMaking } of first) {
      if (isMaking) continue;
      this.#told.set(info.name, info);
      queue.push({ kind: "current", interface: info });
    }
    queue.push({ kind: "ready" });
    this.#stopListening = this.#parts.onOwnChange(() => void this.#look());
    void this.#follow();
    this.#later(pauseMs);
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    void this.#parts.events.return();
  }

  async #follow(): Promise<void> {
    for await (const event of this.#parts.events) {
      if (event.kind === "lost") this.#lose(event.error);
      else void this.#look();
    }
    // The client was closed.
    if (!this.#isOver) this.#queueOf().end();
  }

  #lose(reason: VSwitchError): void {
    const { operation } = this.#parts;
    const message = `${operation}: nothing more is told: ${reason.message}; watch again for what is there then`;
    const error = new DisconnectedError({ operation, outcome: "not-sent", cause: reason, message });
    this.#queueOf().end({ kind: "lost", error });
  }

  #later(ms: number): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) {
      this.#lookAgain = true;
      return;
    }
    this.#isLooking = true;
    const began = performance.now();
    do {
      this.#lookAgain = false;
      const seen = await this.#parts.look();
      // No connection: the stream says when there is one again.
      if (!this.#isOver && seen.isOk()) this.#compare(seen.value);
    } while (this.#lookAgain && !this.#isOver);
    this.#isLooking = false;
    // A switch so large that a look takes long is looked at less often.
    const least = this.#unannounced.size > 0 ? graceMs : pauseMs;
    this.#later(Math.min(mostMs, Math.max(least, 10 * (performance.now() - began))));
  }

  #compare(seen: readonly Sighting[]): void {
    const queue = this.#queueOf();
    const now = performance.now();
    const present = new Map(seen.filter(({ isMaking }) => !isMaking).map((each) => [each.info.name, each]));
    for (const name of this.#told.keys()) {
      if (present.has(name)) continue;
      this.#told.delete(name);
      queue.push({ kind: "removed", name });
    }
    for (const name of this.#unannounced.keys()) if (!present.has(name)) this.#unannounced.delete(name);
    for (const [name, { info, isNameless }] of present) {
      const before = this.#told.get(name);
      if (before === undefined && isNameless) {
        const since = this.#unannounced.get(name) ?? now;
        this.#unannounced.set(name, since);
        if (now - since < graceMs) continue;
      }
      this.#unannounced.delete(name);
      if (isDeepStrictEqual(before, info)) continue;
      this.#told.set(name, info);
      queue.push({ kind: before === undefined ? "added" : "changed", interface: info });
    }
  }
}
