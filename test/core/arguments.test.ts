import { describe, expect, test } from "vitest";
import { checkOptions, readAddresses, readBridgeName, readKeys, readRef } from "../../src/core/arguments.js";

describe("a reference to an interface", () => {
  test("is its name, or what carries its name", () => {
    expect(readRef("getInterface", "net0").unwrap()).toBe("net0");
    const made = { name: "any thing/at all", created: true };
    expect(readRef("getInterface", made).unwrap()).toBe("any thing/at all");
  });

  test("without a name there is none", () => {
    expect(readRef("getInterface", "").unwrapErr()).toMatchObject({
      path: "",
      message:
        'getInterface: ref is ""; expected the name of an interface, or an object that carries it as name',
    });
    expect(readBridgeName("deleteBridge", "").unwrapErr().message).toBe(
      'deleteBridge: name is ""; expected the name of a bridge',
    );
  });
});

describe("addresses", () => {
  test("are IPv4 or IPv6 with a prefix length, or none", () => {
    const addresses = ["0.0.0.0/0", "192.0.2.1/32", "2001:db8::1/128", "::/0"];
    expect(readAddresses("setAddresses", addresses).unwrap()).toEqual(addresses);
    expect(readAddresses("setAddresses", []).unwrap()).toEqual([]);
  });

  test.each([
    "192.0.2.1",
    "192.0.2.1/33",
    "192.0.2.1/024",
    "192.0.2.1/24/24",
    "192.0.2.1/-1",
    "192.0.2.256/24",
    "2001:db8::1/129",
    "fe80::1%eth0/64",
    "/24",
    "",
  ])("%j is none", (address) => {
    expect(readAddresses("setAddresses", ["192.0.2.1/24", address]).unwrapErr()).toMatchObject({ path: "1" });
  });

  test("stand once each", () => {
    expect(readAddresses("setAddresses", ["::1/64", "::1/64"]).unwrapErr().expected).toBe(
      "each address once",
    );
  });
});

function* keys(): Generator<string> {
  yield "a";
  yield "b";
}

describe("keys", () => {
  test.each<[string, Iterable<string>]>([
    ["a list", ["a", "b", "a"]],
    ["a set", new Set(["a", "b"])],
    [
      "a map's keys",
      new Map([
        ["a", 1],
        ["b", 2],
      ]).keys(),
    ],
    ["a generator", keys()],
  ])("come from %s", (_title, valid) => {
    expect(readKeys("collectGarbage", valid).unwrap()).toEqual(new Set(["a", "b"]));
  });

  test("do not come from a string, whose letters would be the keys and everything else garbage", () => {
    expect(readKeys("collectGarbage", "pod-1").unwrapErr().message).toBe(
      'collectGarbage: valid is "pod-1"; expected a list, set or other iterable of keys; a string is not one',
    );
  });

  test("an iterable that throws half-way gives none of them", () => {
    const cause = new Error("disk gone");
    const broken = {
      *[Symbol.iterator](): Generator<string> {
        yield "a";
        throw cause;
      },
    };
    const error = readKeys("collectGarbage", broken).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", cause });
    expect(error.message).toContain("nothing was deleted");
  });
});

describe("options", () => {
  const signal = new AbortController().signal;

  test("of every form may be absent", () => {
    for (const form of ["call", "change", "list"] as const) {
      expect(checkOptions("verb", form, undefined).isOk()).toBe(true);
      expect(checkOptions("verb", form, { signal, timeoutMs: undefined }).isOk()).toBe(true);
      expect(checkOptions("verb", form, { timeoutMs: 2_147_483_647 }).isOk()).toBe(true);
    }
  });

  test("are those of the verb", () => {
    const change = { wait: false, rollback: false };
    const list = { ownOnly: true, bridge: "br0" };
    expect(checkOptions("verb", "change", change).isOk()).toBe(true);
    expect(checkOptions("verb", "list", list).isOk()).toBe(true);
    expect(checkOptions("verb", "call", change).unwrapErr().path).toBe("wait");
    expect(checkOptions("verb", "change", list).unwrapErr().path).toBe("ownOnly");
    expect(checkOptions("verb", "list", change).unwrapErr().path).toBe("wait");
  });
});
