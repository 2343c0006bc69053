import { describe, expect, test } from "vitest";

import { type ApiDiff, diffApis } from "../../../src/vpp/codegen/index.js";
import { type ApiJson, message, modelFrom } from "../schema/api-json.js";

const diff = (before: ApiJson, after: ApiJson, only?: ReadonlySet<string>): ApiDiff =>
  diffApis(modelFrom({ thing: before }), modelFrom({ thing: after }), only);

/** An API whose one message, `thing_details`, has these fields, and its types. */
const withFields = (fields: readonly unknown[], types: ApiJson = {}): ApiJson => ({
  ...types,
  messages: [message("thing_details", fields)],
});

/** What became of the one message: its kind, then what changed. */
function changeOf(before: ApiJson, after: ApiJson): readonly string[] {
  const [change, ...more] = diff(before, after).changes;
  expect(more).toEqual([]);
  return change === undefined ? [] : [change.kind, ...change.details];
}

const enumOf = (members: readonly (readonly [string, number])[], enumtype = "u32"): ApiJson => ({
  enums: [["colour", ...members, { enumtype }]],
});
const red = ["RED", 0] as const;
const blue = ["BLUE", 1] as const;
const coloured = [["vl_api_colour_t", "colour"]];

describe("what becomes of a field", () => {
  test.each<[string, readonly unknown[], readonly unknown[], readonly string[]]>([
    ["the same", [["u32", "a"]], [["u32", "a"]], []],
    ["another type", [["u32", "a"]], [["u16", "a"]], ["wire", "a is u16, before u32"]],
    [
      "gone, and another one new",
      [["u32", "a"]],
      [["u8", "b", 16]],
      ["wire", "a (u32) is gone", "b (u8[16]) is new"],
    ],
    ["another length", [["u8", "a", 8]], [["u8", "a", 16]], ["wire", "a is u8[16], before u8[8]"]],
    [
      "a string where a list was",
      [["u8", "a", 64]],
      [["string", "a", 64]],
      ["meaning", "a is string[64], before u8[64]"],
    ],
    [
      "a text of any length where one of a fixed length was",
      [["string", "a", 64]],
      [["string", "a", 0]],
      ["wire", "a is string, before string[64]"],
    ],
    [
      "another name for the same bytes",
      [["u32", "a"]],
      [["u32", "b"]],
      ["meaning", "a (u32) is gone", "b (u32) is new"],
    ],
    [
      "another place",
      [
        ["u32", "a"],
        ["u32", "b"],
      ],
      [
        ["u32", "b"],
        ["u32", "a"],
      ],
      ["meaning", "its fields stand in another order"],
    ],
    [
      "another default",
      [["u32", "a", { default: 1 }]],
      [["u32", "a", { default: 2 }]],
      ["meaning", "a has the default 2, before 1"],
    ],
  ])("%s", (_what, before, after, expected) => {
    expect(changeOf(withFields(before), withFields(after))).toEqual(expected);
  });
});

describe("what becomes of a type", () => {
  test.each<[string, ApiJson, ApiJson, readonly string[]]>([
    ["an enumeration with a new member", enumOf([red]), enumOf([red, blue]), []],
    ["one that lost a member", enumOf([red, blue]), enumOf([red]), ["meaning", "colour: BLUE is gone"]],
    [
      "one whose member has another number",
      enumOf([red, blue]),
      enumOf([red, ["BLUE", 7]]),
      ["meaning", "colour: BLUE is 7, before 1"],
    ],
    [
      "one that is carried in fewer bytes",
      enumOf([red]),
      enumOf([red], "u8"),
      ["wire", "colour is carried in u8, before u32"],
    ],
  ])("%s", (_what, before, after, expected) => {
    expect(changeOf(withFields(coloured, before), withFields(coloured, after))).toEqual(expected);
  });

  test("a field inside a structure is told by its path", () => {
    const structure = (type: string): ApiJson => ({ types: [["point", [type, "x"], ["u32", "y"]]] });
    const fields = [["vl_api_point_t", "at"]];
    expect(changeOf(withFields(fields, structure("u32")), withFields(fields, structure("u16")))).toEqual([
      "wire",
      "at.x is u16, before u32",
    ]);
  });

  test("so are the arms of a union", () => {
    const union = (...arms: readonly unknown[]): ApiJson => ({ unions: [["either", ...arms]] });
    const fields = [["vl_api_either_t", "it"]];
    const before = withFields(fields, union(["u32", "number"], ["u16", "short"]));
    const after = withFields(fields, union(["i32", "number"], ["u8", "bytes", 4]));
    expect(changeOf(before, after).slice(1)).toEqual([
      "it.short is gone",
      "it.number is i32, before u32",
      "it.bytes is new",
    ]);
  });
});

describe("what becomes of messages", () => {
  const api = (...messages: readonly unknown[]): ApiJson => ({ messages });

  test("gone, new, and the same but for the CRC", () => {
    const before = api(message("thing_old", []), message("thing_kept", [["u32", "a"]]));
    const after = api(message("thing_kept", [["u32", "a"]], { crc: "0xabcdef01" }), message("thing_new", []));
    expect(diff(before, after)).toEqual({
      changes: [
        { name: "thing_kept", module: "thing", kind: "crc", details: ["12345678 is now abcdef01"] },
        { name: "thing_new", module: "thing", kind: "added", details: [] },
        { name: "thing_old", module: "thing", kind: "removed", details: [] },
      ],
      superseded: [],
      deprecated: [],
      same: 0,
    });
  });

  test("with a successor: the newest of those that are new", () => {
    const after = api(message("thing_add", []), message("thing_add_v2", []), message("thing_add_v3", []));
    expect(diff(api(message("thing_add", [])), after).superseded).toEqual([
      { name: "thing_add", by: "thing_add_v3" },
    ]);
  });

  test("one that was there before is no news", () => {
    const both = [message("thing_add", []), message("thing_add_v2", [])];
    expect(diff(api(...both), api(...both)).superseded).toEqual([]);
  });

  test("newly deprecated", () => {
    const after = api(message("thing_add", [], { options: { deprecated: "use another" } }));
    expect(diff(api(message("thing_add", [])), after).deprecated).toEqual([
      { name: "thing_add", why: "use another" },
    ]);
  });

  test("only those that are asked for", () => {
    const before = api(message("thing_a", []), message("thing_b", []));
    const only = new Set(["thing_a"]);
    expect(diff(before, api(), only).changes.map(({ name }) => name)).toEqual(["thing_a"]);
  });
});
