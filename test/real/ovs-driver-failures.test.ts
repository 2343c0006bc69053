/** The Open vSwitch driver when things go wrong at the worst moment: somebody else is faster, servers die or sleep. */
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { connect as dial, createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type InterfaceSpec, type VSwitch, type VSwitchError } from "../../src/index.js";
import type { Result } from "../../src/core/result.js";
import { closeServer } from "../support/close-server.js";
import {
  availableFlavours,
  startOpenVSwitch,
  startOvsdbServer,
  type OpenVSwitch,
} from "../support/openvswitch.js";

const flavours = availableFlavours();
const owner = "failures";

async function open(ovs: OpenVSwitch, remote = ovs.remote): Promise<VSwitch> {
  const { datapathType } = ovs;
  return (await connect({ engine: "ovs", remote, owner, datapathType })).unwrap();
}

function errorOf(result: Result<unknown, VSwitchError>): VSwitchError {
  if (result.isOk()) throw new Error(`expected an error, got ${JSON.stringify(result.value)}`);
  return result.error;
}

/** A way to the database of which the first message with these words is taken, once, by `take`; all else goes on. */
async function relayed(
  ovs: OpenVSwitch,
  words: string,
  take: (chunk: Buffer, near: Socket, far: Socket) => void,
) {
  const path = join(ovs.dir, "relayed.sock");
  const sockets: Socket[] = [];
  let pending = true;
  const server = createServer((near) => {
    const far = dial(ovs.remote.slice("unix:".length));
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    far.pipe(near);
    near.on("data", (chunk: Buffer) => {
      if (!pending || !chunk.toString().includes(words)) {
        far.write(chunk);
        return;
      }
      pending = false;
      take(chunk, near, far);
    });
  }).listen(path);
  await once(server, "listening");
  return {
    remote: `unix:${path}`,
    happened: () => !pending,
    [Symbol.asyncDispose]: () => closeServer(server, sockets),
  };
}

/** One on which something happens just before that message goes on. */
const interpose = (ovs: OpenVSwitch, words: string, happen: () => Promise<unknown>) =>
  relayed(ovs, words, (chunk, near, far) => {
    near.pause();
    void (async () => {
      await happen();
      far.write(chunk);
      near.resume();
    })();
  });

/** One that breaks at that message: before it arrives, or before its answer does. */
const breaking = (ovs: OpenVSwitch, words: string, lost: "request" | "answer") =>
  relayed(ovs, words, (chunk, near, far) => {
    far.unpipe(near);
    far.on("close", () => near.destroy());
    if (lost === "request") far.destroy();
    else
      far
        .once("data", () => far.destroy())
        .resume()
        .write(chunk);
  });

