import { describe, expect, test } from "vitest";
import { describeDifferences, differences } from "../../src/core/differences.js";

describe("what differs from what is wanted", () => {
  test.each<[string, wanted: Record<string, unknown>, present: Record<string, unknown>, found: object[]]>([
    ["nothing, where all is as wanted", { mtu: 1500 }, { mtu: 1500, mac: "02:00:00:00:00:01" }, []],
    ["nothing, where nothing is wanted", { mtu: undefined }, { mtu: 1500 }, []],
    ["a value", { mtu: 9000 }, { mtu: 1500 }, [{ path: "mtu", wanted: 9000, present: 1500 }]],
    ["a value that is not set", { mtu: 9000 }, {}, [{ path: "mtu", wanted: 9000, present: null }]],
    [
      "a value inside",
      { attach: { bridge: "br0", tag: 5 } },
      { attach: { bridge: "br0", tag: 6 } },
      [{ path: "attach.tag", wanted: 5, present: 6 }],
    ],
    [
      "all inside what is not there",
      { attach: { bridge: "br0", tag: 5 } },
      {},
      [
        { path: "attach.bridge", wanted: "br0", present: null },
        { path: "attach.tag", wanted: 5, present: null },
      ],
    ],
    ["nothing in lists of the same members", { trunks: [1, 2] }, { trunks: [2, 1] }, []],
    ["a list", { trunks: [1, 2] }, { trunks: [1, 3] }, [{ path: "trunks", wanted: [1, 2], present: [1, 3] }]],
    [
      "a longer list",
      { trunks: [1] },
      { trunks: [1, 3] },
      [{ path: "trunks", wanted: [1], present: [1, 3] }],
    ],
    [
      "a key that every object seems to have",
      { valueOf: "x" },
      {},
      [{ path: "valueOf", wanted: "x", present: null }],
    ],
    [
      "a secret, without showing either",
      { secret: "one" },
      { secret: "two" },
      [{ path: "secret", wanted: "(hidden)", present: "(hidden)" }],
    ],
  ])("%s", (_title, wanted, present, found) => {
    expect(differences(wanted, present)).toEqual(found);
  });

  test("is said in a sentence", () => {
    const found = differences({ mtu: 9000, mac: "02:00:00:00:00:01" }, { mtu: 1500 });
    expect(describeDifferences(found)).toBe('mtu is 1500, not 9000; mac is not set, not "02:00:00:00:00:01"');
  });
});
