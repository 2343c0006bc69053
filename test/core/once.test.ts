import { expect, test } from "vitest";
import { once } from "../../src/core/once.js";

test("who asks once more, also while it is loaded, gets the same", async () => {
  let loads = 0;
  const load = once(async () => ({ nth: ++loads }));
  const [first, second] = await Promise.all([load(), load()]);
  expect(first).toBe(second);
  expect(await load()).toBe(first);
  expect(loads).toBe(1);
});

test("a failure is the caller's, and the next one tries again", async () => {
  let loads = 0;
  const load = once(async () => {
    loads += 1;
    if (loads === 1) throw new Error("too many open files");
    return loads;
  });
  await expect(load()).rejects.toThrow("too many open files");
  expect(await load()).toBe(2);
});
