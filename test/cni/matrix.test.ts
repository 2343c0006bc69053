/** Every version of the specification, every command, with and without IPAM, on every switch. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { supportedVersions } from "../../src/cni/versions.js";
import { connect } from "../../src/index.js";
import { VppServer } from "../../src/testing/index.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";
import { modelOf, releases, unlessMissing } from "../vpp/schema/api-files.js";
import { CniLab, type Outcome } from "./support/lab.js";

type Json = Record<string, unknown>;

interface Target {
  readonly title: string;
  readonly host: () => Json;
  /** Who says what is on the switch: names of interfaces, sorted. */
  readonly interfaces: () => Promise<readonly string[]>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** With MAC and MTU where all of a switch's releases take them. */
const memif = (remote: string, more: Json): Json => ({
  engine: "vpp",
  iftype: "memif",
  memif: { role: "master", mode: "ethernet" },
  remote,
  mtu: 1400,
  ...more,
});

function simulatedVpp(title: string, more: Json): Target {
  let vpp: VppServer | undefined;
  return {
    title: `VPP ${title}`,
    host: () => memif(vpp?.remote ?? "", more),
    interfaces: async () => (vpp?.vpp.interfaces.all() ?? []).map(({ name }) => name).filter(isNotLocal),
    start: async () => {
      vpp = (await VppServer.start({ api: modelOf(releases.at(-1) ?? "") })).unwrap();
    },
    stop: async () => vpp?.[Symbol.asyncDispose](),
  };
}

/** A real VPP that others started, by the path of its API socket. */
function realVpp(socket: string, title: string, more: Json): Target {
  const remote = `unix:${socket}`;
  return {
    title: `a real VPP ${title}`,
    host: () => memif(remote, more),
    interfaces: async () => {
      await using vswitch = (await connect({ engine: "vpp", remote, owner: "cni" })).unwrap();
      return (await vswitch.listInterfaces({ ownOnly: true })).unwrap().map(({ name }) => name);
    },
    start: async () => {},
    stop: async () => {},
  };
}

const isNotLocal = (name: string): boolean => name !== "local0";

function openVSwitch(title: string, end: () => Json): Target {
  let ovs: OpenVSwitch | undefined;
  return {
    title: `Open vSwitch ${title}`,
    host: () => ({
      engine: "ovs-dpdk",
      remote: ovs?.remote ?? "",
      bridge: { bridgeName: "lab", datapathType: ovs?.datapathType ?? "netdev" },
      vlan: 12,
      ...end(),
    }),
    interfaces: async () =>
      (await (ovs?.vsctl("--bare", "--columns=name", "find", "Interface") ?? ""))
        .split("\n")
        .filter((name) => name !== ""),
    start: async () => {
      ovs = await startOpenVSwitch({ flavour: "dpdk" });
    },
    stop: async () => ovs?.stop(),
  };
}

const { dpdk } = availableFlavours();
const real = process.env["VPP_API_SOCKET"];
const bridge = { netType: "bridge", bridge: { bridgeId: 4 } };
const l3 = { netType: "interface" };

const targets: readonly (readonly [Target, boolean, string])[] = [
  [simulatedVpp("memif on a bridge domain", bridge), releases.length > 0, unlessMissing],
  [simulatedVpp("memif with addresses", l3), releases.length > 0, unlessMissing],
  [
    simulatedVpp("vhost-user", { iftype: "vhostuser", vhost: { mode: "client" }, ...bridge }),
    releases.length > 0,
    unlessMissing,
  ],
  [openVSwitch("as vhost-user server", () => ({ iftype: "vhostuser" })), dpdk.available, dpdk.note],
  [
    openVSwitch("as vhost-user client", () => ({
      iftype: "vhostuser",
      vhost: { mode: "client" },
      socket: { group: process.getgid?.() ?? 0 },
    })),
    dpdk.available,
    dpdk.note,
  ],
  ...(real === undefined
    ? []
    : ([
        [realVpp(real, "memif on a bridge domain", bridge), true, ""],
        [realVpp(real, "memif with addresses", l3), true, ""],
        [realVpp(real, "vhost-user", { iftype: "vhostuser", ...bridge }), true, ""],
      ] as const)),
];

