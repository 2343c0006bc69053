import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { InvalidError } from "../../src/core/errors.js";
import { interfaceSpecSchema } from "../../src/core/specs.js";
import { printed, validate } from "../../src/core/validate.js";

const refused = (schema: v.GenericSchema, input: unknown): InvalidError =>
  validate("verb", "spec", schema, input).unwrapErr();

describe("a value in a message", () => {
  test.each<[unknown, string]>([
    [undefined, "nothing"],
    [null, "null"],
    ["a\nb", String.raw`"a\nb"`],
    [Number.NaN, "NaN"],
    [-0.5, "-0.5"],
    [10n, "10n"],
    [Symbol("s"), "a symbol"],
    [() => 1, "a function"],
    [[1, "a"], '[1,"a"]'],
    [{ a: { secret: "hunter2" } }, '{"a":{"secret":"(not shown)"}}'],
    [Buffer.from("a private key"), "13 bytes"],
    [{ key: Buffer.from("a private key") }, '{"key":"(13 bytes)"}'],
    [{ key: "-----BEGIN PRIVATE KEY-----" }, '{"key":"(not shown)"}'],
    ["\u202Etxt\u2028\u0085", String.raw`"\u202etxt\u2028\u0085"`],
  ])("%o is printed as %s", (value, text) => {
    expect(printed(value)).toBe(text);
  });

  test("a long one is cut, one that cannot be printed is named", () => {
    const round: Record<string, unknown> = {};
    round["self"] = round;
    expect(printed("x".repeat(1000))).toBe(`"${"x".repeat(76)}...`);
    expect(printed(round)).toBe("a value that cannot be printed");
  });

  test("it is always one short line", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const text = printed(value);
        expect(text.length).toBeLessThanOrEqual(80);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("a refusal", () => {
  const schema = v.strictObject({
    size: v.number(),
    list: v.optional(v.array(v.string())),
    inner: v.optional(v.strictObject({ flag: v.boolean() })),
    secret: v.optional(v.pipe(v.string(), v.maxBytes(4, "at most 4 bytes"))),
    choice: v.optional(v.picklist(["one", "two"])),
  });

  test.each<[unknown, path: string, message: string]>([
    [5, "", "verb: spec is 5; expected an object"],
    [{}, "size", "verb: spec: size is nothing; expected a value: it is required"],
    [{ size: "5" }, "size", 'verb: spec: size is "5"; expected a number'],
    [{ size: 1, list: 5 }, "list", "verb: spec: list is 5; expected a list"],
    [{ size: 1, list: ["a", 5] }, "list.1", "verb: spec: list.1 is 5; expected a string"],
    [{ size: 1, inner: "x" }, "inner", 'verb: spec: inner is "x"; expected an object'],
    [
      { size: 1, inner: {} },
      "inner.flag",
      "verb: spec: inner.flag is nothing; expected a value: it is required",
    ],
    [{ size: 1, inner: { flag: 0 } }, "inner.flag", "verb: spec: inner.flag is 0; expected true or false"],
    [
      { size: 1, sise: 2 },
      "sise",
      "verb: spec: sise is an unknown key; expected no such key: leave it out, or correct its spelling",
    ],
    [{ size: 1, choice: "three" }, "choice", 'verb: spec: choice is "three"; expected "one" or "two"'],
    [
      { size: 1, secret: "hunter2" },
      "secret",
      "verb: spec: secret is a value that is not shown; expected at most 4 bytes",
    ],
  ])("%j names the first thing that is wrong", (input, path, message) => {
    const error = refused(schema, input);
    expect(error).toMatchObject({ kind: "invalid", operation: "verb", path, message });
    expect(message).toContain(error.expected);
    expect(message).toContain(error.got);
  });

  test("a key cannot break the line", () => {
    expect(refused(schema, { size: 1, "a\nb": 1 })).toMatchObject({
      path: "a\nb",
      message: String.raw`verb: spec: a\u000ab is an unknown key; expected no such key: leave it out, or correct its spelling`,
    });
  });

  test("what is right is given back", () => {
    const input = { size: 1, list: ["a"], inner: { flag: true } };
    expect(validate("verb", "spec", schema, input).unwrap()).toEqual(input);
  });

  test("no input whatever makes it throw", () => {
    const junk = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const nearlySpec = fc.record(
      {
        type: fc.constantFrom("memif", "tap", "vxlan", "dpdk"),
        name: junk,
        attach: junk,
        externalIds: junk,
        mtu: junk,
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.oneof(junk, nearlySpec), (input) => {
        const result = validate("createInterface", "spec", interfaceSpecSchema, input);
        const message = result.isErr() ? result.error.message : "createInterface: spec is right; expected so";
        expect(message).toMatch(/^createInterface: spec.* is .*; expected .+$/u);
      }),
    );
  });
});
