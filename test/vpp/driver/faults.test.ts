/** Whatever goes wrong at whatever message of a verb: it is undone, or the error says what is left. */
import assert from "node:assert/strict";

import { describe, expect, test } from "vitest";

import type { Attachment } from "../../../src/core/specs.js";
import type { ChangeOptions, VSwitch } from "../../../src/core/vswitch.js";
import type { VSwitchError } from "../../../src/core/errors.js";
import type { Result } from "../../../src/core/result.js";
import type { Fault } from "../../../src/testing/index.js";
import { callHandlers } from "../../../src/testing/vpp/handlers/index.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

interface Verb {
  readonly prepare: (bench: DriverBench) => Promise<void>;
  readonly act: (
    vswitch: VSwitch,
    bench: DriverBench,
    options: ChangeOptions,
  ) => Promise<Result<unknown, VSwitchError>>;
  /** A deletion that was sent cannot be undone: it is finished by the next one. */
  readonly isDeletion?: true;
}

const nothing = (): Promise<void> => Promise.resolve();

const makeOn =
  (bridge: string | undefined, vlan: Omit<Attachment, "bridge">) =>
  async ({ vswitch, socket }: Pick<DriverBench, "vswitch" | "socket">): Promise<void> => {
    const attach = bridge === undefined ? {} : { attach: { bridge, ...vlan } };
    const memif = { type: "memif", name: "net0", role: "master", socket: socket("net0"), ...attach } as const;
    (await vswitch.createInterface(memif)).unwrap();
  };

const on =
  (bridge: string | undefined, vlan: Omit<Attachment, "bridge"> = {}): Verb["prepare"] =>
  (bench) =>
    makeOn(bridge, vlan)({ vswitch: bench.vswitch, socket: (name) => bench.socket(name) });

const verbs: Readonly<Record<string, Verb>> = {
  "createInterface of a memif on a new bridge": {
    prepare: nothing,
    act: (vswitch, bench, options) =>
      vswitch.createInterface(
        {
          type: "memif",
          name: "net0",
          role: "master",
          socket: bench.socket("net0"),
          mtu: 1400,
          attach: { bridge: "4" },
        },
        options,
      ),
  },
  "createInterface of a vhost-user server": {
    prepare: nothing,
    act: (vswitch, bench, options) =>
      vswitch.createInterface(
        { type: "vhost-user", name: "vm0", mode: "server", socket: bench.socket("vm0") },
        options,
      ),
  },
  "createInterface of a loopback": {
    prepare: nothing,
    act: (vswitch, _bench, options) => vswitch.createInterface({ type: "loopback", name: "lo0" }, options),
  },
  "createInterface of a tap": {
    prepare: nothing,
    act: (vswitch, _bench, options) => vswitch.createInterface({ type: "tap", name: "tap9" }, options),
  },
  "createInterface of a vxlan on a new bridge": {
    prepare: nothing,
    act: (vswitch, _bench, options) =>
      vswitch.createInterface(
        {
          type: "vxlan",
          name: "tunnel0",
          local: "192.0.2.1",
          remote: "198.51.100.1",
          vni: 7,
          mac: "02:00:00:00:00:07",
          attach: { bridge: "4" },
        },
        options,
      ),
  },
  "createInterface of an af-packet": {
    prepare: nothing,
    act: (vswitch, _bench, options) =>
      vswitch.createInterface({ type: "af-packet", name: "wire", device: "eth1" }, options),
  },
  "attachToBridge from one bridge to another": {
    prepare: on("from"),
    act: (vswitch, _bench, options) => vswitch.attachToBridge("net0", { bridge: "to" }, options),
  },
  "createInterface of an access port": {
    prepare: nothing,
    act: (vswitch, _bench, options) =>
      vswitch.createInterface({ type: "loopback", name: "lo0", attach: { bridge: "br0", tag: 10 } }, options),
  },
  "createInterface of a trunk with a native VLAN": {
    prepare: nothing,
    act: (vswitch, _bench, options) =>
      vswitch.createInterface(
        {
          type: "loopback",
          name: "lo0",
          attach: { bridge: "br0", vlanMode: "native-untagged", tag: 10, trunks: [20, 30] },
        },
        options,
      ),
  },
  "attachToBridge from one VLAN to another": {
    prepare: on("br0", { tag: 10 }),
    act: (vswitch, _bench, options) => vswitch.attachToBridge("net0", { bridge: "br0", tag: 20 }, options),
  },
  "attachToBridge from a native VLAN to a trunk": {
    prepare: on("br0", { vlanMode: "native-untagged", tag: 10, trunks: [10, 20] }),
    act: (vswitch, _bench, options) =>
      vswitch.attachToBridge("net0", { bridge: "br0", trunks: [10, 20, 30] }, options),
  },
  "attachToBridge from an access port to another bridge": {
    prepare: on("from", { tag: 10 }),
    act: (vswitch, _bench, options) => vswitch.attachToBridge("net0", { bridge: "to" }, options),
  },
  "detachFromBridge of a trunk": {
    prepare: on("br0", { trunks: [10, 20] }),
    act: (vswitch, _bench, options) => vswitch.detachFromBridge("net0", options),
  },
  "deleteInterface of a trunk": {
    prepare: on("br0", { trunks: [0, 10, 20] }),
    act: (vswitch, _bench, options) => vswitch.deleteInterface("net0", options),
    isDeletion: true,
  },
  "deleteBridge of VLAN domains": {
    prepare: async (bench) => {
      await on("br0", { tag: 10 })(bench);
      (await bench.vswitch.ensureBridge({ name: "br0" })).unwrap();
      (await bench.vswitch.deleteInterface("net0")).unwrap();
    },
    act: (vswitch, _bench, options) => vswitch.deleteBridge("br0", options),
    isDeletion: true,
  },
  detachFromBridge: {
    prepare: on("from"),
    act: (vswitch, _bench, options) => vswitch.detachFromBridge("net0", options),
  },
  setAddresses: {
    prepare: async (bench) => {
      await on(undefined)(bench);
      (await bench.vswitch.setAddresses("net0", ["192.0.2.1/24", "2001:db8::1/64"])).unwrap();
    },
    act: (vswitch, _bench, options) =>
      vswitch.setAddresses("net0", ["192.0.2.2/24", "198.51.100.1/24"], options),
  },
  ensureBridge: {
    prepare: nothing,
    act: (vswitch, _bench, options) => vswitch.ensureBridge({ name: "br0" }, options),
  },
  "ensureBridge of one that was made on demand": {
    prepare: on("br0"),
    act: (vswitch, _bench, options) => vswitch.ensureBridge({ name: "br0" }, options),
  },
  deleteInterface: {
    prepare: on("br0"),
    act: (vswitch, _bench, options) => vswitch.deleteInterface("net0", options),
    isDeletion: true,
  },
  deleteBridge: {
    prepare: async (bench) => {
      (await bench.vswitch.ensureBridge({ name: "br0" })).unwrap();
    },
    act: (vswitch, _bench, options) => vswitch.deleteBridge("br0", options),
    isDeletion: true,
  },
  collectGarbage: {
    prepare: on("br0"),
    act: (vswitch, _bench, options) => vswitch.collectGarbage([], options),
    isDeletion: true,
  },
};

