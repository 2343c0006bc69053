import { expect, test } from "vitest";
import { remember } from "../../src/ovs/context.js";

test("what was seen last is remembered for ten thousand names, the latest", () => {
  const seen = new Map<string, number>();
  for (let at = 0; at < 10_000; at += 1) remember(seen, `p${at}`, at);
  remember(seen, "p0", -1);
  remember(seen, "new", 1);
  expect(seen.size).toBe(10_000);
  expect(seen.get("p0")).toBe(-1);
  expect(seen.has("p1")).toBe(false);
  expect(seen.get("new")).toBe(1);
});
