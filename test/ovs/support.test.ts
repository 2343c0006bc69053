import { describe, expect, test } from "vitest";
import type { InterfaceSpec } from "../../src/core/specs.js";
import { checkSpec, typeSupport, type SwitchFacts } from "../../src/ovs/support.js";

const plain: SwitchFacts = {
  interfaceTypes: new Set(["internal", "tap", "patch", "vxlan", "geneve", "system"]),
  datapathTypes: new Set(["netdev", "system"]),
  dpdkInitialized: false,
  vhostSocketDirectory: "/var/run/openvswitch/vhost",
};

const dpdk: SwitchFacts = {
  ...plain,
  interfaceTypes: new Set([...plain.interfaceTypes, "dpdk", "dpdkvhostuser", "dpdkvhostuserclient"]),
  dpdkInitialized: true,
};

const untold: SwitchFacts = { ...plain, interfaceTypes: new Set(), datapathTypes: new Set() };

describe("what an Open vSwitch can make", () => {
  test("without DPDK: no vhost-user, and the remedy is named", () => {
    expect(typeSupport(plain, "internal")).toEqual({ supported: true, experimental: false, why: "" });
    expect(typeSupport(plain, "vhost-user")).toMatchObject({
      supported: false,
      why: expect.stringContaining("dpdk-init=true"),
    });
  });

  test("with the DPDK build, but DPDK not initialised: the same", () => {
    expect(typeSupport({ ...dpdk, dpdkInitialized: false }, "vhost-user").supported).toBe(false);
  });

  test("with DPDK: vhost-user and dpdk, and memif as an experiment", () => {
    expect(typeSupport(dpdk, "vhost-user").supported).toBe(true);
    expect(typeSupport(dpdk, "dpdk").supported).toBe(true);
    expect(typeSupport(dpdk, "memif")).toMatchObject({ supported: true, experimental: true });
  });

  test("before any vswitchd ran nobody knows", () => {
    expect(typeSupport(untold, "internal").why).toContain("start ovs-vswitchd");
  });
});

describe("a spec is refused before anything is sent", () => {
  const spec = (fields: InterfaceSpec, facts = dpdk) => checkSpec("createInterface", fields, facts);

  test.each<[string, InterfaceSpec, string]>([
    ["an admin state", { type: "internal", name: "i0", adminState: "down" }, "adminState"],
    [
      "the socket of a server",
      { type: "vhost-user", name: "v0", mode: "server", socket: "/run/v0" },
      "socket",
    ],
    ["an IP memif", { type: "memif", name: "m0", role: "master", socket: "/run/m0", mode: "ip" }, "mode"],
    ["a loopback", { type: "loopback", name: "l0" }, "loopback"],
    ["a tap with queues", { type: "tap", name: "t0", rxQueues: 4 }, "rxQueues"],
  ])("that has %s: Open vSwitch has no place for it", (_what, fields, feature) => {
    const error = spec(fields).unwrapErr();
    expect(error).toMatchObject({ kind: "unsupported", feature, operation: "createInterface" });
    expect(error.message).toContain(fields.name);
  });

  test.each<[string, InterfaceSpec, string]>([
    ["a tap whose device has another name", { type: "tap", name: "t0", device: "t1" }, "device"],
    [
      "a memif socket that would be two arguments",
      { type: "memif", name: "m0", role: "slave", socket: "/run/a,b" },
      "socket",
    ],
    [
      "a secret that would be two arguments",
      { type: "memif", name: "m0", role: "slave", socket: "/m", secret: "a,b" },
      "secret",
    ],
  ])("that has %s", (_what, fields, path) => {
    expect(spec(fields).unwrapErr()).toMatchObject({ kind: "invalid", path });
  });

  test("whose server socket would be longer than a socket's path may be", () => {
    const deep = { ...dpdk, vhostSocketDirectory: `/${"d".repeat(90)}` };
    const error = spec({ type: "vhost-user", name: "n".repeat(30), mode: "server" }, deep).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "name" });
    expect(error.message).toContain("107 bytes");
  });

  test("whose type this vswitchd lacks, but not when no vswitchd has run yet: then the wait tells", () => {
    expect(spec({ type: "vhost-user", name: "v0", mode: "server" }, plain).unwrapErr().kind).toBe(
      "unsupported",
    );
    expect(spec({ type: "vhost-user", name: "v0", mode: "server" }, untold).isOk()).toBe(true);
    expect(spec({ type: "loopback", name: "l0" }, untold).unwrapErr().kind).toBe("unsupported");
  });

  test("a secret is not shown", () => {
    const error = spec({
      type: "memif",
      name: "m0",
      role: "slave",
      socket: "/m",
      secret: "top,s3cret",
    }).unwrapErr();
    expect(JSON.stringify(error)).not.toContain("s3cret");
  });
});