describe.skipIf(!flavours.dummy.available)(`Open vSwitch at its worst${flavours.dummy.note}`, () => {
  let ovs: OpenVSwitch;

  beforeEach(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
  });
  afterEach(() => ovs.stop());

  const bridges = async (): Promise<string[]> => (await ovs.vsctl("list-br")).trim().split("\n");
  const bridgeOf = async (name: string): Promise<string> => (await ovs.vsctl("iface-to-br", name)).trim();

  /** A driver whose connection broke, at a server that takes connections and answers nothing. */
  async function stunned(): Promise<VSwitch> {
    const vswitch = await open(ovs);
    await ovs.server.killServer();
    errorOf(await vswitch.listBridges());
    await ovs.server.startServer();
    process.kill(ovs.server.pid, "SIGSTOP");
    return vswitch;
  }

  test("a verb that shares another's attempt to reconnect ends at its own deadline or signal", async () => {
    await using vswitch = await stunned();
    const patient = vswitch.listBridges({ timeoutMs: 50_000 });
    const abort = new AbortController();
    const cancelled = vswitch.listInterfaces({ signal: abort.signal, timeoutMs: 50_000 });
    expect(errorOf(await vswitch.getInterface("x", { timeoutMs: 100 }))).toMatchObject({
      kind: "timeout",
      timeoutMs: 100,
    });
    abort.abort();
    expect(errorOf(await cancelled).kind).toBe("aborted");
    process.kill(ovs.server.pid, "SIGCONT");
    expect((await patient).isOk()).toBe(true);
  }, 20_000);

  test("close() ends an attempt to reconnect, and the verbs that wait for it", async () => {
    const vswitch = await stunned();
    const waiting = [1, 2].map(() => vswitch.listBridges({ timeoutMs: 50_000 }));
    await vswitch.close();
    for (const each of waiting) expect(errorOf(await each).kind).toBe("disconnected");
  }, 20_000);

  describe("what was seen last is not believed", () => {
    const port = (name: string) =>
      ({ type: "internal", name, attach: { bridge: "br0", createBridge: false } }) as const;
    const client = (name: string) =>
      ({ type: "vhost-user", mode: "client", name, socket: `/run/${name}.sock` }) as const;

    test("a bridge that was deleted is not attached to, and nothing of the interface is left", async () => {
      await using ours = await open(ovs);
      (await ours.createInterface(port("p0"))).unwrap();
      await ovs.vsctl("del-br", "br0");
      expect(errorOf(await ours.createInterface(port("p1")))).toMatchObject({ kind: "not-found" });
      expect(await ovs.vsctl("--bare", "--columns=name", "list", "Interface")).toBe("");
    });

    test("a bridge that was deleted and made again gets the interface", async () => {
      await using ours = await open(ovs);
      (await ours.createInterface(port("p0"))).unwrap();
      await ovs.vsctl("del-br", "br0");
      await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
      expect((await ours.createInterface(port("p1"))).unwrap()).toMatchObject({ created: true });
      expect(await ovs.vsctl("list-ports", "br0")).toBe("p1");
    });

    test("a port that was moved to another bridge is deleted there", async () => {
      await using ours = await open(ovs);
      await using others = await open(ovs);
      (await ours.createInterface(port("p0"))).unwrap();
      await ovs.vsctl("add-br", "br1", "--", "set", "Bridge", "br1", "datapath_type=dummy");
      (await others.attachToBridge("p0", { bridge: "br1" })).unwrap();
      expect((await ours.deleteInterface("p0")).unwrap()).toEqual({ deleted: true });
      expect(await ovs.vsctl("list-ports", "br1")).toBe("");
    });

    test.each(["Port", "Interface"])("a port whose %s somebody took over is not deleted", async (table) => {
      await using ours = await open(ovs);
      (await ours.createInterface(port("p0"))).unwrap();
      await ovs.vsctl("set", table, "p0", "external_ids:vswitch-drivers-owner=somebody");
      expect(errorOf(await ours.deleteInterface("p0"))).toMatchObject({ kind: "conflict" });
      expect(await ovs.vsctl("list-ports", "br0")).toBe("p0");
    });

    test("one whose row somebody deleted and made again under the name is not deleted", async () => {
      await using ours = await open(ovs);
      (await ours.createInterface(port("p0"))).unwrap();
      await ovs.vsctl(
        "del-port",
        "p0",
        "--",
        "add-port",
        "br0",
        "p0",
        "--",
        "set",
        "Interface",
        "p0",
        "type=internal",
      );
      expect(errorOf(await ours.deleteInterface("p0"))).toMatchObject({ kind: "conflict" });
      expect(await ovs.vsctl("list-ports", "br0")).toBe("p0");
    });

    test("everything that a spec can say of a vhost-user client arrives, port after port", async () => {
      // No vswitchd has run on this one: nobody says that there is no DPDK.
      await using server = await startOvsdbServer();
      await using ours = await open(ovs, server.remote);
      (await ours.ensureBridge({ name: "br0" }, { wait: false })).unwrap();
      const wanted = (name: string) =>
        ({
          ...client(name),
          key: `key "of" ${name}`,
          mtu: 9000,
          ingressPolicing: { rate: 1000, burst: 100 },
          externalIds: { "iface-id": `id of ${name}`, odd: '"\\"' },
          attach: { bridge: "br0", tag: 7, trunks: [8, 9], vlanMode: "native-tagged" },
        }) satisfies InterfaceSpec;
      const bare = { ...client("v3"), attach: { bridge: "br0" } };
      const specs: readonly InterfaceSpec[] = [
        wanted("v0"),
        wanted("v1"),
        { ...wanted("v2"), mtu: 1500 },
        bare,
      ];
      for (const spec of specs) {
        expect((await ours.createInterface(spec, { wait: false })).unwrap().created).toBe(true);
        // On what is there it is compared with what is wanted, field by field.
        expect((await ours.createInterface(spec, { wait: false })).unwrap().created).toBe(false);
      }
      expect((await ours.getInterface("v1")).unwrap()).toMatchObject({
        mark: { owner, key: 'key "of" v1' },
        socket: "/run/v1.sock",
        externalIds: { "iface-id": "id of v1", odd: '"\\"' },
        vlan: { tag: 7, trunks: [8, 9], vlanMode: "native-tagged" },
        bridge: "br0",
      });
      const taken = { ...client("v4"), socket: "/run/v1.sock", attach: { bridge: "br0" } };
      const refusal = errorOf(await ours.createInterface(taken, { wait: false }));
      expect(refusal).toMatchObject({ kind: "conflict", object: "socket /run/v1.sock" });
      for (const { name } of specs)
        expect((await ours.deleteInterface(name, { wait: false })).unwrap()).toEqual({ deleted: true });
      expect((await ours.listInterfaces()).unwrap()).toEqual([]);
    });
  });

  test("a bridge that somebody makes persistent does not go with the port that leaves it", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br1" } } as const;
    (await vswitch.createInterface(spec)).unwrap();
    await using between = await interpose(ovs, '"op":"mutate"', () => vswitch.ensureBridge({ name: "br1" }));
    await using other = await open(ovs, between.remote);
    expect((await other.deleteInterface("p0")).unwrap()).toEqual({ deleted: true });
    expect(between.happened()).toBe(true);
    expect((await vswitch.listBridges()).unwrap().map(({ name }) => name)).toContain("br1");
  });

  test("a bridge that somebody makes persistent is not garbage", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br1" } } as const;
    (await vswitch.createInterface(spec)).unwrap();
    await ovs.vsctl("del-port", "p0");
    await using between = await interpose(ovs, '"op":"mutate"', () => vswitch.ensureBridge({ name: "br1" }));
    await using other = await open(ovs, between.remote);
    (await other.collectGarbage([])).unwrap();
    expect(between.happened()).toBe(true);
    expect(await bridges()).toEqual(["br0", "br1"]);
  });

  test("a bridge made on demand that goes while it is made persistent is made again", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br1" } } as const;
    (await vswitch.createInterface(spec)).unwrap();
    await using between = await interpose(ovs, '"op":"mutate"', () => vswitch.deleteInterface("p0"));
    await using other = await open(ovs, between.remote);
    const ensured = (await other.ensureBridge({ name: "br1" })).unwrap();
    expect(ensured).toMatchObject({ created: true, lifetime: "persistent" });
    expect(await bridges()).toEqual(["br0", "br1"]);
  });

  test("garbage that is deleted and made again under a valid key is not garbage", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    (await vswitch.createInterface({ ...spec, key: "old" })).unwrap();
    await using between = await interpose(ovs, '["name","==","p0"]', async () => {
      (await vswitch.deleteInterface("p0")).unwrap();
      (await vswitch.createInterface({ ...spec, key: "new" })).unwrap();
    });
    await using other = await open(ovs, between.remote);
    expect((await other.collectGarbage(["new"])).unwrap().deleted).toEqual([]);
    expect(between.happened()).toBe(true);
    expect((await vswitch.getInterface("p0")).unwrap().mark?.key).toBe("new");
  });

  test("a move that is undone late leaves alone where somebody has put the port since", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    (await vswitch.createInterface(spec)).unwrap();
    process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
    const late = vswitch.attachToBridge("p0", { bridge: "br1" }, { timeoutMs: 1000 });
    await expect.poll(() => bridgeOf("p0")).toBe("br1");
    await using other = await open(ovs);
    (await other.attachToBridge("p0", { bridge: "br2" }, { wait: false })).unwrap();
    expect(errorOf(await late)).toMatchObject({ kind: "timeout", leftBehind: [] });
    expect(await bridgeOf("p0")).toBe("br2");
  });

  test("an interface that is deleted and made again in one transaction is there at the end", async () => {
    await using vswitch = await open(ovs);
    await ovs.vsctl("add-port", "br0", "p0", "--", "set", "Interface", "p0", "type=internal");
    const events = (await vswitch.watch()).unwrap();
    const again = ["del-port", "p0", "--", "add-port", "br0", "p0"];
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of events) {
        if (event.kind === "added" || event.kind === "removed") seen.push(event.kind);
      }
    })();
    // In which order the database tells of the two rows depends on their ids, which are random.
    for (let round = 1; round <= 8; round += 1) {
      await ovs.vsctl(...again, "--", "set", "Interface", "p0", "type=internal");
      await expect.poll(() => seen.length).toBe(2 * round);
    }
    expect(seen).toEqual(Array.from({ length: 8 }, () => ["removed", "added"]).flat());
    await events.return?.();
    await reading;
  });

  test("names that somebody else's port, interface or bridge has are refused, with who has them", async () => {
    await using vswitch = await open(ovs);
    const isInternal = (name: string) => ["--", "set", "Interface", name, "type=internal"];
    await ovs.vsctl("add-bond", "br0", "bond0", "e0", "e1", ...isInternal("e0"), ...isInternal("e1"));
    const make = (name: string, bridge: string) =>
      vswitch.createInterface({ type: "internal", name, attach: { bridge } });
    const refused = [
      [await make("bond0", "br0"), "bond"],
      [await make("p0", "e0"), "e0 is the name of an interface"],
      [await vswitch.ensureBridge({ name: "e0" }), "e0 is the name of an interface"],
      [await make("same0", "same0"), "bridge same0"],
    ] as const;
    for (const [result, words] of refused) {
      expect(errorOf(result).kind).toBe("conflict");
      expect(errorOf(result).message).toContain(words);
    }
  });

  test("nothing of a user's takes the name of the bridge that holds isolated interfaces", async () => {
    await using vswitch = await open(ovs);
    const name = "vswitch-holding";
    const taken = [
      await vswitch.ensureBridge({ name }),
      await vswitch.createInterface({ type: "internal", name }),
      await vswitch.createInterface({ type: "internal", name: "p0", attach: { bridge: name } }),
    ];
    for (const each of taken) expect(errorOf(each)).toMatchObject({ kind: "conflict" });
    (await vswitch.createInterface({ type: "internal", name: "p0" })).unwrap();
  });

  test("a port of a bridge that cannot be made is refused, in no words of the switch's: it has none", async () => {
    await ovs.vsctl("--no-wait", "add-br", "br1", "--", "set", "Bridge", "br1", "datapath_type=nosuch");
    await using vswitch = await open(ovs);
    const refused = errorOf(
      await vswitch.createInterface({ type: "internal", name: "i1", attach: { bridge: "br1" } }),
    );
    expect(refused).toMatchObject({
      kind: "rejected",
      reason: "Interface.ofport",
      details: "",
      leftBehind: [],
    });
    expect(refused.message).toMatch(/it got no port number.*datapath type/u);
    expect((await ovs.vsctl("list-ports", "br1")).trim()).toBe("");
  });

  test("a verb that is cancelled while vswitchd is waited for blames nobody", async () => {
    await using vswitch = await open(ovs);
    process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
    try {
      const cancelled = errorOf(
        await vswitch.createInterface(
          { type: "internal", name: "i1", attach: { bridge: "br0" } },
          { signal: AbortSignal.timeout(300) },
        ),
      );
      expect(cancelled).toMatchObject({ kind: "aborted", outcome: "undone" });
      expect(cancelled.message).not.toContain("is ovs-vswitchd running?");
    } finally {
      process.kill(ovs.vswitchdPid ?? 0, "SIGCONT");
    }
  });

  test("garbage of which the bridges cannot be looked at is told of all the same, as far as it went", async () => {
    await using making = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    (await making.createInterface(spec)).unwrap();
    const words = '"table":"Bridge","where":[["external_ids","includes"';
    let killed: Promise<void> | undefined;
    await using between = await interpose(ovs, words, () => (killed = ovs.server.killServer()));
    await using vswitch = await open(ovs, between.remote);
    const error = errorOf(await vswitch.collectGarbage([], { wait: false }));
    expect(between.happened()).toBe(true);
    expect(error).toMatchObject({ kind: "disconnected", leftBehind: ["p0 was deleted"] });
    await killed;
    await ovs.server.startServer();
  });

  test("garbage that is deleted is told of though the wait for vswitchd did not end well", async () => {
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    const told = { leftBehind: ["p0 was deleted"] };
    await using vswitch = await open(ovs);
    (await vswitch.createInterface(spec)).unwrap();
    process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
    const late = errorOf(await vswitch.collectGarbage([], { timeoutMs: 500 }));
    process.kill(ovs.vswitchdPid ?? 0, "SIGCONT");
    expect(late).toMatchObject({ kind: "timeout", outcome: "committed", ...told });

    (await vswitch.createInterface(spec)).unwrap();
    let killed: Promise<void> | undefined;
    await using between = await interpose(ovs, '"next_cfg"', () => (killed = ovs.server.killServer()));
    await using cut = await open(ovs, between.remote);
    const error = errorOf(await cut.collectGarbage([]));
    expect(between.happened()).toBe(true);
    expect(error).toMatchObject({ kind: "disconnected", ...told });
    await killed;
    await ovs.server.startServer();
  });

  test("a server that dies while vswitchd is waited for is told as such, not as time that is up", async () => {
    await using vswitch = await open(ovs);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    (await vswitch.createInterface(spec)).unwrap();
    process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
    const deleting = vswitch.deleteInterface("p0");
    await expect.poll(() => ovs.vsctl("list-ports", "br0")).toBe("");
    await ovs.server.killServer();
    expect(errorOf(await deleting)).toMatchObject({ kind: "disconnected", outcome: "committed" });
    await ovs.server.startServer();
  });

  test.each([
    ["request", true],
    ["answer", false],
  ] as const)("an interface is there though the %s of its commit was lost", async (lost, created) => {
    await using between = await breaking(ovs, '"table":"Interface","row"', lost);
    await using vswitch = await open(ovs, between.remote);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    const made = await vswitch.createInterface(spec);
    expect(between.happened()).toBe(true);
    expect(made.unwrap()).toMatchObject({ name: "p0", created });
    expect((await ovs.vsctl("list-ports", "br0")).trim()).toBe("p0");
  });

  test("a commit whose answer was lost is of unknown outcome where the server does not come again", async () => {
    await using between = await breaking(ovs, '"table":"Interface","row"', "answer");
    await using vswitch = await open(ovs, between.remote);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
    await rm(between.remote.slice("unix:".length));
    const error = errorOf(await vswitch.createInterface(spec, { timeoutMs: 500 }));
    expect(between.happened()).toBe(true);
    expect(error).toMatchObject({ kind: "disconnected", outcome: "unknown" });
  });

  test.each(["request", "answer"] as const)(
    "what is undone is undone though the %s of that is lost",
    async (lost) => {
      await using between = await breaking(ovs, '["ports","delete"', lost);
      await using vswitch = await open(ovs, between.remote);
      process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
      const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;
      const error = errorOf(await vswitch.createInterface(spec, { timeoutMs: 300 }));
      process.kill(ovs.vswitchdPid ?? 0, "SIGCONT");
      expect(between.happened()).toBe(true);
      expect(error).toMatchObject({ kind: "timeout", outcome: "undone", leftBehind: [] });
      expect((await ovs.vsctl("list-ports", "br0")).trim()).toBe("");
    },
  );

  test("what was committed is undone though the server was restarted meanwhile", async () => {
    await using vswitch = await open(ovs);
    process.kill(ovs.vswitchdPid ?? 0, "SIGSTOP");
    const making = vswitch.createInterface({ type: "internal", name: "p0", attach: { bridge: "br1" } });
    await expect.poll(bridges).toContain("br1");
    await ovs.server.killServer();
    await ovs.server.startServer();
    expect(errorOf(await making)).toMatchObject({ kind: "disconnected", outcome: "undone", leftBehind: [] });
    expect(await bridges()).toEqual(["br0"]);
  });

  test("a database of an older release, without the columns that came later", async () => {
    const schema: { tables: Record<string, { columns: Record<string, unknown> }> } = JSON.parse(
      await readFile(ovs.server.installation.schema() ?? "", "utf8"),
    );
    delete schema.tables["Open_vSwitch"]?.columns["dpdk_initialized"];
    delete schema.tables["Open_vSwitch"]?.columns["dpdk_version"];
    delete schema.tables["Open_vSwitch"]?.columns["datapath_types"];
    delete schema.tables["Interface"]?.columns["ingress_policing_kpkts_rate"];
    delete schema.tables["Interface"]?.columns["ingress_policing_kpkts_burst"];
    await using server = await startOvsdbServer({ schema });
    const types = ["set", ["internal", "dpdk", "dpdkvhostuser", "dpdkvhostuserclient"]];
    const root = { op: "insert", table: "Open_vSwitch", row: { iface_types: types } };
    await server.client("transact", server.remote, JSON.stringify(["Open_vSwitch", root]));
    await using vswitch = await open(ovs, server.remote);
    const { interfaceTypes } = (await vswitch.capabilities()).unwrap();
    expect(interfaceTypes["vhost-user"].supported).toBe(true);
    const spec = { type: "internal", name: "p0", attach: { bridge: "br1" } } as const;
    expect((await vswitch.createInterface(spec, { wait: false })).unwrap().created).toBe(true);
    expect((await vswitch.createInterface(spec, { wait: false })).unwrap().created).toBe(false);
    const limited = { ...spec, name: "p1", ingressPolicing: { kpktsRate: 1 } };
    expect(errorOf(await vswitch.createInterface(limited, { wait: false })).kind).toBe("incompatible");
    expect((await vswitch.deleteInterface("p0", { wait: false })).unwrap().deleted).toBe(true);
    expect((await vswitch.listBridges()).unwrap()).toEqual([]);
  });
});
