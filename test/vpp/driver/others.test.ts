/** What VPP's numbers mean may change at any time: a wrong delete cuts somebody off. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { failure } from "../../conformance/bench.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const release = releases.at(-1) ?? "";

describe.skipIf(releases.length === 0)(`the VPP driver and others${unlessMissing}`, () => {
  test("after a restart of VPP another's interface under the same index is left alone", async () => {
    await using bench = await DriverBench.start(release);
    const made = (await bench.vswitch.createInterface({ type: "loopback", name: "ours" })).unwrap();
    await bench.server.restart();
    const foreign = bench.vpp.interfaces.add("loop0", { type: "loopback", instance: 0 }, "02:00:00:00:00:01");
    expect(foreign.swIfIndex).toBe(made.native["sw_if_index"]);
    expect((await bench.vswitch.deleteInterface("ours")).unwrap()).toEqual({ deleted: false });
    expect((await bench.vswitch.getInterface("loop0")).unwrap()).toMatchObject({ mark: null });
  });

  test("the first read after a restart of VPP tells what the new one has", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface({ type: "loopback", name: "ours" })).unwrap();
    await bench.server.restart();
    expect((await bench.vswitch.listInterfaces()).unwrap()).toEqual([]);
  });

  test("a read whose connection goes is repeated, once", async () => {
    await using bench = await DriverBench.start(release);
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    expect((await bench.vswitch.listInterfaces()).unwrap()).toEqual([]);
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    failure(await bench.vswitch.listInterfaces(), "disconnected");
    expect((await bench.vswitch.listInterfaces()).unwrap()).toEqual([]);
  });

  test("the first change after a restart of VPP is made in the new one", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface({ type: "loopback", name: "ours" })).unwrap();
    await bench.server.restart();
    const made = await bench.vswitch.createInterface({ type: "loopback", name: "ours" });
    expect(made.unwrap()).toMatchObject({ created: true });
  });

  test("a change whose connection goes is repeated, once, if it had not begun", async () => {
    await using bench = await DriverBench.start(release);
    const spec = { type: "loopback", name: "lo0" } as const;
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    expect((await bench.vswitch.createInterface(spec)).unwrap()).toMatchObject({ created: true });
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    bench.server.fail("sw_interface_dump", { kind: "cut" });
    failure(await bench.vswitch.deleteInterface("lo0"), "disconnected");
    expect((await bench.vswitch.deleteInterface("lo0")).unwrap()).toEqual({ deleted: true });
    bench.server.fail("create_loopback_instance", { kind: "cut" });
    failure(await bench.vswitch.createInterface(spec), "disconnected");
    expect((await bench.vswitch.listInterfaces()).unwrap()).toEqual([]);
  });

  test("an interface that takes the index while ours is being deleted is left alone", async () => {
    await using bench = await DriverBench.start(release);
    const made = (await bench.vswitch.createInterface({ type: "loopback", name: "ours" })).unwrap();
    const index = Number(made.native["sw_if_index"]);
    // All has been told by then, but not that it was all.
    bench.server.fail("control_ping", { kind: "late", ms: 100 });
    const deleting = bench.vswitch.deleteInterface("ours");
    await sleep(50);
    bench.vpp.interfaces.delete(index);
    const other = bench.vpp.interfaces.add("loop0", { type: "loopback", instance: 0 }, "02:00:00:00:00:01");
    expect(other.swIfIndex).toBe(index);
    expect((await deleting).unwrap()).toEqual({ deleted: false });
    expect(bench.vpp.interfaces.get(index)).toBe(other);
  });

  test("without its plugin a type is unsupported, before anything is sent", async () => {
    await using bench = await DriverBench.start(release, ["interface", "l2", "ip", "memclnt", "vlib", "vpe"]);
    bench.server.requests.clear();
    const socket = bench.socket("net0");
    const result = await bench.vswitch.createInterface({
      type: "memif",
      name: "net0",
      role: "master",
      socket,
    });
    expect(result).toMatchObject({ error: { kind: "unsupported", feature: "memif" } });
    expect(result).toHaveProperty("error.message", expect.stringContaining("memif_plugin.so"));
    expect(bench.server.requests.names()).toEqual([]);
  });

  test("two processes that make and delete 100 memifs each leave nothing", { timeout: 120_000 }, async () => {
    await using bench = await DriverBench.start(release);
    const script = join(import.meta.dirname, "../../support/vpp-come-and-go.ts");
    const children = ["a", "b"].map((prefix) =>
      spawn(
        process.execPath,
        ["--import", "tsx", script, bench.server.remote, "lab", prefix, join(bench.directory, "many"), "100"],
        { stdio: "inherit" },
      ),
    );
    await Promise.all(children.map((child) => once(child, "exit")));
    expect(children.map((child) => child.exitCode)).toEqual([0, 0]);
    expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
    expect(bench.server.rudeEnds).toBe(0);
  });
});
