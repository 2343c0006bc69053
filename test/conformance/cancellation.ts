import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { CallOptions } from "../../src/core/call.js";
import type { AbortedError, TimeoutError, VSwitchError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import { failure, type Bench } from "./bench.js";

type Attempt = (options: CallOptions) => Promise<Result<unknown, VSwitchError>>;

export function cancellationTests(bench: Bench): void {
  const { features, pause } = bench.target;

  /** A call of every verb, each of which would succeed. */
  const everyVerb = async (): Promise<Readonly<Record<string, Attempt>>> => {
    const { vswitch } = bench;
    const there = (await vswitch.createInterface(bench.spec(bench.name()))).unwrap();
    const empty = (await vswitch.ensureBridge({ name: bench.name("br") })).unwrap().name;
    const spec = bench.spec(bench.name(), { attach: { bridge: bench.name("br") } });
    const bridge = bench.name("br");
    return {
      createInterface: (options) => vswitch.createInterface(spec, options),
      attachToBridge: (options) => vswitch.attachToBridge(there, { bridge }, options),
      detachFromBridge: (options) => vswitch.detachFromBridge(there, options),
      deleteInterface: (options) => vswitch.deleteInterface(there, options),
      getInterface: (options) => vswitch.getInterface(there, options),
      listInterfaces: (options) => vswitch.listInterfaces(options),
      listBridges: (options) => vswitch.listBridges(options),
      ensureBridge: (options) => vswitch.ensureBridge({ name: bridge }, options),
      deleteBridge: (options) => vswitch.deleteBridge(empty, options),
      capabilities: (options) => vswitch.capabilities(options),
      watch: (options) => vswitch.watch(options),
      collectGarbage: (options) => vswitch.collectGarbage([], options),
      ...(features.addresses && {
        setAddresses: (options: CallOptions) => vswitch.setAddresses(there, ["192.0.2.1/24"], options),
      }),
    };
  };

  const everything = async (): Promise<object> => ({
    interfaces: (await bench.vswitch.listInterfaces()).unwrap().map(({ name, bridge, addresses }) => ({
      name,
      bridge,
      addresses,
    })),
    bridges: (await bench.vswitch.listBridges()).unwrap().map(({ name, lifetime }) => ({ name, lifetime })),
  });

  test("a signal that has fired: nothing is sent, by any verb", async () => {
    const attempts = await everyVerb();
    const before = await everything();
    const reason = new Error("changed my mind");
    for (const [verb, attempt] of Object.entries(attempts)) {
      const error = failure(await attempt({ signal: AbortSignal.abort(reason) }), "aborted");
      expect(error).toMatchObject({ operation: verb, outcome: "not-sent", leftBehind: [], cause: reason });
    }
    expect(await everything()).toEqual(before);
  });

  /**
   * A create that gave up says what became of it; and whatever it says, the same call again and a delete put all in
   * order.
   */
  const checkAfter = async (
    spec: ReturnType<Bench["spec"]>,
    error: AbortedError | TimeoutError | undefined,
  ): Promise<void> => {
    const there = (await bench.interfaces()).includes(spec.name);
    if (error === undefined) expect(there).toBe(true);
    else if (error.outcome !== "unknown" && error.leftBehind.length === 0) expect(there).toBe(false);
    expect((await bench.vswitch.createInterface(spec)).unwrap()).toMatchObject({ name: spec.name });
    expect((await bench.vswitch.deleteInterface(spec.name)).unwrap()).toEqual({ deleted: true });
    expect(await bench.bridges()).toEqual([]);
  };

  test.each([0, 1, 2, 4, 8, 16, 32])("a signal that fires %i ms into a call", async (ms) => {
    const spec = bench.spec(bench.name(), { attach: { bridge: bench.name("br") } });
    const controller = new AbortController();
    const call = bench.vswitch.createInterface(spec, { signal: controller.signal });
    if (ms > 0) await sleep(ms);
    controller.abort();
    const result = await call;
    const error = result.isOk() ? undefined : failure(result, "aborted");
    expect(error?.operation ?? "createInterface").toBe("createInterface");
    await checkAfter(spec, error);
  });

  describe.skipIf(pause === undefined)("while the switch does not answer", () => {
    test("a call ends at its deadline", async () => {
      const spec = bench.spec(bench.name(), { attach: { bridge: bench.name("br") } });
      await bench.pause();
      const error = failure(await bench.vswitch.createInterface(spec, { timeoutMs: 100 }), "timeout");
      expect(error.timeoutMs).toBe(100);
      expect(error.message).toContain("100 ms");
      await bench.resume();
      await checkAfter(spec, error);
    });

    test("a call ends when its signal fires", async () => {
      const spec = bench.spec(bench.name(), { attach: { bridge: bench.name("br") } });
      await bench.pause();
      const signal = AbortSignal.timeout(100);
      const error = failure(await bench.vswitch.createInterface(spec, { signal }), "aborted");
      expect(error.cause).toBe(signal.reason);
      await bench.resume();
      await checkAfter(spec, error);
    });

    test("an interface that was to move is on one bridge, the old one or the new one", async () => {
      const from = bench.name("br");
      const to = bench.name("br");
      const name = bench.name();
      (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge: from } }))).unwrap();
      await bench.pause();
      const error = failure(
        await bench.vswitch.attachToBridge(name, { bridge: to }, { timeoutMs: 100 }),
        "timeout",
      );
      await bench.resume();
      const { bridge } = (await bench.vswitch.getInterface(name)).unwrap();
      expect(error.outcome === "unknown" ? [from, to] : [from]).toContain(bridge);
      expect(await bench.bridges()).toEqual([bridge]);
    });

    test("the connection goes on after a call that gave up", async () => {
      await bench.pause();
      const name = bench.name();
      await bench.vswitch.createInterface(bench.spec(name), { timeoutMs: 50 });
      await bench.resume();
      const next = bench.name();
      expect((await bench.vswitch.createInterface(bench.spec(next))).unwrap().created).toBe(true);
      expect(await bench.interfaces()).toContain(next);
    });
  });
}
