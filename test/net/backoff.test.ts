import { describe, expect, it } from "vitest";

import { Backoff } from "../../src/net/backoff.js";

const failures = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.failed());

describe("Backoff", () => {
  it("waits 1 s, doubles, and stays at 8 s", () => {
    expect(failures(new Backoff(), 6)).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it("tries every remote once before it waits", () => {
    expect(failures(new Backoff({ freeTries: 3 }), 4)).toEqual([0, 0, 1000, 2000]);
  });

  it("begins anew after a connection that was active as long as the last wait", () => {
    const backoff = new Backoff();
    failures(backoff, 3);
    expect(backoff.disconnected(4000)).toBe(1000);
    expect(backoff.failed()).toBe(2000);
  });

  it("goes on doubling after a connection that was cut sooner", () => {
    const backoff = new Backoff();
    failures(backoff, 2);
    expect(backoff.disconnected(1999)).toBe(4000);
  });

  it("reaches a maximum that is no power of two times the minimum", () => {
    expect(failures(new Backoff({ minMs: 1500, maxMs: 5000 }), 4)).toEqual([1500, 3000, 5000, 5000]);
  });

  it("takes no wait below 1 ms and no maximum below the minimum", () => {
    expect(failures(new Backoff({ minMs: 0, maxMs: 0 }), 3)).toEqual([1, 1, 1]);
    expect(failures(new Backoff({ minMs: 20, maxMs: 10 }), 3)).toEqual([20, 20, 20]);
  });

  it("gives an attempt as long as the last wait, and at least 1 s", () => {
    const backoff = new Backoff();
    expect(backoff.attemptMs).toBe(1000);
    failures(backoff, 3);
    expect(backoff.attemptMs).toBe(4000);
  });
});
