import { describe, expect, test } from "vitest";
import { ApiCodecs, type ApiModel } from "../../../src/vpp/schema/index.js";
import { Reader, Writer } from "../../../src/vpp/wire/index.js";
import { message, modelFrom } from "./api-json.js";

const header = { id: 0x0102, context: 0x0304_0506 };

/** A value's bytes behind id and context. */
function encoded(model: ApiModel, name: string, value: Readonly<Record<string, unknown>>): string {
  const writer = new Writer();
  new ApiCodecs(model).message(name).unwrap().encode(writer, value, header.id, 0, header.context);
  return writer.written().subarray(6).toString("hex");
}

/** The value of such bytes. */
function decoded(model: ApiModel, name: string, hex: string): unknown {
  const bytes = Buffer.from(`010203040506${hex}`, "hex");
  return new ApiCodecs(model).message(name).unwrap().decode(new Reader(bytes));
}

describe("18.04: no enumerations, unions, aliases or strings", () => {
  const model = modelFrom({
    memclnt: {
      types: [["message_table_entry", ["u16", "index"], ["u8", "name", 4], { crc: "0x1" }]],
      messages: [
        // The context last, and so no header field.
        [
          "sockclnt_create",
          ["u16", "_vl_msg_id"],
          ["u8", "name", 4],
          ["u32", "context"],
          { crc: "0x73bcff7c" },
        ],
        message("table_details", [
          ["u8", "count"],
          ["vl_api_message_table_entry_t", "entries", 0, "count"],
        ]),
        message("classify_add", [
          ["u32", "mask_len"],
          ["u8", "mask", 0],
        ]),
      ],
      services: { sockclnt_create: { reply: "null" } },
      vl_api_version: "0x5c",
    },
  });

  test("context is found by its name, wherever it stands", () => {
    expect(model.messages.get("sockclnt_create")?.header).toStrictEqual({
      size: 2,
      clientIndexAt: -1,
      contextAt: 6,
    });
    expect(model.messages.get("sockclnt_create")?.service).toStrictEqual({ kind: "one-way" });
    expect(model.files.get("memclnt")).toMatchObject({ crc: "0000005c", version: "", imports: [] });
  });

  test("text is bytes", () => {
    const name = Uint8Array.of(0x61, 0x62, 0, 0);
    expect(encoded(model, "table_details", { entries: [{ index: 1, name }] })).toBe("01000161620000");
    expect(decoded(model, "table_details", "01000161620000")).toStrictEqual({
      entries: [{ index: 1, name }],
    });
  });

  test("an uncounted list of bytes takes the rest of the message", () => {
    const value = { mask_len: 16, mask: Uint8Array.of(1, 2, 3) };
    expect(encoded(model, "classify_add", value)).toBe("00000010010203");
    expect(decoded(model, "classify_add", "00000010010203")).toStrictEqual(value);
    expect(decoded(model, "classify_add", "00000010")).toStrictEqual({
      mask_len: 16,
      mask: new Uint8Array(0),
    });
  });
});

describe("19.01: strings without a length, aliases, unions, address family in four bytes", () => {
  const model = modelFrom({
    vpe: {
      messages: [
        message("show_version_reply", [
          ["i32", "retval"],
          ["string", "program"],
          ["string", "version"],
          ["u32", "last"],
        ]),
        message("address_details", [
          ["vl_api_prefix_t", "prefix"],
          ["vl_api_mac_address_t", "mac"],
        ]),
      ],
      types: [
        ["address", ["vl_api_address_family_t", "af"], ["vl_api_address_union_t", "un"]],
        ["prefix", ["vl_api_address_t", "address"], ["u8", "address_length"]],
      ],
      enums: [["address_family", ["ADDRESS_IP4", 0], ["ADDRESS_IP6", 1], { enumtype: "u32" }]],
      unions: [["address_union", ["vl_api_ip4_address_t", "ip4"], ["vl_api_ip6_address_t", "ip6"]]],
      aliases: {
        ip4_address: { type: "u8", length: 4 },
        ip6_address: { type: "u8", length: 16 },
        mac_address: { type: "u8", length: 6 },
      },
    },
  });

  test("a string without a length is of variable size, in the middle of a message too", () => {
    const value = { retval: -1, program: "vpe", version: "", last: 9 };
    const hex = "ffffffff000000037670650000000000000009";
    expect(encoded(model, "show_version_reply", value)).toBe(hex);
    expect(decoded(model, "show_version_reply", hex)).toStrictEqual(value);
  });

  test("an address is text with a family of four bytes as with one of a single byte", () => {
    const value = { prefix: "10.0.0.0/8", mac: "02:fe:00:00:00:01" };
    const hex = `000000000a${"00".repeat(15)}0802fe00000001`;
    expect(encoded(model, "address_details", value)).toBe(hex);
    expect(decoded(model, "address_details", hex)).toStrictEqual(value);
  });
});

