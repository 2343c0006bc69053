import type { BridgeInfo, InterfaceInfo, WatchEvent } from "../core/vswitch.js";
import type { StoredBridge, StoredInterface } from "./memory-interface.js";

type Listener = (event: WatchEvent) => void;

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/**
 * All that an in-memory switch holds, and who is told of changes. It decides nothing: whose is what is the
 * connections' business.
 */
export class MemoryState {
  readonly #interfaces = new Map<string, StoredInterface>();
  readonly #bridges = new Map<string, StoredBridge>();
  readonly #listeners = new Set<Listener>();
  #made = 0;

  /** A number that no interface of this switch has had. */
  nextNumber(): number {
    this.#made += 1;
    return this.#made;
  }

  interface(name: string): StoredInterface | undefined {
    return this.#interfaces.get(name);
  }

  bridge(name: string): StoredBridge | undefined {
    return this.#bridges.get(name);
  }

  interfaces(): readonly InterfaceInfo[] {
    return [...this.#interfaces.values()].map(({ info }) => info).toSorted(byName);
  }

  bridges(): readonly BridgeInfo[] {
    return [...this.#bridges.values()].map((bridge) => this.bridgeInfo(bridge)).toSorted(byName);
  }

  bridgeInfo({ failMode, native, ...bridge }: StoredBridge): BridgeInfo {
    const interfaces = this.interfaces()
      .filter((info) => info.bridge === bridge.name)
      .map(({ name }) => name);
    return { ...bridge, interfaces, native: { ...native, failMode } };
  }

  putInterface(stored: StoredInterface): void {
    const kind = this.#interfaces.has(stored.info.name) ? "changed" : "added";
    this.#interfaces.set(stored.info.name, stored);
    this.#tell({ kind, interface: stored.info });
  }

  removeInterface(name: string): void {
    if (this.#interfaces.delete(name)) this.#tell({ kind: "removed", name });
  }

  putBridge(bridge: StoredBridge): void {
    this.#bridges.set(bridge.name, bridge);
  }

  /** Removes a bridge with all that is on it, as a switch does when it is told to. */
  removeBridge(name: string): void {
    this.#bridges.delete(name);
    for (const info of this.interfaces()) if (info.bridge === name) this.removeInterface(info.name);
  }

  /** Removes a bridge that `owner` made on demand, when nothing is on it any more. */
  removeIfLeft(name: string | null, owner: string): void {
    const bridge = name === null ? undefined : this.#bridges.get(name);
    if (bridge === undefined || bridge.lifetime !== "on-demand" || bridge.mark?.owner !== owner) return;
    if (this.bridgeInfo(bridge).interfaces.length === 0) this.#bridges.delete(bridge.name);
  }

  /** Calls `listener` on every change until the function that it gives is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: WatchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
