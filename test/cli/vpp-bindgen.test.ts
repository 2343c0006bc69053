import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { main } from "../../src/cli/vpp-bindgen/main.js";
import { VppServer } from "../../src/testing/vpp/index.js";
import { apiDirectory, releases, unlessMissing } from "../vpp/schema/api-files.js";
import { TemporaryDirectory } from "../vpp/codegen/generated.js";
import { Sink, type Ran } from "../support/run-cli.js";

/** `vpp-bindgen ARGV...`, to its end. */
async function bindgen(...argv: readonly string[]): Promise<Ran> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const { signal } = new AbortController();
  const code = await main(argv, { stdout, stderr, signal });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** An API file with messages of one field each, which every one of them has in this type. */
function api(messages: Readonly<Record<string, string>>): string {
  const header = [
    ["u16", "_vl_msg_id"],
    ["u32", "client_index"],
    ["u32", "context"],
  ];
  const replyHeader = [header[0], header[2]];
  return JSON.stringify({
    messages: Object.entries(messages).flatMap(([name, type], index) => [
      [name, ...header, [type, "value"], { crc: `0x${type === "u32" ? "0" : "1"}000000${index}` }],
      [`${name}_reply`, ...replyHeader, ["i32", "retval"], { crc: `0x2000000${index}` }],
    ]),
    services: Object.fromEntries(Object.keys(messages).map((name) => [name, { reply: `${name}_reply` }])),
  });
}

/** Directories with one API file each, and a place for bindings. */
class Workplace extends TemporaryDirectory {
  readonly out = join(this.path, "out");

  api(name: string, messages: Readonly<Record<string, string>>): string {
    const directory = join(this.path, name);
    mkdirSync(directory);
    writeFileSync(join(directory, "thing.api.json"), api(messages));
    return directory;
  }
}

describe("generating", () => {
  test("writes the bindings and says what it did; a second time nothing is written", async () => {
    using at = new Workplace();
    const directory = at.api("api", { thing_add: "u32" });
    const first = await bindgen("--in", directory, "--out", at.out);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("2 messages and 0 types in 2 files");
    expect(first.stdout).toContain("2 written, 0 unchanged, 0 removed");
    expect(readdirSync(at.out)).toStrictEqual(["registry.ts", "thing.ts"]);
    expect((await bindgen("--in", directory, "--out", at.out)).stdout).toContain("0 written, 2 unchanged");
  });

  test("--check writes nothing and fails where something is missing, differs or is left over", async () => {
    using at = new Workplace();
    const before = at.api("before", { thing_add: "u32" });
    const after = at.api("after", { thing_add: "u16" });
    await bindgen("--in", before, "--out", at.out);
    expect(await bindgen("--in", before, "--out", at.out, "--check")).toStrictEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const text = readFileSync(join(at.out, "thing.ts"), "utf8");
    writeFileSync(join(at.out, "other.ts"), text);
    const stale = await bindgen("--in", after, "--out", at.out, "--check");
    expect(stale.code).toBe(1);
    expect(stale.stdout).toBe("thing.ts: differs\nother.ts: left over\n");
    expect(stale.stderr).toContain("2 files");
    expect(readFileSync(join(at.out, "thing.ts"), "utf8")).toBe(text);
  });

  test("never writes over a file that it has not made", async () => {
    using at = new Workplace();
    const directory = at.api("api", { thing_add: "u32" });
    mkdirSync(at.out);
    writeFileSync(join(at.out, "thing.ts"), "mine");
    const ran = await bindgen("--in", directory, "--out", at.out);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("was not generated");
    expect(readdirSync(at.out)).toStrictEqual(["thing.ts"]);
  });

  test.each([
    [["--out", "x"], "Missing required argument: in"],
    [["--in", "/nonexistent", "--out", "x"], "cannot read /nonexistent"],
    [["--in", "/usr/share/vpp/api", "--out", "x", "--check", "--watch"], "mutually exclusive"],
    [["--in", "x", "--out", "y", "--such-thing"], "Unknown argument"],
    [["--in", "x", "--out", "y", "--modules", "@/nonexistent"], "ENOENT"],
    [["diff", "x"], "Not enough non-option arguments"],
  ])("%j is refused", async (argv, why) => {
    const ran = await bindgen(...argv);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain(why);
  });

  test("a module that is not there is refused by name, and nothing is written", async () => {
    using at = new Workplace();
    const directory = at.api("api", { thing_add: "u32" });
    const ran = await bindgen("--in", directory, "--out", at.out, "--modules", "thing,thong");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("thong");
    expect(readdirSync(at.path)).toStrictEqual(["api"]);
  });
});

