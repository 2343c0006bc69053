import { describe, expect, test } from "vitest";
import {
  SwInterfaceAddDelAddress,
  SwInterfaceDetails,
  SwInterfaceSetFlags,
  SwInterfaceSetMtu,
} from "../../../src/vpp/bindings/interface.js";
import { BridgeDomainDetails, BridgeDomainDump } from "../../../src/vpp/bindings/l2.js";
import { MemifCreateV2 } from "../../../src/vpp/bindings/memif.js";
import {
  decodeMessage,
  encodeMessage,
  type MessageCodec,
  Reader,
  Writer,
} from "../../../src/vpp/wire/index.js";

const header = { id: 0x0102, clientIndex: 0x8000_0001, context: 7 };

/** What is said of a value that cannot be sent. */
function refusal(
  codec: MessageCodec<unknown, unknown>,
  value: unknown,
): { path: string; expected: string; got: string } {
  const { path, expected, got } = encodeMessage(codec, value, header, new Writer()).unwrapErr();
  return { path, expected, got };
}

const memif = {
  role: "MEMIF_ROLE_API_MASTER",
  mode: "MEMIF_MODE_API_ETHERNET",
  rx_queues: 1,
  tx_queues: 1,
  id: 0,
  socket_id: 1,
  ring_size: 1024,
  buffer_size: 2048,
  no_zero_copy: false,
  use_dma: false,
  hw_addr: "00:00:00:00:00:00",
  secret: "",
};

describe("a value that cannot be sent is invalid, and the error names the field", () => {
  test.each([
    [
      "a number too large",
      { ...memif, buffer_size: 65_536 },
      "buffer_size",
      "an integer from 0 to 65535",
      "65536",
    ],
    ["a number below zero", { ...memif, id: -1 }, "id", "an integer from 0 to 4294967295", "-1"],
    ["a fraction", { ...memif, id: 0.5 }, "id", "an integer from 0 to 4294967295", "0.5"],
    ["a number as text", { ...memif, id: "1" }, "id", "an integer from 0 to 4294967295", '"1"'],
    [
      "nothing",
      { ...memif, ring_size: undefined },
      "ring_size",
      "an integer from 0 to 4294967295",
      "undefined",
    ],
    ["a number for a boolean", { ...memif, use_dma: 1 }, "use_dma", "true or false", "1"],
    [
      "a name that is no member",
      { ...memif, role: "MASTER" },
      "role",
      "one of MEMIF_ROLE_API_MASTER, MEMIF_ROLE_API_SLAVE, or a number",
      '"MASTER"',
    ],
    [
      "a bad MAC address",
      { ...memif, hw_addr: "02:fe" },
      "hw_addr",
      "a MAC address such as 02:fe:00:00:00:01",
      '"02:fe"',
    ],
    [
      "a string that is too long",
      { ...memif, secret: "x".repeat(24) },
      "secret",
      "a string of at most 23 bytes",
      `"${"x".repeat(24)}"`,
    ],
    ["a NUL", { ...memif, secret: "a\0b" }, "secret", "a string without NUL", String.raw`"a\u0000b"`],
  ])("%s", (_what, value, path, expected, got) => {
    expect(refusal(MemifCreateV2, value)).toStrictEqual({ path, expected, got });
  });

  test("inside a list", () => {
    expect(refusal(SwInterfaceSetMtu, { sw_if_index: 1, mtu: [0, 0, 2 ** 32, 0] })).toMatchObject({
      path: "mtu[2]",
    });
    expect(refusal(SwInterfaceSetMtu, { sw_if_index: 1, mtu: [0, 0] })).toStrictEqual({
      path: "mtu",
      expected: "an array of 4 items",
      got: "an array of 2",
    });
  });

  test("inside a structure inside a list", () => {
    const member = { context: 0, sw_if_index: 1, shg: 0 };
    const details = {
      bd_id: 1,
      flood: true,
      uu_flood: true,
      forward: true,
      learn: true,
      arp_term: false,
      arp_ufwd: false,
      mac_age: 0,
      bd_tag: "",
      bvi_sw_if_index: 0,
      uu_fwd_sw_if_index: 0,
      sw_if_details: [member, { ...member, shg: 300 }],
    };
    expect(refusal(BridgeDomainDetails, details)).toStrictEqual({
      path: "sw_if_details[1].shg",
      expected: "an integer from 0 to 255",
      got: "300",
    });
    expect(refusal(BridgeDomainDetails, { ...details, sw_if_details: [member, undefined] }).path).toBe(
      "sw_if_details[1]",
    );
    expect(refusal(BridgeDomainDetails, { ...details, sw_if_details: [member, "port"] })).toStrictEqual({
      path: "sw_if_details[1]",
      expected: "an object with the fields of its type",
      got: '"port"',
    });
    expect(refusal(BridgeDomainDetails, Object.freeze({ ...details, mac_age: 256 })).path).toBe("mac_age");
  });

  test.each([undefined, null, 5])("the value as a whole is %j", (value) => {
    expect(refusal(SwInterfaceSetFlags, value)).toMatchObject({ path: "", got: String(value) });
  });

  test("nothing of it stays in the writer", () => {
    const writer = new Writer();
    encodeMessage(SwInterfaceSetFlags, { sw_if_index: 1, flags: 1 }, header, writer).unwrap();
    const before = writer.written().toString("hex");
    expect(encodeMessage(SwInterfaceSetFlags, { sw_if_index: 1, flags: -1 }, header, writer).isErr()).toBe(
      true,
    );
    expect(writer.written().toString("hex")).toBe(before);
  });

  test("the message says what to do", () => {
    const wrong = { sw_if_index: 5, is_add: true, del_all: false, prefix: "10.0.0.1/33" };
    const error = encodeMessage(SwInterfaceAddDelAddress, wrong, header, new Writer()).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", operation: "sw_interface_add_del_address" });
    expect(error.message).toBe(
      'sw_interface_add_del_address: prefix is "10.0.0.1/33"; give a prefix length from 0 to 32. Nothing was sent',
    );
  });
});

