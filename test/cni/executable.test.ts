/** The plugin as a single executable, made as the guide says. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CniLab } from "./support/lab.js";

const repository = join(import.meta.dirname, "../..");
const postject = join(repository, "node_modules/.bin/postject");
const makes = existsSync(postject);

let folder = "";
let program = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cni-executable-"));
  if (!makes) return;
  const tsup = join(repository, "node_modules/.bin/tsup");
  const args = ["--config", "tsup.cni.config.ts", "--out-dir", join(folder, "dist"), "--silent"];
  const built = spawnSync(tsup, args, { cwd: repository, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`tsup failed: ${built.stderr}${built.stdout}`);
  // Where the package has it: the script finds the plugin from its own place.
  mkdirSync(join(folder, "shim"));
  const script = join(folder, "shim/single-executable.sh");
  copyFileSync(join(repository, "shim/single-executable.sh"), script);
  program = join(folder, "userspace");
  const env = { ...process.env, POSTJECT: postject };
  const made = spawnSync("sh", [script, program], { env, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`${made.stderr}${made.stdout}`);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly document: unknown;
}

/** Without Node.js in PATH. */
function run(env: Readonly<Record<string, string>>, input: string): Ran {
  const { status, stdout, stderr } = spawnSync(program, [], { env, input, encoding: "utf8" });
  expect(stderr).toBe("");
  const document: unknown = JSON.parse(stdout);
  return { status, document };
}

describe.skipIf(!makes)(`the single executable${makes ? "" : " (skipped: no postject)"}`, () => {
  test("is one file, and leaves nothing beside it", () => {
    expect(readdirSync(folder).toSorted()).toEqual(["dist", "shim", "userspace"]);
  });

  test("answers as the plugin does, and keeps compiled code", () => {
    const cache = mkdtempSync(join(folder, "cache-"));
    const env = { PATH: "/none", CNI_COMMAND: "VERSION", USERSPACE_CACHE: cache };
    for (let times = 0; times < 2; times++) {
      const { status, document } = run(env, "");
      expect(status).toBe(0);
      expect(document).toMatchObject({ supportedVersions: expect.arrayContaining(["1.1.0"]) });
    }
    expect(readdirSync(cache)).toHaveLength(1);
  });

  test("connects to a switch, and says so where none is", () => {
    using lab = new CniLab();
    const remote = `unix:${lab.dir}/api.sock`;
    const host = { engine: "vpp", iftype: "memif", memif: { role: "slave" }, remote };
    const env = { ...lab.env({ command: "ADD" }), PATH: "/none", USERSPACE_CACHE: "" };
    const { status, document } = run(env, JSON.stringify(lab.conf({ host })));
    expect(status).toBe(1);
    expect(document).toMatchObject({ code: 11 });
    expect(lab.left()).toMatchObject({ state: [], shared: [] });
  });
});
