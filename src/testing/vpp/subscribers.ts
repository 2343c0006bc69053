import type { MessageValue } from "../../vpp/schema/narrow.js";
import { booleanAt, numberAt } from "./values.js";
import { retvals } from "./handlers/handler.js";

/** Who gets which events, by the request that turned them on and the client index, as VPP keeps it. */
export class Subscribers {
  /** Request, client index, `pid`. */
  readonly #pids = new Map<string, Map<number, number>>();

  /** Does a request for events; gives the `retval`. */
  change(request: string, clientIndex: number, value: MessageValue): number {
    const pids = this.#pids.get(request) ?? new Map<number, number>();
    this.#pids.set(request, pids);
    const isOn = booleanAt(value, "enable_disable") || booleanAt(value, "enable");
    // Twice on and twice off are errors (VPP: `pub_sub_handler` in `src/vlibapi/api_helper_macros.h`).
    if (pids.has(clientIndex) === isOn) return retvals.invalidRegistration;
    if (isOn) pids.set(clientIndex, numberAt(value, "pid"));
    else pids.delete(clientIndex);
    return 0;
  }

  /** The client indices and `pid`s that get the events of a request. */
  of(request: string): Iterable<readonly [clientIndex: number, pid: number]> {
    return this.#pids.get(request) ?? [];
  }

  /** A client is gone. */
  forget(clientIndex: number): void {
    for (const pids of this.#pids.values()) pids.delete(clientIndex);
  }
}
