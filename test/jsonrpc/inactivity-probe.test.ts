import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { InactivityProbe } from "../../src/jsonrpc/inactivity-probe.js";

/** What the probe does to its connection, which has the given numbers of bytes queued, one after the other. */
function watch(intervalMs: number, queued: number[] = []) {
  const deeds: string[] = [];
  const probe = new InactivityProbe(intervalMs, {
    queuedBytes: () => queued.shift() ?? 0,
    probe: () => deeds.push("probe"),
    lost: () => deeds.push("lost"),
  });
  return { probe, deeds };
}

/** Lets time pass, and then the event loop take its turn. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("InactivityProbe", () => {
  it("asks after one interval of silence, and calls the peer lost after another", async () => {
    const { deeds } = watch(5000);
    await pass(4999);
    expect(deeds).toEqual([]);
    await pass(1);
    expect(deeds).toEqual(["probe"]);
    await pass(4999);
    expect(deeds).toEqual(["probe"]);
    await pass(1);
    expect(deeds).toEqual(["probe", "lost"]);
    await pass(60_000);
    expect(deeds).toEqual(["probe", "lost"]);
  });

  it("counts the interval from the last byte", async () => {
    const { probe, deeds } = watch(5000);
    await pass(3000);
    probe.received();
    await pass(4999);
    expect(deeds).toEqual([]);
    await pass(1);
    expect(deeds).toEqual(["probe"]);
  });

  it("takes any byte as the answer", async () => {
    const { probe, deeds } = watch(5000);
    await pass(5000);
    await pass(2000);
    probe.received();
    await pass(3000);
    await pass(2000);
    expect(deeds).toEqual(["probe", "probe"]);
  });

  it("reads what has come before it judges: a byte that waited behind a late timer counts", async () => {
    const { probe, deeds } = watch(5000);
    await pass(5000);
    vi.advanceTimersByTime(20_000);
    probe.received();
    await pass(0);
    expect(deeds).toEqual(["probe"]);
  });

  it("takes it as a sign of life that our own queue gets shorter", async () => {
    const { deeds } = watch(5000, [900, 500, 500]);
    await pass(5000);
    expect(deeds).toEqual(["probe"]);
    await pass(5000);
    expect(deeds).toEqual(["probe"]);
    await pass(5000);
    expect(deeds).toEqual(["probe", "probe"]);
  });

  it("does nothing once it is stopped, not even in the turn that has begun", async () => {
    const { probe, deeds } = watch(5000);
    vi.advanceTimersByTime(5000);
    probe.stop();
    await pass(60_000);
    expect(deeds).toEqual([]);
  });
});
