import { expect, test } from "vitest";
import type { VSwitchError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import type { VSwitch } from "../../src/core/vswitch.js";
import { failure, type Bench } from "./bench.js";

export function closeTests(bench: Bench): void {
  const { features } = bench.target;

  const everyVerb = (
    vswitch: VSwitch,
    name: string,
  ): Readonly<Record<string, Promise<Result<unknown, VSwitchError>>>> => ({
    createInterface: vswitch.createInterface(bench.spec(name)),
    attachToBridge: vswitch.attachToBridge(name, { bridge: "br0" }),
    detachFromBridge: vswitch.detachFromBridge(name),
    deleteInterface: vswitch.deleteInterface(name),
    getInterface: vswitch.getInterface(name),
    listInterfaces: vswitch.listInterfaces(),
    listBridges: vswitch.listBridges(),
    ensureBridge: vswitch.ensureBridge({ name: "br0" }),
    deleteBridge: vswitch.deleteBridge("br0"),
    capabilities: vswitch.capabilities(),
    watch: vswitch.watch(),
    collectGarbage: vswitch.collectGarbage([]),
    ...(features.addresses && { setAddresses: vswitch.setAddresses(name, []) }),
  });

  test("after close every verb is disconnected, and nothing is sent", async () => {
    const { name } = (await bench.vswitch.createInterface(bench.spec(bench.name()))).unwrap();
    const closed = await bench.connect();
    await closed.close();
    for (const [verb, call] of Object.entries(everyVerb(closed, name)))
      expect(failure(await call, "disconnected")).toMatchObject({ operation: verb, outcome: "not-sent" });
    expect(await bench.interfaces()).toEqual([name]);
    expect(await bench.bridges()).toEqual([]);
  });

  test("closing twice, or twice at once, is closing once", async () => {
    const vswitch = await bench.connect();
    await Promise.all([vswitch.close(), vswitch.close()]);
    await vswitch.close();
    expect(failure(await vswitch.listBridges(), "disconnected").outcome).toBe("not-sent");
  });

  test("await using closes", async () => {
    let left: VSwitch;
    {
      await using vswitch = await bench.connect();
      (await vswitch.listBridges()).unwrap();
      left = vswitch;
    }
    expect(failure(await left.listBridges(), "disconnected").outcome).toBe("not-sent");
  });

  test("calls that run when the connection is closed end", async () => {
    const vswitch = await bench.connect();
    const names = Array.from({ length: 5 }, () => bench.name());
    const calls = names.map((name) => vswitch.createInterface(bench.spec(name)));
    await vswitch.close();
    const results = await Promise.all(calls);
    const notSent = results.map(
      (result) => result.isErr() && failure(result, "disconnected").outcome === "not-sent",
    );
    const there = await bench.interfaces();
    expect(names.filter((name, at) => notSent[at] === true && there.includes(name))).toEqual([]);
  });

  test("what was made stays, and another connection has it", async () => {
    const vswitch = await bench.connect();
    const bridge = bench.name("br");
    const { name } = (
      await vswitch.createInterface(bench.spec(bench.name(), { attach: { bridge } }))
    ).unwrap();
    await vswitch.close();
    const later = await bench.connect();
    expect((await later.getInterface(name)).unwrap()).toMatchObject({
      name,
      bridge,
      mark: { owner: later.owner },
    });
    expect((await later.deleteInterface(name)).unwrap()).toEqual({ deleted: true });
    expect(await bench.bridges()).toEqual([]);
  });
}
