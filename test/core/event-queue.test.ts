import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnreachableError } from "../../src/core/errors.js";
import { EventQueue, watchQueue } from "../../src/core/event-queue.js";
import type { InterfaceInfo, WatchEvent } from "../../src/core/vswitch.js";

const info = (name: string, mtu = 1500): InterfaceInfo => ({
  name,
  type: "tap",
  nativeType: "tap",
  mark: null,
  bridge: null,
  vlan: {},
  adminState: "up",
  linkState: "up",
  mtu,
  mac: null,
  socket: null,
  addresses: [],
  error: null,
  externalIds: {},
  statistics: {},
  native: {},
});

const current = (name: string, mtu?: number): WatchEvent => ({ kind: "current", interface: info(name, mtu) });
const added = (name: string, mtu?: number): WatchEvent => ({ kind: "added", interface: info(name, mtu) });
const changed = (name: string, mtu?: number): WatchEvent => ({ kind: "changed", interface: info(name, mtu) });
const removed = (name: string): WatchEvent => ({ kind: "removed", name });
const ready: WatchEvent = { kind: "ready" };
const lost: WatchEvent = {
  kind: "lost",
  error: new UnreachableError({
    operation: "watch",
    message: "gone",
    address: "unix:/run/db.sock",
    errno: "ENOENT",
    hint: "start it",
  }),
};

const queue = (signal?: AbortSignal): EventQueue<WatchEvent> => watchQueue(signal, () => {});

/** Everything that is left in a queue that has ended. */
async function drain<Event>(events: EventQueue<Event>): Promise<readonly Event[]> {
  const read: Event[] = [];
  for await (const event of events) read.push(event);
  return read;
}

describe("for a reader that was away", () => {
  test.each<[string, pushed: readonly WatchEvent[], told: readonly WatchEvent[]]>([
    ["events on other interfaces stay apart", [added("a"), added("b")], [added("a"), added("b")]],
    ["changes become one", [changed("a", 1), changed("a", 2), changed("a", 3)], [changed("a", 3)]],
    ["what came and changed came as it is now", [added("a", 1), changed("a", 2)], [added("a", 2)]],
    [
      "what was there and changed is there as it is now",
      [current("a", 1), ready, changed("a", 2)],
      [current("a", 2), ready],
    ],
    ["what came and went was never there", [added("a"), removed("a")], []],
    ["what was there and went was never there", [current("a"), ready, removed("a")], [ready]],
    ["what changed and went is gone", [changed("a"), removed("a")], [removed("a")]],
    ["what went and came again has changed", [removed("a"), added("a", 2)], [changed("a", 2)]],
    ["what went, came and went is gone", [removed("a"), added("a"), removed("a")], [removed("a")]],
    [
      "a merged event keeps its place",
      [changed("a", 1), changed("b"), changed("a", 2)],
      [changed("a", 2), changed("b")],
    ],
    ["lost is last", [changed("a"), lost], [changed("a"), lost]],
  ])("%s", async (_title, pushed, told) => {
    const events = queue();
    for (const event of pushed) events.push(event);
    events.end();
    expect(await drain(events)).toEqual(told);
  });

  test("whatever happens, the last state is told, in events that follow from one another", async () => {
    const names = ["a", "b", "c"];
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ name: fc.constantFrom(...names), mtu: fc.integer() }) },
      { weight: 1, arbitrary: fc.constant("read" as const) },
      { weight: 1, arbitrary: fc.constantFrom(...names) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const events = queue();
        const world = new Map<string, number>();
        const told = new Map<string, number | null>();
        const take = (event: WatchEvent): void => {
          if (event.kind === "removed") assert(told.delete(event.name), "what goes was told of");
          if (event.kind === "added") assert(!told.has(event.interface.name), "what comes is new");
          if (event.kind === "changed") assert(told.has(event.interface.name), "what changes was told of");
          if ("interface" in event) told.set(event.interface.name, event.interface.mtu);
        };
        const reading: Promise<void>[] = [];
        const readOne = async (): Promise<void> => {
          const next = await events.next();
          if (next.done !== true) take(next.value);
        };
        for (const step of steps) {
          if (step === "read") reading.push(readOne());
          else if (typeof step === "string") {
            if (world.delete(step)) events.push(removed(step));
          } else {
            events.push(world.has(step.name) ? changed(step.name, step.mtu) : added(step.name, step.mtu));
            world.set(step.name, step.mtu);
          }
        }
        events.end();
        await Promise.all(reading);
        const rest = await drain(events);
        expect(rest.length).toBeLessThanOrEqual(names.length);
        for (const event of rest) take(event);
        expect(told).toEqual(world);
      }),
    );
  });
});

describe("for a reader that waits", () => {
  test("events come as they are, in order", async () => {
    const events = queue();
    const two = [events.next(), events.next()];
    events.push(added("a", 1));
    events.push(changed("a", 2));
    expect(await Promise.all(two)).toEqual([
      { done: false, value: added("a", 1) },
      { done: false, value: changed("a", 2) },
    ]);
  });

  test("the end comes to all that wait", async () => {
    const events = queue();
    const two = [events.next(), events.next()];
    events.end();
    expect(await Promise.all(two)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });
});

describe("the end", () => {
  test("by the feeder comes after what is pending, and the last word", async () => {
    const events = queue();
    events.push(added("a"));
    events.end(lost);
    events.push(added("b"));
    expect(await drain(events)).toEqual([added("a"), lost]);
  });

  test("by stop comes at once", async () => {
    const events = queue();
    events.push(added("a"));
    events.stop();
    expect(await drain(events)).toEqual([]);
  });

  test("stop after end leaves nothing to read", async () => {
    const events = queue();
    events.push(added("a"));
    events.end();
    events.stop();
    expect(await drain(events)).toEqual([]);
  });

  test("by the signal comes at once, and the signal is let go", async () => {
    const controller = new AbortController();
    const events = queue(controller.signal);
    events.push(added("a"));
    const waiting = queue(controller.signal);
    const next = waiting.next();
    controller.abort();
    expect(await drain(events)).toEqual([]);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(await drain(queue(controller.signal))).toEqual([]);
  });

  test.each<[string, (events: EventQueue<WatchEvent>, controller: AbortController) => unknown]>([
    ["end", (events) => events.end()],
    ["stop", (events) => events.stop()],
    ["a signal", (_events, controller) => controller.abort()],
    ["leaving the loop", (events) => events.return()],
    ["going out of scope", (events) => events[Symbol.asyncDispose]()],
  ])("by %s releases the feeder and the signal, once", async (_title, end) => {
    const controller = new AbortController();
    let released = 0;
    const events = watchQueue(controller.signal, () => {
      released += 1;
    });
    await end(events, controller);
    expect(released).toBe(1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    events.end();
    events.stop();
    await events.return();
    controller.abort();
    expect(released).toBe(1);
  });

  test("by break ends the iterator", async () => {
    const events = queue();
    events.push(added("a"));
    events.push(added("b"));
    for await (const event of events) {
      expect(event).toEqual(added("a"));
      break;
    }
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

test("a queue of anything: what has no key is never merged", async () => {
  const events = new EventQueue<{ readonly of: string | null; readonly count: number }>({
    keyOf: ({ of }) => of,
    merge: (pending, next) => ({ of: pending.of, count: pending.count + next.count }),
  });
  for (const of of ["a", null, "a", null]) events.push({ of, count: 1 });
  events.end();
  expect(await drain(events)).toEqual([
    { of: "a", count: 2 },
    { of: null, count: 1 },
    { of: null, count: 1 },
  ]);
});
