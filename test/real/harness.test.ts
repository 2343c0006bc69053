import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect } from "node:tls";
import * as v from "valibot";
import { describe, expect, test, vi } from "vitest";
import { ensurePackages } from "../support/debian.js";
import {
  availableFlavours,
  startOpenVSwitch,
  startOvsdbServer,
  type Flavour,
} from "../support/openvswitch.js";
import { allPackages, fakeMachine } from "../support/openvswitch/fake-machine.js";
import { isAlive, removeAbandonedFolders } from "../support/openvswitch/folders.js";

const { dummy, netdev, dpdk, memif } = availableFlavours();
const flavours: readonly Flavour[] = ["dummy", "netdev", "dpdk"];

const addBridge = (datapathType: string): readonly string[] => {
  return ["add-br", "br0", "--", "set", "Bridge", "br0", `datapath_type=${datapathType}`];
};

for (const flavour of flavours) {
  const { available, note } = availableFlavours()[flavour];

  describe.skipIf(!available)(`the ${flavour} flavour${note}`, () => {
    test("starts, makes a bridge and answers", async () => {
      await using ovs = await startOpenVSwitch({ flavour });
      expect(ovs.version).toMatch(/^\d+\.\d+/u);
      expect(await ovs.vsctl("list-br")).toBe("");

      await ovs.vsctl(...addBridge(ovs.datapathType));
      expect(await ovs.vsctl("list-br")).toBe("br0");
      expect(await ovs.vsctl("get", "Interface", "br0", "ofport")).toBe("65534");
    });

    test("runs twice at once, each with its own bridges", async () => {
      const both = await Promise.all([startOpenVSwitch({ flavour }), startOpenVSwitch({ flavour })]);
      await using one = both[0];
      await using two = both[1];

      await one.vsctl(...addBridge(one.datapathType));
      expect(await two.vsctl("list-br")).toBe("");
      await two.vsctl(...addBridge(two.datapathType));
      expect(await two.vsctl("get", "Interface", "br0", "ofport")).toBe("65534");
    });

    test("comes back after vswitchd was stopped, or killed", async () => {
      await using ovs = await startOpenVSwitch({ flavour });
      await ovs.vsctl(...addBridge(ovs.datapathType));

      await ovs.stopVswitchd();
      expect(ovs.vswitchdPid).toBeUndefined();
      await ovs.startVswitchd();
      expect(await ovs.appctl("dpif/show")).toContain("br0");

      await ovs.killVswitchd();
      expect(ovs.vswitchdPid).toBeUndefined();
      await ovs.startVswitchd();
      expect(await ovs.appctl("dpif/show")).toContain("br0");
    });

    test("leaves no process and no folder when it is stopped, once or twice", async () => {
      const ovs = await startOpenVSwitch({ flavour });
      const pids = [ovs.server.pid, ovs.vswitchdPid ?? 0];
      expect(pids.map(isAlive)).toEqual([true, true]);

      await ovs.stop();
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(existsSync(ovs.dir)).toBe(false);
      await ovs.stop();
    });

    test("does not outlive a test process that was killed", async () => {
      const { child, dir, pids } = await startInAnotherProcess(flavour);
      expect(pids.map(isAlive)).toEqual([true, true]);

      child.kill("SIGKILL");
      await once(child, "exit");
      await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 10_000 });

      // The folder could not go; the next run removes it.
      expect(existsSync(dir)).toBe(true);
      removeAbandonedFolders();
      expect(existsSync(dir)).toBe(false);
    });
  });
}

describe.skipIf(!dummy.available)(`the dummy flavour${dummy.note}`, () => {
  test("can be the database alone, and get its vswitchd later", async () => {
    await using ovs = await startOpenVSwitch({
      flavour: "dummy",
      vswitchd: false,
      otherConfig: { "stats-update-interval": "1000" },
    });
    expect(ovs.vswitchdPid).toBeUndefined();
    expect(await ovs.vsctl("get", "Open_vSwitch", ".", "other_config")).toBe(
      '{stats-update-interval="1000"}',
    );

    await ovs.vsctl("--no-wait", ...addBridge("dummy"));
    expect(await ovs.vsctl("get", "Interface", "br0", "ofport")).toBe("[]");
    await ovs.startVswitchd();
    expect(await ovs.vsctl("get", "Interface", "br0", "ofport")).toBe("65534");
  });
});

