import { describe, expect, test } from "vitest";
import { assert, constantFrom, integer, pre, property, record, uniqueArray } from "fast-check";

import { attachmentSchema, byVlanMode, type Attachment } from "../../../src/core/specs.js";
import { validate } from "../../../src/core/validate.js";
import { layoutOf, readSubId, refusedVlan, vlanOf } from "../../../src/vpp/driver/vlan.js";
import { failure } from "../../conformance/bench.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const vlan = integer({ min: 0, max: 4095 });
const settings = record(
  {
    vlanMode: constantFrom(...Object.values(byVlanMode((mode) => mode))),
    tag: vlan,
    trunks: uniqueArray(vlan, { minLength: 1, maxLength: 6 }),
  },
  { requiredKeys: [] },
);

const isValid = (attachment: object): boolean =>
  validate("test", "attachment", attachmentSchema, { bridge: "br0", ...attachment }).isOk();

test("whatever VPP carries out is told as it was asked for", () => {
  assert(
    property(settings, (wanted) => {
      pre(isValid(wanted) && refusedVlan(wanted) === undefined);
      const { untagged, subs } = layoutOf(wanted);
      const told = vlanOf(untagged, [...subs.keys()]);
      const { trunks } = wanted;
      expect(told).toEqual(
        trunks === undefined ? wanted : { ...wanted, trunks: trunks.toSorted((a, b) => a - b) },
      );
      for (const [id, in_] of subs) expect(readSubId(id)?.vlan).toBe(in_);
    }),
  );
});

test("numbers of others' sub-interfaces are not ours", () => {
  for (const id of [0, 10, 4095, 802_100_000, 802_170_001, 802_114_096, 1_802_110_001, 0xffff_ffff])
    expect(readSubId(id)).toBeUndefined();
  expect(readSubId(802_130_010)).toEqual({ mode: 3, vlan: 10 });
});

const release = releases.at(-1) ?? "";
const port = (
  attach: Attachment,
): { readonly type: "loopback"; readonly name: string; attach: Attachment } => ({
  type: "loopback",
  name: "lo0",
  attach,
});

describe.skipIf(releases.length === 0)(`VLANs on a simulated VPP${unlessMissing}`, () => {
  test("what an administrator sees of an access port and of a trunk", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(port({ bridge: "4", tag: 10 }))).unwrap();
    const seen = (): readonly unknown[] =>
      bench.vpp.interfaces
        .all()
        .slice(1)
        .map(({ name, bridge, rewrite, isAdminUp }) => [
          name,
          bench.vpp.bridgeDomains.get(bridge?.bdId ?? -1)?.tag,
          rewrite[0],
          isAdminUp,
        ]);
    expect(seen()).toEqual([
      ["loop0", "vswv/lab/4/10", 0, true],
      ["loop0.802110000", undefined, 0, false],
    ]);
    (await bench.vswitch.attachToBridge("lo0", { bridge: "4", trunks: [10, 20] })).unwrap();
    const trunk = seen();
    expect(trunk).toHaveLength(3);
    expect(trunk).toEqual(
      expect.arrayContaining([
        ["loop0", undefined, 0, true],
        ["loop0.802130010", "vswv/lab/4/10", 3, true],
        ["loop0.802130020", "vswv/lab/4/20", 3, true],
      ]),
    );
  });

  test("somebody else's sub-interface of the same VLAN is in the way, and is left alone", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(port({ bridge: "br0" }))).unwrap();
    const [loop] = bench.vpp.interfaces.ofType("loopback");
    const sub = { type: "sub", id: 20, outerVlan: 20, innerVlan: 0, flags: 18 } as const;
    bench.vpp.interfaces.add("loop0.20", sub, "00:00:00:00:00:00", { sup: loop?.swIfIndex ?? -1 });
    const before = bench.state();
    const result = await bench.vswitch.attachToBridge("lo0", { bridge: "br0", trunks: [10, 20] });
    expect(failure(result, "conflict").message).toContain("loop0.20");
    expect(bench.state()).toEqual(before);
    (await bench.vswitch.attachToBridge("lo0", { bridge: "br0", trunks: [10] })).unwrap();
    expect((await bench.vswitch.getInterface("loop0.20")).unwrap()).toMatchObject({ type: "other" });
  });

  test("what a process left half moved is told, and put in order by the next move", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(port({ bridge: "br0", trunks: [10, 20] }))).unwrap();
    const [first] = bench.vpp.interfaces.ofType("sub");
    if (first !== undefined) first.bridge = undefined;
    const told = (await bench.vswitch.getInterface("lo0")).unwrap();
    expect(told).toMatchObject({ bridge: "br0", error: expect.stringContaining("half moved") });
    const again = (await bench.vswitch.attachToBridge("lo0", { bridge: "br0", trunks: [10, 20] })).unwrap();
    expect(again).toMatchObject({ moved: true, error: null, vlan: { trunks: [10, 20] } });
    expect(bench.vpp.interfaces.ofType("sub").map(({ rewrite }) => rewrite[0])).toEqual([3, 3]);
  });

  test("the names of bridges with VLANs leave room for these in bd_tag", async () => {
    await using bench = await DriverBench.start(release);
    const bridge = "b".repeat(63 - "vswp/lab/".length);
    (await bench.vswitch.createInterface(port({ bridge }))).unwrap();
    const result = await bench.vswitch.attachToBridge("lo0", { bridge, tag: 10 });
    expect(failure(result, "invalid").message).toContain("at most 49 bytes");
  });

  test("a VPP without sub-interfaces says so for each mode, and refuses", async () => {
    await using bench = await DriverBench.start(release, ["memclnt", "vpe", "l2", "ip", "vlib"]);
    const { vlanModes } = (await bench.vswitch.capabilities()).unwrap();
    expect(vlanModes.access).toMatchObject({
      supported: false,
      why: expect.stringContaining("create_subif"),
    });
  });
});
