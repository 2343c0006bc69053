import assert from "node:assert/strict";
import type { CallOptions } from "../../src/core/call.js";
import type { VSwitchError } from "../../src/core/errors.js";
import type { InterfaceInfo, VSwitch, Watch, WatchEvent } from "../../src/core/vswitch.js";

/**
 * Reads a watch and keeps what it tells: after any events the world here is the switch's. Every event is checked
 * against what was told before.
 */
export class Follower {
  readonly world = new Map<string, InterfaceInfo>();
  readonly #events: Watch;
  isReady = false;
  lost: VSwitchError | undefined;

  private constructor(events: Watch) {
    this.#events = events;
  }

  static async of(vswitch: VSwitch, options: CallOptions = {}): Promise<Follower> {
    return new Follower((await vswitch.watch(options)).unwrap());
  }

  /** Reads one event; `undefined`: there are no more. */
  async next(): Promise<WatchEvent | undefined> {
    const result = await this.#events.next();
    if (result.done === true) return undefined;
    this.#keep(result.value);
    return result.value;
  }

  /** Reads until it holds; fails when the events end before. Gives what was read. */
  async until(holds: (follower: this) => boolean): Promise<readonly WatchEvent[]> {
    const read: WatchEvent[] = [];
    while (!holds(this)) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the watch ended after ${JSON.stringify(read)}`);
      read.push(event);
    }
    return read;
  }

  /** Reads to the end. */
  async rest(): Promise<readonly WatchEvent[]> {
    const read: WatchEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) read.push(event);
    return read;
  }

  async leave(): Promise<void> {
    await this.#events.return?.();
  }

  #keep(event: WatchEvent): void {
    assert.equal(this.lost, undefined, "lost is the last event");
    switch (event.kind) {
      case "current":
      case "added":
        assert.equal(event.kind, this.isReady ? "added" : "current", "current before ready, added after");
        assert(!this.world.has(event.interface.name), `${event.interface.name} comes once`);
        this.world.set(event.interface.name, event.interface);
        break;
      case "changed":
        assert(this.world.has(event.interface.name), `${event.interface.name} was told of`);
        this.world.set(event.interface.name, event.interface);
        break;
      case "removed":
        assert(this.world.delete(event.name), `${event.name} was told of`);
        break;
      case "ready":
        assert(!this.isReady, "ready comes once");
        this.isReady = true;
        break;
      case "lost":
        this.lost = event.error;
        break;
    }
  }
}
