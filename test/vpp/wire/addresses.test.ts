import { isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader, Writer } from "../../../src/vpp/wire/index.js";

function ip6(text: string): string {
  const writer = new Writer();
  writer.ip6(writer.reserve(16), text);
  return writer.written().toString("hex");
}

function written(write: (writer: Writer) => void): string {
  const writer = new Writer();
  writer.reserve(20);
  write(writer);
  return writer.written().toString("hex");
}

function bytes(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size });
}

describe("MAC addresses", () => {
  test("any six bytes go to text and back", () => {
    fc.assert(
      fc.property(bytes(6), (mac) => {
        const text = new Reader(mac).mac(0);
        expect(text).toBe([...mac].map((byte) => byte.toString(16).padStart(2, "0")).join(":"));
        expect(written((writer) => writer.mac(0, text.toUpperCase())).slice(0, 12)).toBe(
          Buffer.from(mac).toString("hex"),
        );
      }),
    );
  });

  test.each([
    "",
    "02:fe:00:00:00",
    "02:fe:00:00:00:1",
    "02:fe:00:00:00:001",
    "02-fe-00-00-00-01",
    "02:fe:00:00:00:0g",
    "0 :fe:00:00:00:01",
    "02:fe:00:00:00:\u01310",
    "02:fe:00:00:00;01",
  ])("%j is refused", (text) => {
    expect(() => written((writer) => writer.mac(0, text))).toThrow("a MAC address such as 02:fe:00:00:00:01");
  });
});

describe("IPv4 addresses", () => {
  test("any four bytes go to text and back", () => {
    fc.assert(
      fc.property(bytes(4), (address) => {
        const text = new Reader(address).ip4(0);
        expect(text).toBe(address.join("."));
        expect(written((writer) => writer.ip4(0, text)).slice(0, 8)).toBe(
          Buffer.from(address).toString("hex"),
        );
      }),
    );
  });

  test.each([
    "",
    "10.0.0",
    "10.0.0.1.2",
    "10.0.0.256",
    "10.0.0.01",
    "10.0..1",
    " 10.0.0.1",
    "10.0.0.1/24",
    "1e1.0.0.1",
  ])("%j is refused", (text) => {
    expect(() => written((writer) => writer.ip4(0, text))).toThrow("an IPv4 address such as 10.0.0.1");
  });

  test("exactly what Node takes for an IPv4 address is taken", () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.string({ unit: fc.constantFrom(...Array.from("0123456789.")), maxLength: 16 }),
    );
    fc.assert(
      fc.property(text, (given) => {
        let taken = true;
        try {
          written((writer) => writer.ip4(0, given));
        } catch {
          taken = false;
        }
        expect(taken).toBe(isIPv4(given));
      }),
    );
  });
});

describe("IPv6 addresses", () => {
  // RFC 5952, section 4 and 5.
  test.each([
    ["20010db8000000000000000000000001", "2001:db8::1"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010000000000010000000000000001", "2001:0:0:1::1"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000000000001", "::1"],
    ["fe800000000000000000000000000000", "fe80::"],
    ["00000000000000000000ffff0a000001", "::ffff:10.0.0.1"],
    ["00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
  ])("%s is %s", (hex, text) => {
    expect(new Reader(Buffer.from(hex, "hex")).ip6(0)).toBe(text);
    expect(ip6(text)).toBe(hex);
  });

  test("any sixteen bytes go to text and back", () => {
    fc.assert(
      fc.property(bytes(16), (address) => {
        expect(ip6(new Reader(address).ip6(0))).toBe(Buffer.from(address).toString("hex"));
      }),
    );
  });

  test("exactly what Node takes for an IPv6 address without a zone is taken", () => {
    const text = fc.oneof(
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef:::..%")), maxLength: 24 }),
    );
    fc.assert(
      fc.property(text, (given) => {
        let taken = true;
        try {
          ip6(given);
        } catch {
          taken = false;
        }
        expect(taken).toBe(isIPv6(given) && !given.includes("%"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("addresses of either family", () => {
  test.each([
    ["10.0.0.1", "0a000001000000000000000000000000", 0],
    ["2001:db8::1", "20010db8000000000000000000000001", 1],
  ])("%s", (text, hex, family) => {
    const writer = new Writer();
    expect(writer.ip(writer.reserve(16), text)).toBe(family);
    expect(writer.written().toString("hex")).toBe(hex);
    expect(new Reader(writer.written()).ip(family, 0)).toBe(text);
  });

  test("a family that is none keeps its number and bytes", () => {
    expect(new Reader(Buffer.alloc(16, 0xab)).ip(7, 0)).toBe(`family 7: ${"ab".repeat(16)}`);
  });

  test.each([
    "10.0.0.1",
    "10.0.0.1/",
    "10.0.0.1/33",
    "10.0.0.1/024",
    "10.0.0.1/-1",
    "10.0.0.1/2.5",
    "::/129",
    "/24",
    "10.0.0.1/24/1",
  ])("the prefix %j is refused", (text) => {
    const writer = new Writer();
    const at = writer.reserve(17);
    expect(() => writer.prefix(at, at + 16, text)).toThrow(/^expected /);
  });

  test("a prefix has its length behind the address", () => {
    const writer = new Writer();
    const at = writer.reserve(17);
    expect(writer.prefix(at, at + 16, "10.9.8.0/24")).toBe(0);
    expect(writer.written().toString("hex")).toBe("0a09080000000000000000000000000018");
  });
});
