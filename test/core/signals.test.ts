import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { unwatchSignal, watchSignal } from "../../src/core/signals.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("many who wait for one signal", () => {
  test("share one listener, and all are called once when it fires", () => {
    const controller = new AbortController();
    const called: number[] = [];
    for (let each = 0; each < 100; each++) watchSignal(controller.signal, () => called.push(each));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect(called).toEqual(Array.from({ length: 100 }, (_none, each) => each));
    expect(listeners(controller.signal)).toBe(0);
  });

  test("leave one by one, and the last takes the listener along", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const first = (): unknown => called.push("first");
    const second = (): unknown => called.push("second");
    watchSignal(controller.signal, first);
    watchSignal(controller.signal, second);
    unwatchSignal(controller.signal, first);
    expect(listeners(controller.signal)).toBe(1);
    unwatchSignal(controller.signal, second);
    expect(listeners(controller.signal)).toBe(0);
    unwatchSignal(controller.signal, second);
    controller.abort();
    expect(called).toEqual([]);
  });

  test("one who leaves while others are called is not called any more", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const second = (): unknown => called.push("second");
    watchSignal(controller.signal, () => {
      called.push("first");
      unwatchSignal(controller.signal, second);
    });
    watchSignal(controller.signal, second);
    controller.abort();
    expect(called).toEqual(["first"]);
  });
});