describe.skipIf(!netdev.available)(`the netdev flavour${netdev.note}`, () => {
  test("has real devices, in a network namespace of its own", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "netdev" });
    await ovs.vsctl(
      ...addBridge("netdev"),
      "--",
      "add-port",
      "br0",
      "tap0",
      "--",
      "set",
      "Interface",
      "tap0",
      "type=tap",
    );
    expect(await ovs.ip("-brief", "link", "show", "dev", "tap0")).toContain("tap0");
    expect(readFileSync("/proc/net/dev", "utf8")).not.toContain("tap0");
  });
});

describe.skipIf(!dpdk.available)(`the dpdk flavour${dpdk.note}`, () => {
  test("has real vhost-user ports", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    expect(ovs.dpdk?.initialized).toBe(true);
    expect(ovs.dpdk?.version).toMatch(/^DPDK \d/u);
    expect(ovs.vhostSockDir).toBe(join(ovs.dir, "vhost"));

    await ovs.vsctl(...addBridge(ovs.datapathType));
    await ovs.vsctl("add-port", "br0", "vhu1", "--", "set", "Interface", "vhu1", "type=dpdkvhostuser");
    expect(await ovs.vsctl("get", "Interface", "vhu1", "ofport", "error")).toBe("1\n[]");
    expect(existsSync(join(ovs.vhostSockDir, "vhu1"))).toBe(true);

    const path = `options:vhost-server-path=${join(ovs.vhostSockDir, "vhc1.sock")}`;
    await ovs.vsctl(
      "add-port",
      "br0",
      "vhc1",
      "--",
      "set",
      "Interface",
      "vhc1",
      "type=dpdkvhostuserclient",
      path,
    );
    expect(await ovs.vsctl("get", "Interface", "vhc1", "ofport", "error")).toBe("2\n[]");
  });
});

describe.skipIf(!memif.available)(`memif by way of DPDK${memif.note}`, () => {
  test("gives a port and a socket", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    const socket = join(ovs.dir, "memif.sock");
    const device = `options:dpdk-devargs="net_memif0,role=server,id=0,socket=${socket},socket-abstract=no"`;
    await ovs.vsctl(...addBridge(ovs.datapathType));
    await ovs.vsctl("add-port", "br0", "memif0", "--", "set", "Interface", "memif0", "type=dpdk", device);
    expect(await ovs.vsctl("get", "Interface", "memif0", "ofport", "error")).toBe("1\n[]");
    expect(existsSync(socket)).toBe(true);
  });
});

describe.skipIf(!dummy.available)(`an ovsdb-server alone${dummy.note}`, () => {
  test("serves any schema", async () => {
    const schema = {
      name: "Shop",
      version: "1.0.0",
      tables: { Item: { columns: { name: { type: "string" } } } },
    };
    await using server = await startOvsdbServer({ schema });
    expect(await server.client("list-dbs", server.remote)).toContain("Shop");
  });

  test("listens on free ports of loopback, and on the same ones after a restart", async () => {
    await using server = await startOvsdbServer({ listen: ["tcp", "tcp6"] });
    const { tcp = "", tcp6 = "" } = server.remotes;
    expect(tcp).toMatch(/^tcp:127\.0\.0\.1:\d+$/u);
    expect(tcp6).toMatch(/^tcp:\[::1\]:\d+$/u);

    await server.killServer();
    await server.startServer();
    expect(server.remotes).toEqual({ unix: server.remote, tcp, tcp6 });
    expect(await server.client("list-dbs", tcp)).toContain("Open_vSwitch");
    expect(await server.client("list-dbs", tcp6)).toContain("Open_vSwitch");
  });

  test("speaks TLS with certificates that Node accepts", async () => {
    await using server = await startOvsdbServer({ listen: ["ssl"] });
    const { certificates, remotes } = server;
    if (certificates === undefined) throw new Error("a server that listens on ssl has certificates");
    const socket = connect({
      host: "127.0.0.1",
      port: Number(remotes.ssl?.split(":").at(-1)),
      ca: readFileSync(certificates.authority),
      key: readFileSync(certificates.client.key),
      cert: readFileSync(certificates.client.certificate),
    });
    await once(socket, "secureConnect");
    expect(socket.authorized).toBe(true);

    socket.write('{"id":0,"method":"list_dbs","params":[]}');
    const [reply] = v.parse(v.tuple([v.instance(Buffer)]), await once(socket, "data"));
    expect(reply.toString()).toContain("Open_vSwitch");
    socket.destroy();
  });
});

