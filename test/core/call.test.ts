import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Deadline } from "../../src/core/call.js";
import { Ok, type Result } from "../../src/core/result.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a deadline that cannot start", () => {
  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2_147_483_648])(
    "timeoutMs %d is invalid",
    (ms) => {
      const error = Deadline.start("verb", { timeoutMs: ms }, 1000).unwrapErr();
      expect(error).toMatchObject({ kind: "invalid", operation: "verb", path: "timeoutMs", got: String(ms) });
      expect(error.message).toBe(
        `verb: timeoutMs is ${ms}; give milliseconds from 1 to 2147483647, or leave it out for 1000`,
      );
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("a signal that has fired: nothing was sent", () => {
    const reason = new Error("no longer wanted");
    const signal = AbortSignal.abort(reason);
    const error = Deadline.start("verb", { signal }, 1000).unwrapErr();
    expect(error).toMatchObject({ kind: "aborted", operation: "verb", outcome: "not-sent", cause: reason });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a deadline", () => {
  test("passes after its time, and the error says which", () => {
    using deadline = Deadline.start("verb", { timeoutMs: 500 }, 1000).unwrap();
    vi.advanceTimersByTime(499);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.failure("waiting for the switch", "unknown", ["port p0"])).toMatchObject({
      kind: "timeout",
      operation: "verb",
      timeoutMs: 500,
      outcome: "unknown",
      leftBehind: ["port p0"],
      message: "verb: no answer within 500 ms while waiting for the switch",
    });
  });

  test("is the default where none is given", () => {
    using deadline = Deadline.start("verb", undefined, 1000).unwrap();
    expect(deadline.timeoutMs).toBe(1000);
    vi.advanceTimersByTime(1000);
    expect(deadline.signal.aborted).toBe(true);
  });

  test("ends with the caller's signal, and the error carries its reason", () => {
    const controller = new AbortController();
    using deadline = Deadline.start("verb", { signal: controller.signal }, 1000).unwrap();
    const reason = new Error("stop");
    controller.abort(reason);
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.failure("dialling", "undone")).toMatchObject({
      kind: "aborted",
      operation: "verb",
      outcome: "undone",
      leftBehind: [],
      cause: reason,
      message: "verb: cancelled while dialling",
    });
  });

  test("gives each step what is left of its time, at least 1 ms", () => {
    using deadline = Deadline.start("verb", { timeoutMs: 500 }, 1000).unwrap();
    expect(deadline.step()).toEqual({ signal: deadline.signal, timeoutMs: 500 });
    vi.advanceTimersByTime(200);
    expect(deadline.remainingMs()).toBe(300);
    vi.advanceTimersByTime(1000);
    expect(deadline.remainingMs()).toBe(1);
  });

  test("leaves no timer and no listener when it is over", () => {
    const { signal } = new AbortController();
    {
      using deadline = Deadline.start("verb", { signal }, 1000).unwrap();
      expect(deadline.signal.aborted).toBe(false);
      expect(vi.getTimerCount()).toBe(1);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
    }
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("who watches a deadline, without a signal", () => {
  test("is called once when the time is up, or when the caller's signal fires", () => {
    using late = Deadline.start("verb", { timeoutMs: 500 }, 1000).unwrap();
    const onLate = vi.fn<() => void>();
    late.watch(onLate);
    vi.advanceTimersByTime(499);
    expect(onLate).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onLate).toHaveBeenCalledOnce();
    expect(late.failure("waiting", "unknown")).toMatchObject({ kind: "timeout", timeoutMs: 500 });
    expect(late.signal.aborted).toBe(true);

    const controller = new AbortController();
    using cancelled = Deadline.start("verb", { signal: controller.signal }, 1000).unwrap();
    const onCancelled = vi.fn<() => void>();
    cancelled.watch(onCancelled);
    controller.abort("enough");
    vi.advanceTimersByTime(2000);
    expect(onCancelled).toHaveBeenCalledOnce();
    expect(cancelled.failure("waiting", "unknown")).toMatchObject({ kind: "aborted", cause: "enough" });
  });

  test("is not called after it has left, nor when the call is over, and leaves no timer", () => {
    const { signal } = new AbortController();
    const called = vi.fn<() => void>();
    {
      using deadline = Deadline.start("verb", { signal, timeoutMs: 500 }, 1000).unwrap();
      const left = vi.fn<() => void>();
      deadline.watch(called);
      deadline.watch(left);
      deadline.unwatch(left);
      expect(vi.getTimerCount()).toBe(1);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      expect(left).not.toHaveBeenCalled();
    }
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    vi.advanceTimersByTime(1000);
    expect(called).not.toHaveBeenCalled();
  });

  test("is called at once when it comes too late", () => {
    using deadline = Deadline.start("verb", { timeoutMs: 500 }, 1000).unwrap();
    vi.advanceTimersByTime(500);
    const called = vi.fn<() => void>();
    deadline.watch(called);
    expect(called).toHaveBeenCalledOnce();
  });
});

test("a deadline whose signal nobody asks for has no timer, no listener, and passes all the same", () => {
  const controller = new AbortController();
  const { signal } = controller;
  using quiet = Deadline.start("verb", { signal, timeoutMs: 500 }, 1000).unwrap();
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  expect(quiet.hasPassed).toBe(false);
  vi.advanceTimersByTime(500);
  expect(quiet.hasPassed).toBe(true);
  expect(quiet.failure("waiting", "unknown")).toMatchObject({ kind: "timeout", timeoutMs: 500 });
  expect(quiet.signal.aborted).toBe(true);
  using cancelled = Deadline.start("verb", { signal }, 1000).unwrap();
  controller.abort();
  expect(cancelled.hasPassed).toBe(true);
  expect(cancelled.failure("waiting", "unknown")).toMatchObject({ kind: "aborted" });
  expect(cancelled.signal.aborted).toBe(true);
});

test("a hundred calls at once may share one signal: it has one listener, and ends them all", () => {
  const controller = new AbortController();
  const added = vi.spyOn(controller.signal, "addEventListener");
  const deadlines = Array.from({ length: 100 }, () =>
    Deadline.start("verb", { signal: controller.signal }, 60_000).unwrap(),
  );
  for (const { signal } of deadlines) expect(signal.aborted).toBe(false);
  const [first, ...others] = deadlines;
  first?.[Symbol.dispose]();
  controller.abort();
  expect(added).toHaveBeenCalledTimes(1);
  expect(first?.signal.aborted).toBe(false);
  expect(others.every(({ signal }) => signal.aborted)).toBe(true);
  for (const deadline of others) deadline[Symbol.dispose]();
});

describe("who waits within a deadline", () => {
  test("has what comes in time, and else why it was given up, while it goes on by itself", async () => {
    using deadline = Deadline.start("op", { timeoutMs: 20 }, 1000).unwrap();
    const doing = (): string => "waiting";
    expect(await deadline.wait(Promise.resolve(Ok(1)), doing, "unknown")).toEqual(Ok(1));
    const never = new Promise<Result<number, never>>(() => undefined);
    const waiting = deadline.wait(never, doing, "unknown");
    await vi.advanceTimersByTimeAsync(20);
    const late = (await waiting).unwrapErr();
    expect(late).toMatchObject({ kind: "timeout", timeoutMs: 20, outcome: "unknown" });
    expect(late.message).toBe("op: no answer within 20 ms while waiting");
  });
});