const plugins = existsSync("/usr/lib/cni/host-local");
const ipams = [
  ["without IPAM", undefined],
  ["with static", { type: "static", addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] }],
  ["with host-local", { type: "host-local", subnet: "10.56.217.0/24", routes: [{ dst: "0.0.0.0/0" }] }],
] as const;

for (const [target, available, why] of targets) {
  describe.skipIf(!available)(`${target.title}${why}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());

    for (const [with_, ipam] of ipams) {
      describe.skipIf(ipam !== undefined && !plugins)(`IPAM: ${with_}`, () => {
        test.each(supportedVersions)("version %s", async (version) => {
          using lab = new CniLab();
          lab.connect = connect;
          const conf = lab.conf({
            cniVersion: version,
            host: target.host(),
            ...(ipam !== undefined && { ipam: { ...ipam, dataDir: lab.ipamDir } }),
          });
          const added = await lab.run({ command: "ADD", conf });
          expect(added).toMatchObject({ exitCode: 0, document: { cniVersion: version } });
          expect(await target.interfaces()).not.toEqual([]);
          expect(had(added.document ?? {})).toMatchObject(wanted(version, ipam !== undefined));

          const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
          expect(told(checked)).toBe(version < "0.4.0" ? 1 : "well");

          for (let nth = 0; nth < 2; nth += 1)
            expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
          expect(await target.interfaces()).toEqual([]);
          expect(lab.left()).toEqual({ interfaces: [], bridges: [], state: [], shared: [], addresses: [] });

          const gc = await lab.run({ command: "GC", conf: { ...conf, "cni.dev/valid-attachments": [] } });
          const status = await lab.run({ command: "STATUS", conf });
          const known = version === "1.1.0" ? "well" : 1;
          expect([told(gc), told(status)]).toEqual([known, known]);
        });
      });
    }
  });
}

/** The code of an error; `well`: it ended well and said nothing. */
const told = ({ exitCode, stdout, document }: Outcome): unknown =>
  exitCode === 0 && stdout === "" ? "well" : document?.["code"];

/** What a version has of an interface and its address. */
function wanted(version: string, given: boolean): Json {
  if (version < "0.3.0") return { ip4: given, interfaces: false, ips: false };
  const family = version < "1.0.0" ? { version: "4" } : {};
  const ip = { interface: 0, address: expect.stringMatching(/^10\./u), ...family };
  return { ip4: false, interfaces: [{ name: "net1" }], ips: given ? [ip] : false };
}

const had = ({ ip4, interfaces, ips }: Json): Json => ({
  ip4: ip4 !== undefined,
  interfaces: interfaces ?? false,
  ips: ips ?? false,
});

test("a socket that Open vSwitch made is where the container has it", async (context) => {
  if (!dpdk.available) return context.skip(dpdk.note);
  await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
  using lab = new CniLab();
  lab.connect = connect;
  const conf = lab.conf({
    host: {
      engine: "ovs-dpdk",
      iftype: "vhostuser",
      remote: ovs.remote,
      bridge: { datapathType: ovs.datapathType },
      socket: { mode: "0666" },
    },
  });
  const { document } = await lab.run({ command: "ADD", conf });
  const socketPath = join(lab.sharedDir, "0958c8871b32/0958c8871b32-net1");
  expect(document).toMatchObject({ interfaces: [{ socketPath }] });
  expect(statSync(socketPath).isSocket()).toBe(true);
  expect(statSync(socketPath).mode & 0o777).toBe(0o666);
  expect(await ovs.vsctl("list-ports", "br0")).toContain("net1");
  expect(existsSync(join(ovs.vhostSockDir, "0958c8871b32-net1"))).toBe(true);
});
