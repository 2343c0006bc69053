/** The plugin's file: the loader in front of the bundle, and the compiled code that it keeps. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");

let folder = "";
let plugin = "";
/** The same to the loader, of the same length, and it answers with another word. */
let other = "";
let cache = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cni-loader-"));
  const tsup = join(repository, "node_modules/.bin/tsup");
  const args = ["--config", "tsup.cni.config.ts", "--out-dir", folder, "--silent"];
  const built = spawnSync(tsup, args, { cwd: repository, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`tsup failed: ${built.stderr}${built.stdout}`);
  plugin = join(folder, "cni/userspace.cjs");
  other = join(folder, "other.cjs");
  writeFileSync(other, readFileSync(plugin, "utf8").replaceAll("supportedVersions", "otherwiseVersions"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  cache = mkdtempSync(join(folder, "cache-"));
});

/** The members of what VERSION answers. */
function version(file = plugin, directory = cache): readonly string[] {
  const { PATH = "" } = process.env;
  const env = { PATH, CNI_COMMAND: "VERSION", USERSPACE_CACHE: directory };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    env,
    encoding: "utf8",
    input: "",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const answer: unknown = JSON.parse(stdout);
  return typeof answer === "object" && answer !== null ? Object.keys(answer) : [];
}

const itself = ["cniVersion", "supportedVersions"];
const planted = ["cniVersion", "otherwiseVersions"];

/** The one file that is kept. */
function kept(): string {
  const files = readdirSync(cache);
  expect(files).toHaveLength(1);
  return join(cache, files[0] ?? "");
}

describe("the compiled code", () => {
  test("is kept, for the plugin's user alone, and runs in place of the plugin's text", () => {
    expect(version(other)).toEqual(planted);
    expect(statSync(kept()).mode & 0o777).toBe(0o600);
    // V8 does not look at the text again: this is what makes it fast, and why it must be safe.
    expect(version()).toEqual(planted);
  });

  test("is written once for a command", () => {
    version();
    const { ino } = statSync(kept());
    version();
    expect(statSync(kept()).ino).toBe(ino);
  });

  test.each<[string, (file: string) => void]>([
    ["cut off", (file) => truncateSync(file, statSync(file).size - 100)],
    ["empty", (file) => truncateSync(file)],
    ["short", (file) => truncateSync(file, 7)],
    [
      "spoiled",
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0x55, 1000, 1100);
        writeFileSync(file, bytes);
      },
    ],
    ["open to the group", (file) => chmodSync(file, 0o620)],
    ["open to everybody", (file) => chmodSync(file, 0o602)],
    [
      "behind a link",
      (file) => {
        const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
        writeFileSync(join(elsewhere, "code"), readFileSync(file), { mode: 0o600 });
        rmSync(file);
        symlinkSync(join(elsewhere, "code"), file);
      },
    ],
    [
      "a directory",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])("is not run where the file is %s", (_what, spoil) => {
    version(other);
    spoil(kept());
    expect(version()).toEqual(itself);
  });

  test("is written anew where it was spoiled", () => {
    version(other);
    truncateSync(kept(), 100);
    version();
    expect(statSync(kept()).size).toBeGreaterThan(10_000);
    expect(version()).toEqual(itself);
  });

  test.each<[string, () => void]>([
    ["may be written by the group", () => chmodSync(cache, 0o770)],
    ["may be written by everybody", () => chmodSync(cache, 0o707)],
    [
      "is in one that others may write",
      () => {
        const open = mkdtempSync(join(folder, "open-"));
        mkdirSync(join(open, "cache"), { mode: 0o700 });
        chmodSync(open, 0o777);
        cache = join(open, "cache");
      },
    ],
  ])("is neither run nor kept in a directory that %s", (_what, open) => {
    open();
    expect(version(other)).toEqual(planted);
    expect(readdirSync(cache)).toEqual([]);
    expect(version()).toEqual(itself);
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)(`is not run where it is another user's${isRoot ? "" : " (skipped: not root)"}`, () => {
    version(other);
    chownSync(kept(), 65_534, 65_534);
    expect(version()).toEqual(itself);
    rmSync(kept());
    chownSync(cache, 65_534, 65_534);
    version();
    expect(readdirSync(cache)).toEqual([]);
  });

  test("of other plugins is removed after a day, and nothing else", () => {
    const yesterday = Date.now() / 1000 - 25 * 3600;
    const names = [
      "userspace-0-v20-x64-ADD",
      "userspace-0-v20-x64-ADD.123",
      "other",
      "userspace-1-v20-x64-ADD",
    ];
    for (const name of names) {
      writeFileSync(join(cache, name), "");
      if (!name.includes("-1-")) utimesSync(join(cache, name), yesterday, yesterday);
    }
    version();
    expect(readdirSync(cache).filter((name) => names.includes(name))).toEqual([
      "other",
      "userspace-1-v20-x64-ADD",
    ]);
  });

  test.each([
    ["is not there", (): string => join(cache, "none")],
    ["is not absolute", (): string => "tmp"],
    ["is not to be", (): string => ""],
    ["is a file", (): string => plugin],
  ])("is not kept where its directory %s, and the plugin runs without", (_what, directory) => {
    expect(version(plugin, directory())).toEqual(itself);
    expect(readdirSync(cache)).toEqual([]);
    expect(existsSync(join(cache, "none"))).toBe(false);
  });

  test("of a run that failed is not kept", () => {
    const env = { PATH: process.env["PATH"] ?? "", CNI_COMMAND: "ADD", USERSPACE_CACHE: cache };
    expect(spawnSync(process.execPath, [plugin], { env, input: "{" }).status).toBe(1);
    expect(readdirSync(cache)).toEqual([]);
  });
});

test("the file is a script that needs nothing beside it", () => {
  const installed = join(folder, "userspace");
  writeFileSync(installed, readFileSync(plugin), { mode: 0o755 });
  expect(spawnSync(installed, ["--version"], { encoding: "utf8" }).stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
});
