/** What is deleted is ours, and what was promised to stay stays, whoever else is at it. */
import assert from "node:assert/strict";

import { describe, expect, test } from "vitest";

import type { CallHandler } from "../../../src/testing/vpp/handlers/handler.js";
import { callHandlers } from "../../../src/testing/vpp/handlers/index.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const release = releases.at(-1) ?? "";

const domain = "bridge_domain_add_del_v2";

/** Does something just before VPP handles the next `domain` request that adds, or deletes. */
function justBefore({ server }: DriverBench, isAdd: boolean, interfere: () => void): void {
  let isDone = false;
  const usual: CallHandler | undefined = callHandlers.get(domain);
  server.handle(domain, (request, vpp) => {
    if (!isDone && request["is_add"] === isAdd) {
      isDone = true;
      interfere();
    }
    return usual?.(request, vpp) ?? -9;
  });
}

const plain = {
  flood: true,
  uuFlood: true,
  forward: true,
  learn: true,
  arpTerm: false,
  arpUfwd: false,
  macAge: 0,
};

const onBridge = { type: "loopback", name: "lo0", attach: { bridge: "7" } } as const;

describe.skipIf(releases.length === 0)(`ownership${unlessMissing}`, () => {
  test("a bridge that goes while ensureBridge makes it stay is made anew", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(onBridge)).unwrap();
    justBefore(bench, true, () => {
      for (const { swIfIndex } of bench.vpp.interfaces.ofType("loopback"))
        bench.vpp.interfaces.delete(swIfIndex);
      bench.vpp.bridgeDomains.delete(7);
    });
    (await bench.vswitch.ensureBridge({ name: "7" })).unwrap();
    expect(bench.state()).toMatchObject({ domains: ["7 vswp/lab/7"] });
  });

  test("a bridge that ensureBridge makes stay while its last interface goes is there after it", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(onBridge)).unwrap();
    justBefore(bench, false, () => bench.vpp.bridgeDomains.set(9, { bdId: 9, ...plain, tag: "vsws/lab/7" }));
    (await bench.vswitch.deleteInterface("lo0")).unwrap();
    expect((await bench.vswitch.listBridges()).unwrap()).toMatchObject([
      { name: "7", lifetime: "persistent" },
    ]);
  });

  test("of two that delete one bridge at once the second is told that it is gone", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.ensureBridge({ name: "7" })).unwrap();
    justBefore(bench, false, () => bench.vpp.bridgeDomains.delete(7));
    expect((await bench.vswitch.deleteBridge("7")).unwrap()).toEqual({ deleted: false });
  });

  test("an interface of ours whose kind VPP no longer tells is not called deleted", async () => {
    await using bench = await DriverBench.start(release);
    const spec = { type: "af-packet", name: "wire", device: "eth1" } as const;
    (await bench.vswitch.createInterface(spec)).unwrap();
    bench.server.handleDump("af_packet_dump", () => []);
    const result = await bench.vswitch.deleteInterface("wire");
    assert.ok(result.isErr());
    expect(result.error.kind).toBe("unsupported");
    const collected = (await bench.vswitch.collectGarbage([])).unwrap();
    expect(collected).toMatchObject({ deleted: [], failed: [{ name: "wire" }] });
    expect(bench.state()).toMatchObject({ interfaces: [{ tag: "vswn/lab/wire" }] });
  });

  test("a domain that VPP does not let go of hides no interface that was deleted", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface({ type: "loopback", name: "lo0" })).unwrap();
    bench.vpp.bridgeDomains.set(9, { bdId: 9, tag: "vsws/lab/gone", ...plain });
    bench.server.fail(domain, { kind: "refused", retval: -1 });
    const error = (await bench.vswitch.collectGarbage([])).unwrapErr();
    expect(error).toMatchObject({ kind: "rejected", code: -1 });
    expect(error.leftBehind).toEqual(["lo0 was deleted", "the bridge domain 9 was not deleted: UNSPECIFIED"]);
    expect(bench.state()).toMatchObject({ interfaces: [], domains: ["9 vsws/lab/gone"] });
    expect((await bench.vswitch.collectGarbage([])).isOk()).toBe(true);
    expect(bench.state()).toMatchObject({ domains: [] });
  });

  test("a domain that VPP does not let go of keeps no other, and each is told of", async () => {
    await using bench = await DriverBench.start(release);
    for (const [bdId, tag] of [
      [6, "vswo/lab/6"],
      [7, "vswo/lab/7"],
      [8, "vsws/lab/gone"],
      [9, "vsws/lab/too"],
    ] as const)
      bench.vpp.bridgeDomains.set(bdId, { bdId, tag, ...plain });
    const usual = callHandlers.get(domain);
    const stuck = new Map<unknown, number>([
      [6, -1],
      [8, -13],
    ]);
    bench.server.handle(domain, (request, vpp) => stuck.get(request["bd_id"]) ?? usual?.(request, vpp) ?? -9);
    const error = (await bench.vswitch.collectGarbage([])).unwrapErr();
    expect(error).toMatchObject({ kind: "rejected", code: -1 });
    expect(error.leftBehind).toEqual([
      "the bridge domain 6 was not deleted: UNSPECIFIED",
      "the bridge domain 7 was deleted",
      "the bridge domain 8 was not deleted: SYSCALL_ERROR_3",
      "the bridge domain 9 was deleted",
    ]);
    expect(bench.state()).toMatchObject({ domains: ["6 vswo/lab/6", "8 vsws/lab/gone"] });
  });

  test("no address is put on an interface that got the index of ours meanwhile", async () => {
    await using bench = await DriverBench.start(release);
    const made = (await bench.vswitch.createInterface({ type: "loopback", name: "lo0" })).unwrap();
    const index = Number(made.native["sw_if_index"]);
    const message = "sw_interface_add_del_address";
    bench.server.handle(message, (request, vpp) => {
      const done = callHandlers.get(message)?.(request, vpp) ?? -9;
      if (vpp.interfaces.get(index)?.tag !== "") {
        vpp.interfaces.delete(index);
        vpp.interfaces.add("loop0", { type: "loopback", instance: 0 }, "02:00:00:00:00:01");
      }
      return done;
    });
    const result = await bench.vswitch.setAddresses("lo0", ["192.0.2.1/24", "198.51.100.1/24"]);
    assert.ok(result.isErr());
    expect(result.error.kind).toBe("not-found");
    expect(bench.state()).toMatchObject({ interfaces: [{ swIfIndex: index, tag: "", addresses: [] }] });
  });

  test("a name that does not fit beside the digest of its key is refused before anything is sent", async () => {
    await using bench = await DriverBench.start(release);
    bench.server.requests.clear();
    const result = await bench.vswitch.createInterface({
      type: "loopback",
      name: "n".repeat(52),
      key: "\u0001",
    });
    assert.ok(result.isErr());
    expect(result.error).toMatchObject({ kind: "invalid", path: "name" });
    expect(bench.server.requests.names()).toEqual([]);
  });

  test("what was left half made is told as that, and how it goes", async () => {
    await using bench = await DriverBench.start(release);
    bench.vpp.interfaces.add("loop0", { type: "loopback", instance: 0 }, "02:00:00:00:00:01").tag =
      "vsmn/lab/lo0";
    const result = await bench.vswitch.createInterface({ type: "loopback", name: "lo0" });
    assert.ok(result.isErr());
    expect(result.error.message).toContain("was left half made");
    expect((await bench.vswitch.deleteInterface("lo0")).unwrap()).toEqual({ deleted: true });
  });
});
