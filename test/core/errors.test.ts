import { describe, expect, test, vi } from "vitest";
import {
  AbortedError,
  AlreadyExistsError,
  ConflictError,
  DisconnectedError,
  IncompatibleError,
  InvalidError,
  NotFoundError,
  ProtocolError,
  RejectedError,
  TimeoutError,
  UnreachableError,
  UnsupportedError,
  isVSwitchError,
  type VSwitchError,
} from "../../src/core/errors.js";

const common = { operation: "createInterface", message: "createInterface: it went wrong" };

const errors: readonly (readonly [VSwitchError, own: object])[] = [
  [
    new InvalidError({ ...common, path: "attach.tag", expected: "an integer", got: "4096" }),
    { kind: "invalid", path: "attach.tag", expected: "an integer", got: "4096" },
  ],
  [new UnsupportedError({ ...common, feature: "memif" }), { kind: "unsupported", feature: "memif" }],
  [new NotFoundError({ ...common, object: "bridge br0" }), { kind: "not-found", object: "bridge br0" }],
  [
    new AlreadyExistsError({
      ...common,
      object: "interface net0",
      differences: [{ path: "mtu", wanted: 9000, present: 1500 }],
    }),
    {
      kind: "already-exists",
      object: "interface net0",
      differences: [{ path: "mtu", wanted: 9000, present: 1500 }],
    },
  ],
  [new ConflictError({ ...common, object: "bridge br0" }), { kind: "conflict", object: "bridge br0" }],
  [
    new RejectedError({ ...common, reason: "NO_SUCH_ENTRY", code: -7, details: "No such entry" }),
    { kind: "rejected", reason: "NO_SUCH_ENTRY", code: -7, details: "No such entry" },
  ],
  [
    new IncompatibleError({
      ...common,
      item: "memif_create",
      wanted: "crc1",
      present: "crc2",
      why: "other-layout",
    }),
    { kind: "incompatible", item: "memif_create", wanted: "crc1", present: "crc2", why: "other-layout" },
  ],
  [
    new TimeoutError({ ...common, timeoutMs: 100, outcome: "unknown" }),
    { kind: "timeout", timeoutMs: 100, outcome: "unknown" },
  ],
  [new AbortedError({ ...common, outcome: "undone" }), { kind: "aborted", outcome: "undone" }],
  [
    new UnreachableError({ ...common, address: "unix:/run/db.sock", errno: "ENOENT", hint: "start it" }),
    { kind: "unreachable", address: "unix:/run/db.sock", errno: "ENOENT", hint: "start it" },
  ],
  [new DisconnectedError({ ...common, outcome: "not-sent" }), { kind: "disconnected", outcome: "not-sent" }],
  [new ProtocolError(common), { kind: "protocol" }],
];

describe.each(errors.map(([error, own]) => [error.kind, error, own] as const))("%s", (_kind, error, own) => {
  test("is plain data for a log: what a program needs, without stack and cause", () => {
    const { operation, message } = common;
    expect(JSON.parse(JSON.stringify(error))).toEqual({ operation, message, ...own });
  });

  test("is an Error with the name of its class", () => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(error.constructor.name);
    expect(String(error)).toBe(`${error.name}: ${common.message}`);
  });

  test("is known as ours", () => {
    expect(isVSwitchError(error)).toBe(true);
  });
});

test("what was left behind is told, and only then", () => {
  const leftBehind = ["interface net0: the switch does not answer"];
  expect(
    new TimeoutError({ ...common, timeoutMs: 1, outcome: "unknown", leftBehind }).toJSON(),
  ).toMatchObject({
    leftBehind,
  });
  expect(new ProtocolError(common).leftBehind).toEqual([]);
  expect(new ProtocolError(common).toJSON()).not.toHaveProperty("leftBehind");
});

test("a message is cut where a peer made it too long for a log; what the peer said is still there in whole", () => {
  const details = "no ".repeat(1_000_000);
  const message = `createInterface: the server refused transact: ${details}`;
  const error = new RejectedError({ operation: "createInterface", reason: "syntax error", details, message });
  expect(error.message.length).toBeLessThan(17_000);
  expect(error.message).toMatch(
    /^createInterface: the server refused transact: no no .*\.\.\. \(3000046 characters\)$/u,
  );
  expect(error.details).toBe(details);
});

test("the cause is kept for a debugger", () => {
  const cause = new Error("ECONNRESET");
  expect(new DisconnectedError({ ...common, outcome: "unknown", cause }).cause).toBe(cause);
  expect(new DisconnectedError({ ...common, outcome: "unknown" })).not.toHaveProperty("cause");
});

test("an error of another copy of this package is known as ours", async () => {
  vi.resetModules();
  const copy = await import("../../src/core/errors.js");
  const theirs = new copy.NotFoundError({ ...common, object: "bridge br0" });
  expect(theirs).not.toBeInstanceOf(NotFoundError);
  expect(isVSwitchError(theirs)).toBe(true);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["text", "not-found"],
  ["any other Error", new Error("not-found")],
  ["an Error of another kind", Object.assign(new Error("x"), { kind: "ENOENT", operation: "open" })],
  ["what only looks like one", { kind: "not-found", operation: "getInterface", message: "x" }],
])("%s is not one of ours", (_title, value) => {
  expect(isVSwitchError(value)).toBe(false);
});
