import { notification, type NotificationObject } from "jsonrpc-lite";
import * as v from "valibot";
import { validate } from "../core/validate.js";
import { Ok, type CallOptions, type Result, type VSwitchError, type Watch } from "../index.js";
import { watchSchema, type MethodCall } from "./methods.js";

/** Starts a watch on the switch. */
export type WatchSource = (options: CallOptions, call: MethodCall) => Promise<Result<Watch, VSwitchError>>;

/** A watch that was started: what the client is told, and what sends its events from then on. */
interface Started {
  readonly result: { readonly watch: number };
  readonly begin: () => void;
}

const unwatchSchema = v.strictObject({ watch: v.number() });

/** The watches of one client. Each event is sent when the client has taken the one before; meanwhile events are merged. */
export class Watches {
  readonly #source: WatchSource;
  readonly #send: (message: NotificationObject) => Promise<void>;
  readonly #open = new Map<number, AbortController>();
  #last = 0;

  constructor(source: WatchSource, send: (message: NotificationObject) => Promise<void>) {
    this.#source = source;
    this.#send = send;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Ends them all, without a word. */
  stop(): void {
    for (const controller of this.#open.values()) controller.abort();
  }

  /** The method `watch`. `signal` ends the start; the watch itself lasts until `unwatch` or the client goes. */
  async start(params: unknown, signal: AbortSignal): Promise<Result<Started, VSwitchError>> {
    const valid = validate("watch", "params", watchSchema, params ?? {});
    if (valid.isErr()) return valid;
    const controller = new AbortController();
    const onAbort = (): void => controller.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const until = { signal: controller.signal };
    const events = await this.#source({ ...valid.value, ...until }, until);
    signal.removeEventListener("abort", onAbort);
    if (events.isErr()) return events;
    this.#last += 1;
    const watch = this.#last;
    this.#open.set(watch, controller);
    return Ok({ result: { watch }, begin: () => void this.#pump(watch, events.value) });
  }

  /** The method `unwatch`. A watch that has ended already is a success. */
  unwatch(params: unknown): Result<{ readonly ended: boolean }, VSwitchError> {
    return validate("unwatch", "params", unwatchSchema, params ?? {}).map(({ watch }) => {
      const controller = this.#open.get(watch);
      controller?.abort();
      return { ended: controller !== undefined };
    });
  }

  async #pump(watch: number, events: Watch): Promise<void> {
    for await (const event of events) await this.#send(notification("watchEvent", { watch, event }));
    this.#open.delete(watch);
  }
}
