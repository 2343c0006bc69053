/** What only a real Open vSwitch can show: how it fails, what it keeps silent, who else is on it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect, type VSwitch, type VSwitchError } from "../../src/index.js";
import type { Result } from "../../src/core/result.js";
import { closeServer } from "../support/close-server.js";
import {
  availableFlavours,
  startOpenVSwitch,
  startOvsdbServer,
  type OpenVSwitch,
} from "../support/openvswitch.js";

const flavours = availableFlavours();
const owner = "real";

async function open(ovs: OpenVSwitch, as = owner): Promise<VSwitch> {
  const { remote, datapathType } = ovs;
  return (await connect({ engine: "ovs", remote, owner: as, datapathType })).unwrap();
}

function errorOf(result: Result<unknown, VSwitchError>): VSwitchError {
  if (result.isOk()) throw new Error(`expected an error, got ${JSON.stringify(result.value)}`);
  return result.error;
}

const rows = async (ovs: OpenVSwitch, table: string): Promise<string[]> =>
  (await ovs.vsctl("--bare", "--columns=name", "list", table))
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();

describe.skipIf(!flavours.dummy.available)(`a real Open vSwitch${flavours.dummy.note}`, () => {
  let ovs: OpenVSwitch;
  let vswitch: VSwitch;

  beforeAll(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
  });
  afterAll(() => ovs.stop());
  beforeEach(async () => {
    vswitch = await open(ovs);
  });
  afterEach(async () => {
    (await vswitch.collectGarbage([])).unwrap();
    await vswitch.close();
  });

  test("has in its database what was asked for", async () => {
    const made = await vswitch.createInterface({
      type: "internal",
      name: "full0",
      mtu: 1400,
      mac: "02:00:00:00:00:0a",
      ofportRequest: 42,
      ingressPolicing: { rate: 10_000, burst: 800, kpktsRate: 5, kpktsBurst: 1 },
      externalIds: { "iface-id": "vm-1" },
      attach: { bridge: "br0", vlanMode: "native-untagged", tag: 10, trunks: [10, 20] },
    });
    expect(made.unwrap()).toMatchObject({ bridge: "br0", error: null, native: { ofport: 42 }, warnings: [] });
    const get = (table: string, column: string): Promise<string> => ovs.vsctl("get", table, "full0", column);
    expect((await get("Interface", "mtu_request")).trim()).toBe("1400");
    expect((await get("Interface", "mac")).trim()).toBe('"02:00:00:00:00:0a"');
    expect((await get("Interface", "ingress_policing_rate")).trim()).toBe("10000");
    expect((await get("Interface", "ingress_policing_kpkts_burst")).trim()).toBe("1");
    expect((await get("Interface", "external_ids:iface-id")).trim()).toBe("vm-1");
    expect((await get("Port", "tag")).trim()).toBe("10");
    expect((await get("Port", "trunks")).trim()).toBe("[10, 20]");
    expect((await get("Port", "vlan_mode")).trim()).toBe("native-untagged");
  });

  test("says when another port number was given than the one asked for", async () => {
    const attach = { bridge: "br0" };
    (await vswitch.createInterface({ type: "internal", name: "num0", ofportRequest: 77, attach })).unwrap();
    const second = await vswitch.createInterface({
      type: "internal",
      name: "num1",
      ofportRequest: 77,
      attach,
    });
    expect(second.unwrap().warnings.join()).toContain("77");
  });

  test("an isolated interface forwards nothing: its bridge is secure and has no flows", async () => {
    (await vswitch.createInterface({ type: "internal", name: "alone0" })).unwrap();
    expect((await ovs.vsctl("iface-to-br", "alone0")).trim()).toBe("vswitch-holding");
    expect((await ovs.vsctl("get", "Bridge", "vswitch-holding", "fail_mode")).trim()).toBe("secure");
    // Table 254 is vswitchd's own; a bridge that forwards has a flow in table 0.
    expect(await ovs.appctl("bridge/dump-flows", "vswitch-holding")).not.toMatch(/^(?!table_id=254)./mu);
    (await vswitch.deleteInterface("alone0")).unwrap();
    expect((await ovs.vsctl("list-br")).trim()).toBe("br0");
  });

  test("a refused tunnel is taken back, with the reason in its own words", async () => {
    const attach = { bridge: "br0" };
    (await vswitch.createInterface({ type: "vxlan", name: "vx0", remote: "192.0.2.9", attach })).unwrap();
    const error = errorOf(
      await vswitch.createInterface({ type: "vxlan", name: "vx1", remote: "192.0.2.9", attach }),
    );
    expect(error).toMatchObject({
      kind: "rejected",
      leftBehind: [],
      details: expect.stringContaining("File exists"),
    });
    expect(await rows(ovs, "Interface")).not.toContain("vx1");
  });

  test("a patch port waits for its peer, and heals when it comes", async () => {
    const a = await vswitch.createInterface({
      type: "patch",
      name: "pa",
      peer: "pb",
      attach: { bridge: "br0" },
    });
    expect(a.isOk()).toBe(true);
    (
      await vswitch.createInterface({ type: "patch", name: "pb", peer: "pa", attach: { bridge: "br1" } })
    ).unwrap();
    await expect.poll(async () => (await vswitch.getInterface("pa")).unwrap().error).toBeNull();
  });

  test("a bridge that vswitchd cannot make is a failure, though nothing in the database says so", async () => {
    const { remote } = ovs;
    await using other = (await connect({ engine: "ovs", remote, owner, datapathType: "dummy" })).unwrap();
    await ovs.vsctl("--no-wait", "add-br", "bad0", "--", "set", "Bridge", "bad0", "datapath_type=nonsense");
    const error = errorOf(
      await other.createInterface(
        { type: "internal", name: "bad1", attach: { bridge: "bad0" } },
        { timeoutMs: 3000 },
      ),
    );
    expect(error).toMatchObject({ kind: "rejected", leftBehind: [] });
    expect(error.message).toContain("bridge");
    expect(await rows(ovs, "Interface")).not.toContain("bad1");
    await ovs.vsctl("--no-wait", "del-br", "bad0");
  });

  test("a datapath type that it does not have is refused beforehand", async () => {
    const { remote } = ovs;
    await using other = (await connect({ engine: "ovs", remote, owner, datapathType: "nonsense" })).unwrap();
    const error = errorOf(
      await other.createInterface({ type: "internal", name: "dp0", attach: { bridge: "new0" } }),
    );
    expect(error).toMatchObject({ kind: "unsupported" });
    expect(error.message).toContain("dummy");
  });

  test("a fake bridge is no bridge to attach to; the remedy is named", async () => {
    await ovs.vsctl("add-br", "fake0", "br0", "100");
    const error = errorOf(
      await vswitch.createInterface({ type: "internal", name: "f0", attach: { bridge: "fake0" } }),
    );
    expect(error).toMatchObject({ kind: "conflict" });
    expect(error.message).toContain("tag 100");
    expect(errorOf(await vswitch.ensureBridge({ name: "fake0" })).kind).toBe("conflict");
    expect(errorOf(await vswitch.deleteBridge("fake0")).kind).toBe("conflict");
    expect(errorOf(await vswitch.deleteInterface("fake0")).kind).toBe("conflict");
    await ovs.vsctl("del-br", "fake0");
  });

  test("somebody's bond is left alone, also when we made one of its interfaces", async () => {
    (await vswitch.createInterface({ type: "internal", name: "b0", attach: { bridge: "br0" } })).unwrap();
    await ovs.vsctl(
      "--id=@i",
      "create",
      "Interface",
      "name=b1",
      "type=internal",
      "--",
      "add",
      "Port",
      "b0",
      "interfaces",
      "@i",
    );
    expect(errorOf(await vswitch.deleteInterface("b0"))).toMatchObject({ kind: "conflict" });
    expect(await rows(ovs, "Interface")).toEqual(expect.arrayContaining(["b0", "b1"]));
    await ovs.vsctl("del-port", "b0");
  });

  test("moves a port in one transaction: it is never on two bridges, and never on none", async () => {
    (
      await vswitch.createInterface({ type: "internal", name: "mv0", attach: { bridge: "br0", tag: 3 } })
    ).unwrap();
    const moved = (await vswitch.attachToBridge("mv0", { bridge: "br2", tag: 4 })).unwrap();
    expect(moved).toMatchObject({ bridge: "br2", vlan: { tag: 4 }, moved: true, reopened: true });
    expect((await ovs.vsctl("iface-to-br", "mv0")).trim()).toBe("br2");
    (await vswitch.deleteInterface("mv0")).unwrap();
    expect(await rows(ovs, "Bridge")).toEqual(["br0"]);
  });

  test("goes on with a new connection after ovsdb-server was restarted", async () => {
    (await vswitch.createInterface({ type: "internal", name: "re0", attach: { bridge: "br0" } })).unwrap();
    await ovs.server.killServer();
    const down = errorOf(await vswitch.getInterface("re0"));
    expect(["unreachable", "disconnected"]).toContain(down.kind);
    await ovs.server.startServer();
    expect((await vswitch.getInterface("re0", { timeoutMs: 5000 })).unwrap().name).toBe("re0");
    expect((await vswitch.deleteInterface("re0")).unwrap().deleted).toBe(true);
  });

  test(
    "two processes attach and delete 200 ports at once, and none is lost; others' things survive",
    { timeout: 120_000 },
    async () => {
      await ovs.vsctl(
        "add-port",
        "br0",
        "foreign0",
        "--",
        "set",
        "Interface",
        "foreign0",
        "type=internal",
        "external_ids:a=b",
      );
      await ovs.vsctl(
        "add-br",
        "foreignbr",
        "--",
        "set",
        "Bridge",
        "foreignbr",
        "datapath_type=dummy",
        "external_ids:c=d",
      );
      await ovs.vsctl("br-set-external-id", "br0", "e", "f");
      const before = await rows(ovs, "Interface");
      const children = ["one", "two"].map((prefix) => attachPorts(ovs, "br0", prefix, 100));
      await Promise.all(children.map(({ made }) => made));
      const ports = (await ovs.vsctl("list-ports", "br0")).trim().split("\n");
      expect(ports.filter((name) => /^(?:one|two)\d+$/u.test(name))).toHaveLength(200);
      expect(
        new Set((await vswitch.listInterfaces({ bridge: "br0" })).unwrap().map(({ vlan }) => vlan.tag)),
      ).toContain(7);
      for (const { child } of children) child.stdin?.end("go on\n");
      expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
      expect(await rows(ovs, "Interface")).toEqual(before);
      expect((await ovs.vsctl("get", "Interface", "foreign0", "external_ids")).trim()).toBe("{a=b}");
      expect((await ovs.vsctl("get", "Bridge", "foreignbr", "external_ids")).trim()).toBe("{c=d}");
      expect((await ovs.vsctl("br-get-external-id", "br0", "e")).trim()).toBe("f");
      await ovs.vsctl("del-port", "foreign0", "--", "del-br", "foreignbr");
    },
  );
});

function attachPorts(ovs: OpenVSwitch, bridge: string, prefix: string, count: number) {
  const script = join(import.meta.dirname, "../support/attach-ports.ts");
  const args = ["--import", "tsx", script, ovs.remote, ovs.datapathType, bridge, prefix, String(count)];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code]) => Number(code));
  const made = Promise.race([
    once(child.stdout ?? child, "data"),
    ended.then((code) =>
      Promise.reject(new Error(`a child ended with ${code} before it had made its ports`)),
    ),
  ]);
  return { child, made, ended };
}

describe.skipIf(!flavours.dummy.available)(`a database without ovs-vswitchd${flavours.dummy.note}`, () => {
  let ovs: OpenVSwitch;
  beforeAll(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy", vswitchd: false });
  });
  afterAll(() => ovs.stop());

  test("a port that nobody makes ends with the deadline, says who is missing, and leaves no row", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "lost0", attach: { bridge: "nobr" } } as const;
    const error = errorOf(await vswitch.createInterface(spec, { timeoutMs: 300 }));
    expect(error).toMatchObject({ kind: "timeout", outcome: "undone", leftBehind: [] });
    expect(error.message).toContain(
      "ovs-vswitchd to set up the interface lost0, which was written to the database (is ovs-vswitchd running?)",
    );
    expect(await rows(ovs, "Interface")).toEqual([]);
    expect(await rows(ovs, "Bridge")).toEqual([]);
  });

  test("with rollback: false the row stays, and the error says so", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "stay0", attach: { bridge: "nobr" } } as const;
    const error = errorOf(await vswitch.createInterface(spec, { timeoutMs: 300, rollback: false }));
    expect(error).toMatchObject({ kind: "timeout", outcome: "committed" });
    expect(error.leftBehind.join()).toContain("stay0");
    expect(await rows(ovs, "Interface")).toContain("stay0");
    const again = errorOf(await vswitch.createInterface(spec, { timeoutMs: 300 }));
    expect(again).toMatchObject({ kind: "timeout", outcome: "not-sent" });
    expect(again.message).toContain(
      "ovs-vswitchd to carry out what is in the database (is ovs-vswitchd running?)",
    );
    const deleted = errorOf(await vswitch.deleteInterface("stay0", { timeoutMs: 300 }));
    expect(deleted).toMatchObject({ kind: "timeout", outcome: "committed" });
    expect(await rows(ovs, "Interface")).toEqual([]);
  });

  test("with wait: false nobody is waited for", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "soon0", attach: { bridge: "nobr" } } as const;
    expect((await vswitch.createInterface(spec, { wait: false })).unwrap().created).toBe(true);
    expect((await vswitch.deleteInterface("soon0", { wait: false })).unwrap().deleted).toBe(true);
    expect(await rows(ovs, "Bridge")).toEqual([]);
  });

  test("capabilities say that no vswitchd has run", async () => {
    await using vswitch = await open(ovs);
    const { interfaceTypes } = (await vswitch.capabilities()).unwrap();
    expect(interfaceTypes.internal).toMatchObject({
      supported: false,
      why: expect.stringContaining("ovs-vswitchd"),
    });
  });
});

describe.skipIf(!flavours.dummy.available)(`a remote that is no Open vSwitch${flavours.dummy.note}`, () => {
  const to = (remote: string) => connect({ engine: "ovs", remote, timeoutMs: 2000 });

  test("a socket that is not there", async () => {
    const error = errorOf(await to("unix:/nowhere/db.sock"));
    expect(error).toMatchObject({ kind: "unreachable", errno: "ENOENT", address: "unix:/nowhere/db.sock" });
  });

  test("a socket file that nobody listens on", async () => {
    await using server = await startOvsdbServer();
    await server.killServer();
    expect(errorOf(await to(server.remote))).toMatchObject({ kind: "unreachable", errno: "ECONNREFUSED" });
  });

  test.skipIf(process.getuid?.() === 0)("a socket that we may not open", async () => {
    await using server = await startOvsdbServer();
    await chmod(server.remote.slice("unix:".length), 0);
    expect(errorOf(await to(server.remote))).toMatchObject({ kind: "unreachable", errno: "EACCES" });
  });

  test("a server that speaks something else", async () => {
    await using server = await startOvsdbServer();
    const path = join(server.dir, "http.sock");
    const http = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(path);
    await once(http, "listening");
    expect(errorOf(await to(`unix:${path}`))).toMatchObject({ kind: "protocol" });
    http.close();
  });

  test("a server that never answers", async () => {
    await using server = await startOvsdbServer();
    const path = join(server.dir, "mute.sock");
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket)).listen(path);
    await once(mute, "listening");
    const error = errorOf(await connect({ engine: "ovs", remote: `unix:${path}`, timeoutMs: 200 }));
    expect(error).toMatchObject({ kind: "timeout", timeoutMs: expect.any(Number) });
    await closeServer(mute, sockets);
  });

  test("an OVSDB server with another database", async () => {
    const schema = { name: "Other", version: "1.0.0", tables: { T: { columns: { c: { type: "string" } } } } };
    await using server = await startOvsdbServer({ schema });
    const error = errorOf(await to(server.remote));
    expect(error.message).toContain("Open_vSwitch");
    expect(error.message).toContain("Other");
  });

  test("a file in the place of the socket", async () => {
    await using server = await startOvsdbServer();
    const path = join(server.dir, "file");
    await writeFile(path, "");
    expect(errorOf(await to(`unix:${path}`)).kind).toBe("unreachable");
  });
});
