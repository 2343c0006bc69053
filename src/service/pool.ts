import type { ConnectOptions } from "../index.js";
import { LeasedSwitch } from "./lease.js";
import { SharedSwitch, type Connect } from "./shared.js";

/** More switches than this are not kept connected; the one that was not wanted for longest goes. */
const mostSwitches = 16;

const keyOf = ({ engine, remote, owner, tls, datapathType }: ConnectOptions): string =>
  JSON.stringify([engine, remote, owner, tls, datapathType]);

/**
 * Connections that stay, shared by all who ask for the same switch as the same owner. What {@link SwitchPool.connect}
 * gives is used like a connection of one's own; closing it gives it back. One that has died is replaced at the next
 * call. The pool owns them all: close it at the end.
 */
export class SwitchPool implements AsyncDisposable {
  readonly #connect: Connect;
  readonly #log: (line: string) => void;
  readonly #switches = new Map<string, SharedSwitch>();
  readonly #closing = new AbortController();

  /** `log` is told of connections that come and go, one line each. */
  constructor(connect: Connect, log: (line: string) => void = () => undefined) {
    this.#connect = connect;
    this.#log = log;
  }

  /** As the library's `connect`: fails when the switch cannot be reached now. */
  readonly connect: Connect = async ({ signal, timeoutMs, ...which }) => {
    const shared = this.#shared(which);
    const connected = await shared.connected({ signal, timeoutMs });
    return connected.map((vswitch) => new LeasedSwitch(shared, vswitch));
  };

  #shared(which: ConnectOptions): SharedSwitch {
    const key = keyOf(which);
    const known = this.#switches.get(key);
    if (known !== undefined) return known;
    this.#makeRoom();
    const { signal } = this.#closing;
    const shared = new SharedSwitch(() => this.#connect({ ...which, signal }), this.#log);
    if (signal.aborted) void shared.close();
    else this.#switches.set(key, shared);
    return shared;
  }

  #makeRoom(): void {
    if (this.#switches.size < mostSwitches) return;
    const byUse = [...this.#switches].toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [key, shared] of byUse.slice(0, 1)) {
      this.#switches.delete(key);
      void shared.close();
    }
  }

  /** Ends all connections; calls that run end with `disconnected`. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const open = [...this.#switches.values()];
    this.#switches.clear();
    await Promise.all(open.map((shared) => shared.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
