import { describe, expect, test } from "vitest";
import { type ApiModel, layoutOf, type MessageModel } from "../../../src/vpp/schema/index.js";
import { message, modelFrom } from "./api-json.js";
import { modelOf, releases, unlessMissing } from "./api-files.js";

function get(model: ApiModel, name: string): MessageModel {
  const found = model.messages.get(name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

describe.skipIf(releases.length === 0)(`the API files of VPP${unlessMissing}`, () => {
  test.each(releases)("%s: nothing is left out", (release) => {
    expect(modelOf(release).skipped).toStrictEqual([]);
  });

  test.each(releases)("%s: every service names messages that are there", (release) => {
    const { messages } = modelOf(release);
    const missing = [...messages.values()].flatMap(({ service }) => {
      if (service === undefined || service.kind === "one-way") return [];
      const names = Object.values(service).flat();
      return names.filter((name) => name !== service.kind && !messages.has(name));
    });
    expect(missing).toStrictEqual([]);
  });

  // Measured with VPP's own compiler; sizes of the C structures.
  test.each([
    ["sw_interface_details", 295, false],
    ["sw_interface_add_del_address", 34, false],
    ["control_ping", 10, false],
    ["sockclnt_create", 70, false],
    ["memif_create", 75 - 10, false],
    ["cli_inband", 14, true],
  ])("%s has %i bytes in every release", (name, least, variable) => {
    for (const release of releases)
      expect(get(modelOf(release), name).size).toStrictEqual({ least, variable });
  });
});

describe.runIf(releases.includes("26.06"))("26.06", () => {
  test("how requests are answered", () => {
    const model = modelOf("26.06");
    const serviceOf = (name: string): unknown => get(model, name).service;
    expect(serviceOf("memif_create")).toStrictEqual({ kind: "call", reply: "memif_create_reply" });
    expect(serviceOf("memif_dump")).toStrictEqual({ kind: "dump", details: "memif_details" });
    expect(serviceOf("rx_thread_exit")).toStrictEqual({ kind: "one-way" });
    expect(serviceOf("map_domains_get")).toStrictEqual({
      kind: "stream",
      reply: "map_domains_get_reply",
      details: "map_domain_details",
    });
    expect(serviceOf("want_interface_events")).toStrictEqual({
      kind: "subscribe",
      reply: "want_interface_events_reply",
      events: ["sw_interface_event"],
    });
    expect(get(model, "sw_interface_event").role).toBe("event");
  });

  test("how many there are of each kind", () => {
    const kinds = new Map<string, number>();
    for (const { service } of modelOf("26.06").messages.values()) {
      if (service !== undefined) kinds.set(service.kind, (kinds.get(service.kind) ?? 0) + 1);
    }
    expect(kinds.get("dump")).toBe(207);
    expect(kinds.get("stream")).toBe(20);
    expect(kinds.get("subscribe")).toBe(17);
    expect(kinds.get("one-way")).toBe(4);
  });

  test("unions are as large as their largest arm", () => {
    const sizes = ["address_union", "punt_union", "eid_address", "flow", "flow_v2"].map((name) => {
      const type = modelOf("26.06").types.get(name);
      return type?.kind === "union" ? type.size.least : 0;
    });
    expect(sizes).toStrictEqual([16, 4, 18, 82, 2052]);
    expect(get(modelOf("26.06"), "flow_add_v2").size.least).toBe(2114);
  });

  test("the header's fields are found by name; client_index behind the context is a field like others", () => {
    const headerOf = (name: string): unknown => get(modelOf("26.06"), name).header;
    expect(headerOf("sw_interface_dump")).toStrictEqual({ size: 10, clientIndexAt: 2, contextAt: 6 });
    expect(headerOf("sw_interface_details")).toStrictEqual({ size: 6, clientIndexAt: -1, contextAt: 2 });
    expect(headerOf("sw_interface_event")).toStrictEqual({ size: 6, clientIndexAt: 2, contextAt: -1 });
    expect(headerOf("igmp_event")).toStrictEqual({ size: 2, clientIndexAt: -1, contextAt: -1 });
    expect(headerOf("sockclnt_create")).toStrictEqual({ size: 6, clientIndexAt: -1, contextAt: 2 });
    expect(headerOf("sw_interface_rx_placement_details")).toStrictEqual({
      size: 10,
      clientIndexAt: 2,
      contextAt: 6,
    });
    expect(headerOf("control_ping_reply")).toStrictEqual({ size: 6, clientIndexAt: -1, contextAt: 2 });
    expect(get(modelOf("26.06"), "control_ping_reply").fields.map(({ name }) => name)).toStrictEqual([
      "retval",
      "client_index",
      "vpe_pid",
    ]);
  });

  test("what the authors said", () => {
    const create = get(modelOf("26.06"), "memif_create");
    expect(create.deprecated).toBe("");
    expect(create.doc.text).toBe("Create memory interface");
    expect(create.fields.find(({ name }) => name === "role")?.doc).toBe(
      "role of the interface in the connection (master/slave)",
    );
  });
});

describe.runIf(releases.length > 1)("layouts", () => {
  const [oldest = "", newest = ""] = [releases[0], releases.at(-1)];

  test("are the same for the same bytes, whatever the CRC", () => {
    for (const name of [
      "sw_interface_details",
      "bridge_domain_details",
      "sw_interface_event",
      "memif_details",
    ]) {
      const [before, after] = [get(modelOf(oldest), name), get(modelOf(newest), name)];
      expect(before.crc).not.toBe(after.crc);
      expect(layoutOf(before)).toBe(layoutOf(after));
    }
  });

  test("differ where the bytes do", () => {
    const changed = [...modelOf(oldest).messages.values()].filter((before) => {
      const after = modelOf(newest).messages.get(before.name);
      return after !== undefined && layoutOf(after) !== layoutOf(before);
    });
    expect(changed.map(({ name }) => name).toSorted()).toContain("gtpu_add_del_tunnel");
    expect(changed.length).toBeLessThan(22);
  });
});

describe("a layout", () => {
  const types = {
    types: [
      ["pair", ["u16", "a"], ["u16", "b"]],
      ["loose", ["u8", "n"], ["u16", "list", 0, "n"]],
    ],
    enums: [
      ["small", ["A", 0], { enumtype: "u8" }],
      ["other", ["B", 7], { enumtype: "u8" }],
      ["wide", ["A", 0], { enumtype: "u32" }],
    ],
    aliases: { quad: { type: "u8", length: 4 } },
  };
  const layout = (fields: readonly unknown[]): string =>
    layoutOf(get(modelFrom({ test: { ...types, messages: [message("m", fields)] } }), "m"));

  test.each([
    ["names", [["u32", "a"]], [["u32", "b"]]],
    ["signs", [["u32", "a"]], [["i32", "a"]]],
    [
      "nesting",
      [["vl_api_pair_t", "p"]],
      [
        ["u16", "x"],
        ["u16", "y"],
      ],
    ],
    [
      "an array for as many fields",
      [["u16", "p", 2]],
      [
        ["u16", "x"],
        ["u16", "y"],
      ],
    ],
    ["aliases", [["vl_api_quad_t", "q"]], [["u8", "q", 4]]],
    ["members of an enumeration", [["vl_api_small_t", "e"]], [["vl_api_other_t", "e"]]],
    ["bool for u8", [["bool", "e"]], [["u8", "e"]]],
    ["a fixed string for as many bytes", [["string", "s", 8]], [["u8", "s", 8]]],
    [
      "a variable string for counted bytes",
      [["string", "s", 0]],
      [
        ["u32", "n"],
        ["u8", "s", 0, "n"],
      ],
    ],
  ])("does not depend on %s", (_what, one, other) => {
    expect(layout(one)).toBe(layout(other));
  });

  test.each([
    ["width", [["u32", "a"]], [["u16", "a"]]],
    [
      "order",
      [
        ["u32", "a"],
        ["u8", "b"],
      ],
      [
        ["u8", "b"],
        ["u32", "a"],
      ],
    ],
    ["number", [["u8", "a", 4]], [["u8", "a", 5]]],
    ["the width of an enumeration", [["vl_api_small_t", "e"]], [["vl_api_wide_t", "e"]]],
    ["an integer for a double", [["u64", "a"]], [["f64", "a"]]],
    ["four bytes for one number", [["u8", "a", 4]], [["u32", "a"]]],
    [
      "which field counts",
      [
        ["u8", "m"],
        ["u8", "n"],
        ["u8", "l", 0, "n"],
      ],
      [
        ["u8", "m"],
        ["u8", "n"],
        ["u8", "l", 0, "m"],
      ],
    ],
    [
      "what is counted",
      [
        ["u8", "n"],
        ["u8", "l", 0, "n"],
      ],
      [
        ["u8", "n"],
        ["u16", "l", 0, "n"],
      ],
    ],
    [
      "where a structure ends",
      [["vl_api_loose_t", "l"]],
      [
        ["u8", "n"],
        ["u16", "l"],
      ],
    ],
  ])("depends on %s", (_what, one, other) => {
    expect(layout(one)).not.toBe(layout(other));
  });
});

/** What a comment says of a message with the fields x and y. */
function docsOf(comment: string): unknown {
  const fields = [
    ["u32", "x"],
    ["u8", "y"],
  ];
  const model = modelFrom({ t: { messages: [message("m", fields, { comment })] } });
  const { doc, fields: read } = get(model, "m");
  return { text: doc.text, x: read[0]?.doc, y: read[1]?.doc };
}

describe("comments", () => {
  test.each([
    [
      "/** \\brief Sets x\n    @param context - sender context\n    @param x - the x,\n      and more of it\n    @param y - why\n*/",
      { text: "Sets x", x: "the x,\nand more of it", y: "why" },
    ],
    [
      "/**\n * @brief Sets x\n *\n * A second paragraph.\n *@param x the x\n * @param y: why\n */",
      { text: "Sets x\n\nA second paragraph.", x: "the x", y: "why" },
    ],
    ["/* nothing */", { text: "nothing", x: undefined, y: undefined }],
    ["", { text: "", x: undefined, y: undefined }],
  ])("%j", (comment, expected) => {
    expect(docsOf(comment)).toStrictEqual(expected);
  });
});
