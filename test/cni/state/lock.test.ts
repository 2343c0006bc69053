import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anyLocked, lock, tryLock } from "../../../src/cni/state/lock.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const soon = (): number => Date.now() + 60_000;
const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "");

/** A claim as a run in another pid namespace leaves it, whose processes cannot be looked at. */
function strangersClaim(key: string, endsAt: number): string {
  const name = [key, boot, "1", "4242", "17", endsAt, "abcdef"].join(",");
  writeFileSync(join(directory, name), "");
  return name;
}

test("one has it, until it gives it back", () => {
  const first = tryLock(directory, "k", soon());
  expect(first).toBeDefined();
  expect(tryLock(directory, "k", soon())).toBeUndefined();
  expect(tryLock(directory, "other", soon())).toBeDefined();
  first?.[Symbol.dispose]();
  expect(tryLock(directory, "k", soon())).toBeDefined();
});

test("a claim from another pid namespace holds as long as its run may take, and no longer", () => {
  const living = strangersClaim("k", soon());
  expect(tryLock(directory, "k", soon())).toBeUndefined();
  expect(anyLocked(directory)).toBe(true);
  rmSync(join(directory, living));
  const dead = strangersClaim("k", Date.now() - 60_000);
  expect(anyLocked(directory)).toBe(false);
  expect(readdirSync(directory)).not.toContain(dead);
  expect(tryLock(directory, "k", soon())).toBeDefined();
});

test("a claim of an earlier boot, and of a process that is no more, holds nobody up", () => {
  const start = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19] ?? "";
  for (const [from, begun] of [
    ["0".repeat(32), start],
    [boot, "1"],
  ] as const)
    writeFileSync(join(directory, ["k", from, "1", String(process.pid), begun, 0, "ab"].join(",")), "");
  expect(tryLock(directory, "k", soon())).toBeDefined();
});

test("a try that fails leaves no claim", () => {
  const stuck = ["k", "another-boot", "1", "1", "1", "0", "abcdef"].join(",");
  mkdirSync(join(directory, stuck));
  expect(() => tryLock(directory, "k", soon())).toThrow(/cannot lock k/u);
  expect(readdirSync(directory)).toEqual([stuck]);
});

test("who waits gives up when its signal fires, and its claim goes", async () => {
  using _held = tryLock(directory, "k", soon());
  const waits = lock(directory, "k", { signal: AbortSignal.timeout(50), endsAt: soon() });
  await expect(waits).rejects.toMatchObject({ code: 11, message: expect.stringContaining("try again") });
  expect(readdirSync(directory)).toHaveLength(1);
});