describe("diff", () => {
  test("tells other bytes from other CRCs, what is gone and what is new", async () => {
    using at = new Workplace();
    const before = at.api("before", { thing_add: "u32", thing_old: "u32", thing_same: "u32" });
    const after = at.api("after", { thing_add: "u16", thing_same: "u32", thing_add_v2: "u32" });
    const { code, stdout } = await bindgen("diff", before, after);
    expect(code).toBe(0);
    expect(stdout).toContain("Gone (2):\n  thing_old (thing)\n  thing_old_reply (thing)");
    expect(stdout).toContain(
      "Other bytes on the wire (1):\n  thing_add (thing)\n    value is u16, before u32",
    );
    expect(stdout).toContain("  thing_add: thing_add_v2");
    const source = join(at.path, "main.ts");
    writeFileSync(source, `import { ThingSame } from "./bindings/thing.js";`);
    const used = await bindgen("diff", before, after, "--used-in", source);
    expect(used.stdout).toBe(
      "Only another CRC (1):\n  thing_same (thing): 00000002 is now 00000001\n0 messages are the same in both.\n",
    );
  });
});

describe("check", () => {
  async function server(directory: string): Promise<VppServer> {
    return (await VppServer.start({ api: { directory } })).unwrap();
  }

  test.skipIf(releases.length === 0)(`a VPP that fits${unlessMissing}`, async () => {
    using at = new Workplace();
    const directory = join(apiDirectory, releases.at(-1) ?? "");
    await bindgen("--in", directory, "--out", at.out, "--modules", "memif");
    await using vpp = await server(directory);
    const ran = await bindgen("check", at.out, "--remote", vpp.remote);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/is VPP 26\.06-release with \d+ messages\.\n(\d+) of \1 messages fit\.\n$/);
    expect(vpp.clients).toStrictEqual([]);
    expect(vpp.rudeEnds).toBe(0);
  });

  test.skipIf(releases.length === 0)(`one of another release${unlessMissing}`, async () => {
    using at = new Workplace();
    const [oldest = "", newest = ""] = [releases[0], releases.at(-1)].map((name) =>
      join(apiDirectory, name ?? ""),
    );
    await bindgen("--in", newest, "--out", at.out, "--modules", "memif,gtpu");
    await using vpp = await server(oldest);
    const ran = await bindgen("check", at.out, "--remote", vpp.remote, "--api", oldest);
    expect(ran.code).toBe(1);
    // A VPP of 20.05 has memif_create, and the bindings have it too.
    expect(ran.stdout).toContain("  memif_create_v2: memif_create\n");
    expect(ran.stdout).toContain("Laid out otherwise");
    expect(ran.stdout).toMatch(
      / {2}gtpu_add_del_tunnel: the server has it as gtpu_add_del_tunnel_[0-9a-f]{8}\n/,
    );
    expect(ran.stderr).toContain("does not fit");

    const main = join(at.path, "main.ts");
    writeFileSync(main, `import { MemifCreateV2, MemifCreate } from "./bindings/memif.js";`);
    const used = await bindgen("check", at.out, "--remote", vpp.remote, "--used-in", main);
    expect(used).toMatchObject({ code: 0, stderr: "" });
    // The request and its reply, each in two versions.
    expect(used.stdout).toContain("2 of 4 messages fit.");
  });

  test.skipIf(releases.length === 0)(`one without the plugin${unlessMissing}`, async () => {
    using at = new Workplace();
    const directory = join(apiDirectory, releases.at(-1) ?? "");
    await bindgen("--in", directory, "--out", at.out, "--modules", "memif");
    const modules = ["memclnt", "vlib", "vpe", "interface"];
    await using vpp = (await VppServer.start({ api: { directory }, modules })).unwrap();
    const ran = await bindgen("check", at.out, "--remote", vpp.remote, "--json");
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      fitting: [],
      misfits: expect.arrayContaining([
        { state: "plugin-not-loaded", message: "memif_create", module: "memif" },
      ]),
    });
  });

  test("no bindings there; no VPP there", async () => {
    using at = new Workplace();
    const none = await bindgen("check", at.path);
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toContain("no messages that vpp-bindgen has generated");
    await bindgen("--in", at.api("api", { thing_add: "u32" }), "--out", at.out);
    const remote = `unix:${join(at.path, "none.sock")}`;
    const gone = await bindgen("check", at.out, "--remote", remote);
    expect(gone).toMatchObject({ code: 1, stdout: "" });
    expect(gone.stderr).toContain("no such socket");
  });
});
