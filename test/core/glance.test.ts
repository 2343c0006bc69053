import * as fc from "fast-check";
import { expect, test } from "vitest";
import { plainSpec } from "../../src/core/glance.js";
import { interfaceSpecSchema } from "../../src/core/specs.js";
import { validate } from "../../src/core/validate.js";

const byHand = (value: object): unknown =>
  validate("createInterface", "spec", interfaceSpecSchema, value).unwrap();

const odd = fc.oneof(
  fc.string(),
  fc.constantFrom("", ".", "..", "/", "a/", "/a/../b", "/a//b", "/a/.b", "ü", "a\n", "/a\n", "a".repeat(64)),
  fc.constantFrom(`/${"s".repeat(106)}`, `/${"s".repeat(107)}`, "k".repeat(256)),
  fc.constantFrom<unknown>(undefined, null, 0, 0.5, 4095, 4096, -1, true, []),
);
const nearly = (pattern: RegExp): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 19, arbitrary: fc.stringMatching(pattern) }, { weight: 1, arbitrary: odd });
const rarely = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const attach = fc.record({
  bridge: nearly(/^[\w.:-]{1,64}$/),
  tag: fc.oneof(fc.integer({ min: -1, max: 4096 }), fc.constant(undefined)),
  createBridge: fc.oneof(fc.boolean(), rarely(odd)),
  trunks: rarely(odd),
});
const whole = fc.record({
  type: fc.oneof({ weight: 19, arbitrary: fc.constant("vhost-user") }, { weight: 1, arbitrary: odd }),
  name: nearly(/^[\w.:-]{1,64}$/),
  mode: fc.oneof({ weight: 19, arbitrary: fc.constant("client") }, { weight: 1, arbitrary: odd }),
  socket: nearly(/^\/(\w[\w.:@-]{0,7}\/){0,11}[\w.:@/-]{1,9}$/),
  key: fc.oneof(nearly(/^[\w.:/-]{1,256}$/), fc.constant(undefined)),
  attach: fc.oneof({ weight: 19, arbitrary: attach }, { weight: 1, arbitrary: odd }),
  mtu: rarely(fc.oneof(fc.constant(1500), odd)),
});
/** What is undefined is not there. */
const withoutAbsent = (value: object): object =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]: [string, unknown]) => [
        key,
        key === "attach" && typeof member === "object" && member !== null && !Array.isArray(member)
          ? withoutAbsent(member)
          : member,
      ]),
  );
const spec = whole.map(withoutAbsent);

test("what is right at a glance is what the schema says is right, and the same", () => {
  let seen = 0;
  fc.assert(
    fc.property(spec, (given) => {
      const glanced = plainSpec(given);
      if (glanced === undefined) return;
      seen += 1;
      expect(glanced).toEqual(byHand(given));
      expect(glanced).not.toBe(given);
    }),
    { numRuns: 3000 },
  );
  expect(seen).toBeGreaterThan(100);
});

test("a client in the plainest words is right at a glance, and nothing that inherits or hides something", () => {
  const given = {
    type: "vhost-user",
    name: "v0",
    mode: "client",
    socket: "/run/v0.sock",
    attach: { bridge: "br0" },
  };
  expect(plainSpec(given)).toEqual(given);
  expect(plainSpec({ ...given, attach: { bridge: "br0", tag: 7, createBridge: false } })).toBeDefined();
  expect(plainSpec({ ...given, mac: "02:00:00:00:00:01" })).toBeUndefined();
  expect(plainSpec(Object.create(given))).toBeUndefined();
  expect(plainSpec({ ...given, ["__proto__"]: {} })).toBeUndefined();
  expect(plainSpec(null)).toBeUndefined();
});
