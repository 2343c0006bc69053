import type { InterfaceInfo } from "../../core/vswitch.js";
import { ControlPing } from "../bindings/memclnt.js";
import { openVppStats, type VppStats } from "../stats/stats.js";
import type { Context } from "./context.js";

/**
 * The counters of a VPP's interfaces, where they may be read: VPP keeps them in its memory, which takes its own user or
 * root to look at. Elsewhere an interface just has none.
 */
export class Statistics {
  /** The path of the API's socket, which leads to the process. */
  readonly #socket: string;
  #generation = 0;
  #isClosed = false;
  #stats: Promise<VppStats | undefined> = Promise.resolve(undefined);

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The same interfaces with their counters. */
  async addTo(context: Context, interfaces: readonly InterfaceInfo[]): Promise<readonly InterfaceInfo[]> {
    if (interfaces.length === 0 || this.#isClosed) return interfaces;
    const { generation, deadline } = context;
    if (this.#generation !== generation) {
      this.#letGo();
      this.#generation = generation;
      this.#stats = this.#open(context);
    }
    const indices = interfaces.map(({ native }) => Number(native["sw_if_index"]));
    const counters = await (await this.#stats)?.interfaceCounters(indices, deadline.step());
    if (counters === undefined || counters.isErr()) return interfaces;
    return interfaces.map((info, at) => ({
      ...info,
      statistics: counters.value.get(indices[at] ?? -1) ?? {},
    }));
  }

  /** Lets go of the memory. */
  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  #letGo(): void {
    void this.#stats.then((stats) => stats?.close());
  }

  async #open(context: Context): Promise<VppStats | undefined> {
    const alive = await context.call(ControlPing, {});
    const pid = alive.isOk() && alive.value.vpe_pid > 0 ? { pid: alive.value.vpe_pid } : {};
    const opened = await openVppStats({ socket: this.#socket, ...pid });
    return opened.unwrapOr(undefined);
  }
}