describe("bytes that are no such message are a protocol error", () => {
  test("cut short anywhere", () => {
    for (let size = 0; size < 295; size++) {
      const outcome = decodeMessage(SwInterfaceDetails, new Reader(Buffer.alloc(size)));
      expect(outcome.isErr()).toBe(true);
    }
  });

  test("the message says how much is there and how much is not", () => {
    const error = decodeMessage(SwInterfaceDetails, new Reader(Buffer.alloc(100))).unwrapErr();
    expect(error.kind).toBe("protocol");
    expect(error.message).toContain(
      "sw_interface_details: the message has 100 bytes left where 295 are announced",
    );
  });

  test("announcing more items than there are bytes", () => {
    const writer = new Writer();
    const none = { bd_tag: "", sw_if_details: [] };
    const flags = {
      flood: true,
      uu_flood: true,
      forward: true,
      learn: true,
      arp_term: false,
      arp_ufwd: false,
    };
    const numbers = { bd_id: 1, mac_age: 0, bvi_sw_if_index: 0, uu_fwd_sw_if_index: 0 };
    const size = encodeMessage(
      BridgeDomainDetails,
      { ...none, ...flags, ...numbers },
      header,
      writer,
    ).unwrap();
    writer.written().writeUInt32BE(0xffff_ffff, size - 4);
    expect(decodeMessage(BridgeDomainDetails, new Reader(writer.written())).unwrapErr().kind).toBe(
      "protocol",
    );
  });

  test("a longer message is read; its tail may be of a newer VPP", () => {
    const writer = new Writer();
    encodeMessage(SwInterfaceSetFlags, { sw_if_index: 1, flags: 1 }, header, writer).unwrap();
    writer.reserve(10);
    expect(decodeMessage(SwInterfaceSetFlags, new Reader(writer.written())).unwrap()).toStrictEqual({
      sw_if_index: 1,
      flags: 1,
    });
  });
});

describe("defaults", () => {
  // VPP answers nothing at all to a bridge_domain_dump of zeros (src/vnet/l2/l2_api.c).
  test("are sent for fields that are left out", () => {
    const writer = new Writer();
    encodeMessage(BridgeDomainDump, {}, header, writer).unwrap();
    expect(writer.written().toString("hex")).toBe("01028000000100000007ffffffffffffffff");
  });

  test("are not sent for fields that are given", () => {
    const writer = new Writer();
    encodeMessage(BridgeDomainDump, { bd_id: 4, sw_if_index: undefined }, header, writer).unwrap();
    expect(writer.written().toString("hex")).toBe("0102800000010000000700000004ffffffff");
  });
});