describe("the packages", () => {
  test("nothing is installed and nothing is said when all is there", () => {
    const machine = fakeMachine({ installed: true });
    expect(ensurePackages(machine.host({ CI: "true" }))).toBe("");
    expect(machine.calls()).not.toContain("install");
  });

  test("outside CI it names what is missing and the one command, and changes nothing", () => {
    const machine = fakeMachine();
    const advice = ensurePackages(machine.host({}));
    expect(advice).toContain("ovs-vswitchd-dpdk");
    expect(advice).toContain(`\n  apt-get install --no-install-recommends ${allPackages}\n`);
    expect(machine.calls()).not.toMatch(/install|update/u);
  });

  test("when apt has no lists yet, the command gets them first and finds DPDK's number itself", () => {
    const machine = fakeMachine({ lists: false });
    const advice = ensurePackages(machine.host({}));
    expect(advice).toContain("apt-get update && apt-get install");
    expect(advice).toContain("'^librte-mempool-ring[0-9]+$'");
  });

  test.each(["CI", "VSWITCH_TEST_INSTALL"])(
    "with %s it updates once, installs, and lets no service start",
    (name) => {
      const machine = fakeMachine({ lists: false });
      expect(ensurePackages(machine.host({ [name]: "1" }))).toBe("");
      expect(machine.calls().match(/update/gu)).toHaveLength(1);
      expect(machine.calls()).toContain(`install --yes --no-install-recommends ${allPackages} policy=101`);
      expect(existsSync(join(machine.root, "usr/sbin/policy-rc.d"))).toBe(false);
    },
  );

  test("an administrator's policy-rc.d stays as it is", () => {
    const machine = fakeMachine();
    const policy = join(machine.root, "usr/sbin/policy-rc.d");
    writeFileSync(policy, "#!/bin/sh\nexit 42\n", { mode: 0o755 });
    ensurePackages(machine.host({ CI: "true" }));
    expect(machine.calls()).toContain("policy=42");
    expect(readFileSync(policy, "utf8")).toContain("42");
  });

  test("in CI what cannot be installed fails the run, and names the command", () => {
    const notRoot = fakeMachine();
    expect(() => ensurePackages({ ...notRoot.host({ CI: "true" }), isRoot: false })).toThrow(allPackages);
    const incomplete = fakeMachine({ apt: "exit 0" });
    expect(() => ensurePackages(incomplete.host({ CI: "true" }))).toThrow(allPackages);
    const failing = fakeMachine({ apt: 'case "$*" in *install*) echo disk full >&2; exit 100 ;; esac' });
    expect(() => ensurePackages(failing.host({ CI: "true" }))).toThrow("disk full");
    expect(existsSync(join(failing.root, "usr/sbin/policy-rc.d"))).toBe(false);
  });

  test("where there is no apt-get it names the packages all the same", () => {
    const machine = fakeMachine({ hasApt: false });
    expect(ensurePackages(machine.host({}))).toContain("has no apt-get");
  });
});

async function startInAnotherProcess(flavour: Flavour) {
  const script = `
    import { startOpenVSwitch } from "./test/support/openvswitch.ts";
    const ovs = await startOpenVSwitch({ flavour: "${flavour}" });
    console.log(JSON.stringify({ dir: ovs.dir, pids: [ovs.server.pid, ovs.vswitchdPid] }));`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = v.parse(v.tuple([v.string()]), await once(createInterface(child.stdout), "line"));
  const { dir, pids } = v.parse(v.object({ dir: v.string(), pids: v.array(v.number()) }), JSON.parse(line));
  return { child, dir, pids };
}
