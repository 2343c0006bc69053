import { expect, test } from "vitest";
import { connect } from "../src/index.js";

test.each([
  ["null", null],
  ["a text", "unix:/run/openvswitch/db.sock"],
])("options that are %s are refused, and nothing is thrown", async (_what, options: unknown) => {
  const attempt: unknown = await Reflect.apply(connect, undefined, [options]);
  expect(attempt).toMatchObject({ error: { kind: "invalid", operation: "connect" } });
});