describe("19.08: fixed and variable strings, defaults", () => {
  const model = modelFrom({
    interface: {
      messages: [
        message("dump", [
          ["u32", "sw_if_index", { default: 4_294_967_295 }],
          // vppapigen's lexer takes true for a name.
          ["bool", "enabled", { default: "true" }],
          ["bool", "odd", { default: 4_294_967_295 }],
          ["bool", "off", { default: false }],
          ["f64", "factor", { default: 1.0 }],
          ["u64", "big", { default: 8192 }],
          ["vl_api_color_t", "color", { default: 1 }],
          ["vl_api_color_t", "named", { default: "RED" }],
          ["u8", "too_large", { default: 256 }],
          ["string", "name", 8],
          ["string", "filter", 0],
        ]),
      ],
      enums: [["color", ["RED", 0], ["GREEN", 1], { enumtype: "u8" }]],
      options: { version: "3.2.1" },
    },
  });

  test("are sent for what is left out, and never come from a value that does not fit", () => {
    const value = { too_large: 5, name: "ab", filter: "c" };
    const hex = encoded(model, "dump", value);
    expect(decoded(model, "dump", hex)).toStrictEqual({
      ...value,
      sw_if_index: 4_294_967_295,
      enabled: true,
      odd: true,
      off: false,
      factor: 1,
      big: 8192n,
      color: "GREEN",
      named: "RED",
    });
    expect(() => encoded(model, "dump", { name: "ab", filter: "c" })).toThrow("a number");
  });

  test("a double is little-endian, as servers on x86-64 and arm64 have it", () => {
    expect(encoded(model, "dump", { too_large: 0, name: "", filter: "" })).toContain("000000000000f03f");
  });
});

describe("20.05 and later", () => {
  const model = modelFrom({
    types: {
      types: [
        ["path", ["u32", "sw_if_index"], ["u8", "n_labels"], ["u16", "labels", 0, "n_labels"]],
        ["route", ["u8", "n_paths"], ["vl_api_path_t", "paths", 0, "n_paths"]],
        ["choice", ["vl_api_kind_t", "type"], ["vl_api_either_t", "value", { discriminator: "type" }]],
      ],
      unions: [["either", ["u8", "small", { case: "SMALL" }], ["u32", "large", { case: "LARGE" }]]],
      enums: [["kind", ["SMALL", 0], ["LARGE", 1], ["NEITHER", 2], { enumtype: "u8" }]],
      enumflags: [["bits", ["A", 1], ["B", 2], { enumtype: "u8" }]],
      messages: [
        message("route_details", [["vl_api_route_t", "route"]]),
        message("choice_details", [["vl_api_choice_t", "choice"]]),
        message("bits_details", [["vl_api_bits_t", "bits"]]),
      ],
    },
  });

  test("lists of structures that end in lists; counts are worked out", () => {
    const value = {
      route: {
        paths: [
          { sw_if_index: 1, labels: [2, 3] },
          { sw_if_index: 4, labels: [] },
        ],
      },
    };
    expect(encoded(model, "route_details", value)).toBe("020000000102000200030000000400");
    expect(decoded(model, "route_details", "020000000102000200030000000400")).toStrictEqual(value);
  });

  test.each([
    [{ type: "SMALL", value: 7 }, "0007000000"],
    [{ type: "LARGE", value: 7 }, "0100000007"],
    [{ type: "NEITHER", value: Uint8Array.of(1, 2, 3, 4) }, "0201020304"],
    [{ type: 9, value: Uint8Array.of(1, 2, 3, 4) }, "0901020304"],
  ])("a union holds what its discriminator says: %j", (choice, hex) => {
    expect(encoded(model, "choice_details", { choice })).toBe(hex);
    expect(decoded(model, "choice_details", hex)).toStrictEqual({ choice });
  });

  test("flags are a number", () => {
    expect(decoded(model, "bits_details", "83")).toStrictEqual({ bits: 0x83 });
  });
});