/** The requests of a verb that nothing goes wrong with. */
async function requestsOf(release: string, { prepare, act }: Verb): Promise<readonly string[]> {
  await using bench = await DriverBench.start(release);
  await prepare(bench);
  bench.server.requests.clear();
  (await act(bench.vswitch, bench, {})).unwrap();
  return bench.server.requests.names();
}

interface Way {
  readonly timeoutMs: number;
  /** What becomes of the answer; undefined: VPP refuses the request. */
  readonly fault?: Fault;
}

const ways: Readonly<Record<string, Way>> = {
  "the connection is cut": { fault: { kind: "cut" }, timeoutMs: 5000 },
  "the answer is lost": { fault: { kind: "missing" }, timeoutMs: 150 },
  "VPP refuses it": { timeoutMs: 5000 },
};

/**
 * One of the next requests goes wrong, counted among those of its message: where the deadline passes early, on a busy
 * machine, the fault must not come upon a dump of the undo. VPP never loses the answer of a dump alone.
 */
function plan({ server }: DriverBench, requests: readonly string[], at: number, { fault }: Way): void {
  const message = requests[at] ?? "";
  let before = requests.slice(0, at).filter((name) => name === message).length;
  if (fault !== undefined) {
    if (before > 0) server.fail(message, { kind: "truncated", bytes: 0 }, before);
    server.fail(message, fault);
    return;
  }
  const usual = callHandlers.get(message);
  server.handle(message, (request, vpp) => {
    if (before-- === 0) return -1;
    return usual?.(request, vpp) ?? -9;
  });
}

async function tryOnce(
  release: string,
  verb: Verb,
  requests: readonly string[],
  at: number,
  way: Way,
): Promise<void> {
  await using bench = await DriverBench.start(release);
  await verb.prepare(bench);
  const before = bench.state();
  plan(bench, requests, at, way);
  const result = await verb.act(bench.vswitch, bench, { timeoutMs: way.timeoutMs });
  bench.server.clearFaults();
  const isUndone = result.isErr() && result.error.leftBehind.length === 0 && verb.isDeletion !== true;
  if (isUndone) assert.deepEqual(bench.state(), before, `${result.error.kind}: ${result.error.message}`);
  // Whatever came of it, the same again puts it in order.
  (await verb.act(bench.vswitch, bench, {})).unwrap();
  (await bench.vswitch.collectGarbage([])).unwrap();
  for (const { name, mark } of (await bench.vswitch.listBridges()).unwrap())
    if (mark !== null) (await bench.vswitch.deleteBridge(name)).unwrap();
  expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
  expect(bench.server.deaths).toEqual([]);
}

const release = releases.at(-1) ?? "";

describe.skipIf(releases.length === 0)(`a fault at every message${unlessMissing}`, () => {
  describe.each(Object.entries(verbs))("%s", (_name, verb) => {
    test.each(Object.entries(ways))("%s", { timeout: 120_000 }, async (_way, way) => {
      const requests = await requestsOf(release, verb);
      expect(requests.length).toBeGreaterThan(0);
      for (const [at, request] of requests.entries()) {
        // What only asks changes nothing: those that change are tried one by one.
        if (!callHandlers.has(request) || request === "control_ping") continue;
        await tryOnce(release, verb, requests, at, way).catch((cause: unknown) => {
          throw new Error(`message ${at}, ${request}`, { cause });
        });
      }
    });
  });
});
