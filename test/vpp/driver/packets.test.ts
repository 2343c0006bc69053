/** What VLAN settings do to frames, on a real VPP: its ports are one end of veth pairs, the other is this test's. */
import { execFile, execFileSync } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { connect } from "../../../src/connect.js";
import type { Attachment } from "../../../src/core/specs.js";
import type { VSwitch } from "../../../src/core/vswitch.js";
import { realVpp, unlessReal } from "../../support/vpp-real.js";

const run = promisify(execFile);
const frames = new URL("../../support/frames.py", import.meta.url).pathname;

/** Two runs on one machine do not share a name. */
const run36 = process.pid.toString(36);
const tapOf = (name: string): string => `vt${run36}-${name}`;
const wireOf = (name: string): string => `vw${run36}-${name}`;

function canMakeDevices(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync("ip", ["link", "add", tapOf("try"), "type", "veth", "peer", "name", wireOf("try")]);
    execFileSync("ip", ["link", "del", tapOf("try")]);
    execFileSync("/usr/bin/python3", ["-c", "import socket; socket.AF_PACKET"]);
    return true;
  } catch {
    return false;
  }
}

const isAble = realVpp !== undefined && canMakeDevices();
const unlessAble =
  realVpp === undefined ? unlessReal : isAble ? "" : " (skipped: root, veth and Python 3 are needed)";

const bridge = "vlan-lab";

/** A port by its name, as it sits on the bridge. */
const ports: Readonly<Record<string, Omit<Attachment, "bridge">>> = {
  a10: { tag: 10 },
  b10: { tag: 10 },
  a20: { tag: 20 },
  t: { trunks: [10, 20] },
  n: { vlanMode: "native-untagged", tag: 10, trunks: [20] },
  q30: { vlanMode: "dot1q-tunnel", tag: 30 },
  r30: { vlanMode: "dot1q-tunnel", tag: 30 },
  t30: { trunks: [30] },
  p: {},
  p2: {},
};

interface Sent {
  readonly from: string;
  readonly tags?: readonly number[];
  /** Who hears it, with which tags. */
  readonly heard: Readonly<Record<string, readonly number[]>>;
}

const sent: readonly Sent[] = [
  { from: "a10", heard: { b10: [], t: [10], n: [] } },
  { from: "a20", heard: { t: [20], n: [20] } },
  { from: "t", tags: [10], heard: { a10: [], b10: [], n: [] } },
  { from: "t", tags: [20], heard: { a20: [], n: [20] } },
  { from: "t", tags: [30], heard: {} },
  { from: "t", heard: {} },
  { from: "n", heard: { a10: [], b10: [], t: [10] } },
  { from: "n", tags: [20], heard: { a20: [], t: [20] } },
  { from: "n", tags: [10], heard: {} },
  { from: "p", heard: { p2: [] } },
  // An access port has no say in the VLAN, neither at once nor behind the next trunk.
  { from: "a10", tags: [20], heard: {} },
  { from: "a10", tags: [10], heard: {} },
  { from: "a10", tags: [10, 20], heard: {} },
  { from: "n", tags: [30], heard: {} },
  { from: "q30", heard: { r30: [], t30: [30] } },
  { from: "q30", tags: [10], heard: { r30: [10], t30: [30, 10] } },
];

describe.skipIf(!isAble)(`frames and VLANs on a real VPP${unlessAble}`, () => {
  const devices = Object.keys(ports).map(tapOf);
  const vswitches: VSwitch[] = [];

  const hears = async (from: string, tags: readonly number[]): Promise<Record<string, number[][]>> => {
    const { stdout } = await run("/usr/bin/python3", [
      frames,
      tapOf(from),
      tags.join(".") || "-",
      ...devices,
    ]);
    const heard: Record<string, number[][]> = JSON.parse(stdout);
    return Object.fromEntries(
      Object.entries(heard).map(([device, all]) => [device.slice(tapOf("").length), all]),
    );
  };
  const expected = (heard: Sent["heard"]): Record<string, readonly (readonly number[])[]> =>
    Object.fromEntries(Object.entries(heard).map(([name, tags]) => [name, [tags]]));

  beforeAll(async () => {
    const vswitch = (
      await connect({ engine: "vpp", remote: realVpp?.remote ?? "", owner: "packets" })
    ).unwrap();
    vswitches.push(vswitch);
    for (const [name, vlan] of Object.entries(ports)) {
      const device = wireOf(name);
      execFileSync("ip", ["link", "add", tapOf(name), "type", "veth", "peer", "name", device]);
      for (const end of [tapOf(name), device]) {
        execFileSync("ip", ["link", "set", end, "up"]);
        // No announcements of the kernel's among the frames.
        execFileSync("sysctl", ["-qw", `net.ipv6.conf.${end}.disable_ipv6=1`]);
      }
      const attach = { bridge, ...vlan };
      (await vswitch.createInterface({ type: "af-packet", name, device, attach })).unwrap();
    }
  }, 30_000);

  afterAll(async () => {
    for (const vswitch of vswitches) {
      (await vswitch.collectGarbage([])).unwrap();
      await vswitch.close();
    }
    for (const device of devices) execFileSync("ip", ["link", "del", device]);
  });

  test.each(sent)("from $from with tags $tags: $heard", async ({ from, tags = [], heard }) => {
    expect(await hears(from, tags)).toEqual(expected(heard));
  });

  test("a port that moves hears its new VLAN and no more the old", async () => {
    const [vswitch] = vswitches;
    (await vswitch?.attachToBridge("b10", { bridge, tag: 20 }))?.unwrap();
    expect(await hears("a10", [])).toEqual(expected({ t: [10], n: [] }));
    expect(await hears("a20", [])).toEqual(expected({ b10: [], t: [20], n: [20] }));
    (await vswitch?.attachToBridge("b10", { bridge, trunks: [10] }))?.unwrap();
    expect(await hears("a10", [])).toEqual(expected({ b10: [10], t: [10], n: [] }));
    (await vswitch?.attachToBridge("b10", { bridge }))?.unwrap();
    expect(await hears("a10", [])).toEqual(expected({ t: [10], n: [] }));
    expect(await hears("p", [])).toEqual(expected({ b10: [], p2: [] }));
  });
});
