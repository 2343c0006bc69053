/** The Open vSwitch driver over tcp and TLS, and on servers that stop or die inside a verb. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type VSwitch, type VSwitchError } from "../../src/index.js";
import type { Result } from "../../src/core/result.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";

const { available, note } = availableFlavours().dummy;
const owner = "remotes";
const datapathType = "dummy";
const attach = { bridge: "br0" } as const;

/** One interface, made, moved and deleted; gives what is left. */
async function oneLife(vswitch: VSwitch): Promise<readonly unknown[]> {
  const spec = { type: "internal", name: "p0", attach } as const;
  expect((await vswitch.createInterface(spec)).unwrap()).toMatchObject({ created: true, error: null });
  expect((await vswitch.detachFromBridge("p0")).unwrap()).toMatchObject({ moved: true, bridge: null });
  expect((await vswitch.attachToBridge("p0", { bridge: "br0", tag: 5 })).unwrap().vlan).toEqual({ tag: 5 });
  expect((await vswitch.deleteInterface("p0")).unwrap()).toEqual({ deleted: true });
  return (await vswitch.listInterfaces()).unwrap();
}

describe.skipIf(!available)(`the driver over a network${note}`, () => {
  test("tcp and TLS carry every verb, and a new connection follows a restart", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy", listen: ["tcp", "tcp6", "ssl"] });
    const { certificates, remotes } = ovs.server;
    if (certificates === undefined) throw new Error("no certificates");
    const tls = {
      ca: readFileSync(certificates.authority, "utf8"),
      cert: readFileSync(certificates.client.certificate, "utf8"),
      key: readFileSync(certificates.client.key, "utf8"),
    };
    for (const remote of [remotes.tcp, remotes.tcp6, remotes.ssl]) {
      const secured = remote === remotes.ssl && { tls };
      const settings = { engine: "ovs", remote: remote ?? "", owner, datapathType, ...secured } as const;
      await using vswitch = (await connect(settings)).unwrap();
      expect(await oneLife(vswitch)).toEqual([]);
      await ovs.server.killServer();
      await ovs.server.startServer();
      // Whether this side has heard of the end of the old connection yet is a matter of luck.
      await vswitch.listBridges();
      expect(await oneLife(vswitch)).toEqual([]);
    }
  }, 60_000);
});

type Verb = (vswitch: VSwitch, options: { timeoutMs: number }) => Promise<Result<unknown, VSwitchError>>;

const verbs: readonly (readonly [string, Verb])[] = [
  [
    "createInterface",
    (vswitch, options) => vswitch.createInterface({ type: "internal", name: "p1", attach }, options),
  ],
  ["attachToBridge", (vswitch, options) => vswitch.attachToBridge("p0", { bridge: "br0", tag: 9 }, options)],
  ["detachFromBridge", (vswitch, options) => vswitch.detachFromBridge("p0", options)],
  ["deleteInterface", (vswitch, options) => vswitch.deleteInterface("p0", options)],
  ["getInterface", (vswitch, options) => vswitch.getInterface("p0", options)],
  ["listInterfaces", (vswitch, options) => vswitch.listInterfaces(options)],
  ["listBridges", (vswitch, options) => vswitch.listBridges(options)],
  ["ensureBridge", (vswitch, options) => vswitch.ensureBridge({ name: "br1" }, options)],
  ["deleteBridge", (vswitch, options) => vswitch.deleteBridge("br1", options)],
  ["watch", (vswitch, options) => vswitch.watch(options)],
  ["collectGarbage", (vswitch, options) => vswitch.collectGarbage([], options)],
];

describe.skipIf(!available)(`a server that stops or dies inside a verb${note}`, () => {
  let ovs: OpenVSwitch;
  let vswitch: VSwitch;

  beforeEach(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
    vswitch = (await connect({ engine: "ovs", remote: ovs.remote, owner, datapathType })).unwrap();
    (await vswitch.createInterface({ type: "internal", name: "p0", attach })).unwrap();
  });
  afterEach(async () => {
    await vswitch.close();
    await ovs.stop();
  });

  /** What the database says afterwards is whole, and we can go on from it. */
  async function goesOn(): Promise<void> {
    (await vswitch.collectGarbage([], { timeoutMs: 20_000 })).unwrap();
    await vswitch.deleteBridge("br1");
    expect(await ovs.vsctl("--bare", "--columns=name", "list", "Interface")).toBe("br0");
    expect((await ovs.vsctl("list-br")).trim()).toBe("br0");
  }

  test.each(verbs)(
    "%s: a stopped server costs the deadline and no more than the grace after it",
    async (_name, verb) => {
      process.kill(ovs.server.pid, "SIGSTOP");
      const began = performance.now();
      const result = await verb(vswitch, { timeoutMs: 300 });
      const took = performance.now() - began;
      process.kill(ovs.server.pid, "SIGCONT");
      if (result.isOk()) throw new Error("a server that was stopped has answered");
      expect(result.error).toMatchObject({ kind: "timeout", timeoutMs: 300 });
      // 1 s for a late answer to a commit, 2 s for an undo: see ChangeOptions.
      expect(took).toBeLessThan(300 + 3000 + 2000);
      await goesOn();
    },
    60_000,
  );

  test.each(verbs)(
    "%s: a server that is killed ends it at once",
    async (_name, verb) => {
      process.kill(ovs.server.pid, "SIGSTOP");
      const running = verb(vswitch, { timeoutMs: 20_000 });
      await sleep(100);
      await ovs.server.killServer();
      const result = await running;
      if (result.isOk()) throw new Error("a server that was killed has answered");
      expect(result.error.kind).toBe("disconnected");
      await ovs.server.startServer();
      await goesOn();
    },
    60_000,
  );
});
