import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/ovsdb-bindgen/main.js";
import { startOvsdbServer } from "../support/openvswitch.js";
import { labJson } from "../ovsdb/lab.js";

const root = mkdtempSync(join(tmpdir(), "ovsdb-bindgen-"));
afterAll(() => rmSync(root, { recursive: true }));

let runs = 0;
let schema = "";
let out = "";
beforeEach(() => {
  runs += 1;
  schema = join(root, `${runs}.ovsschema`);
  out = join(root, `${runs}.ts`);
  writeFileSync(schema, JSON.stringify(labJson));
});

async function run(...argv: readonly string[]) {
  const said = { code: 0, out: "", err: "" };
  const into = (name: "out" | "err"): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        said[name] += chunk.toString();
        done();
      },
    });
  const signal = new AbortController().signal;
  const code = await main(argv, { stdout: into("out"), stderr: into("err"), signal });
  return { ...said, code };
}

describe("ovsdb-bindgen", () => {
  it("writes the types of a schema file, and says what", async () => {
    const { code, out: said, err } = await run("--schema", schema, "--out", out);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(said).toMatch(/^Lab 1\.0\.0: 3 tables, 15 columns, \d kB\n.*\.ts: written\n$/u);
    const text = readFileSync(out, "utf8");
    expect(text).toContain('from "vswitch-drivers/ovsdb";');
    expect(text).toContain("export type LabDatabase = {");
    expect(text).toContain("export const labSchema: ExpectedSchema<LabDatabase>");
  });

  it("keeps every digit of a bound, as the server does", async () => {
    const type =
      '{"key": {"type": "integer", "minInteger": -9223372036854775807, "maxInteger": 9223372036854775806}}';
    writeFileSync(schema, `{"name": "Db", "tables": {"T": {"columns": {"n": {"type": ${type}}}}}}`);
    expect(await run("--schema", schema, "--out", out)).toMatchObject({ code: 0, err: "" });
    expect(readFileSync(out, "utf8")).toMatch(/-9223372036854775807n[^]*9223372036854775806n/u);
  });

  it("leaves a file that is right already alone", async () => {
    await run("--schema", schema, "--out", out);
    expect((await run("--schema", schema, "--out", out)).out).toMatch(/unchanged\n$/u);
  });

  it("writes the same from a server that is running", async () => {
    await run("--schema", schema, "--out", out);
    const server = await startOvsdbServer({ schema: labJson });
    try {
      const live = ["--remote", server.remote, "--db", "Lab", "--out", out];
      expect(await run(...live, "--check")).toMatchObject({ code: 0, out: `${out}: up to date\n` });
      const absent = await run("--remote", server.remote, "--db", "Other", "--out", out);
      expect(absent).toMatchObject({ code: 1, out: "" });
      expect(absent.err).toContain("the server has no database Other; it has Lab");
    } finally {
      await server.stop();
    }
  });

  it("checks a file, and writes nothing", async () => {
    expect(await run("--schema", schema, "--out", out, "--check")).toMatchObject({
      code: 1,
      out: `${out}: missing; generate it again\n`,
    });
    await run("--schema", schema, "--out", out);
    expect(await run("--schema", schema, "--out", out, "--check")).toMatchObject({ code: 0 });
    const differs = await run("--schema", schema, "--out", out, "--integers", "bigint", "--check");
    expect(differs).toMatchObject({ code: 1, out: `${out}: differs; generate it again\n` });
    expect(readFileSync(out, "utf8")).toContain("readonly k: Integer;");
  });

  it("does not write over what it did not write", async () => {
    writeFileSync(out, "mine\n");
    const { code, err } = await run("--schema", schema, "--out", out);
    expect(code).toBe(1);
    expect(err).toContain("is there and was not generated");
    expect(readFileSync(out, "utf8")).toBe("mine\n");
  });

  it.each([
    [["--out", "x.ts"], "give either --schema, or --remote and --db"],
    [["--out", "x.ts", "--remote", "unix:x"], "give either --schema, or --remote and --db"],
    [["--out", "x.ts", "--db", "Lab"], "give either --schema, or --remote and --db"],
    [["--out", "x.ts", "--schema", "x", "--db", "Lab"], "give either --schema, or --remote and --db"],
    [["--out", "x.ts", "--remote", "x", "--db", "Lab"], 'readSchema: the remote "x" cannot be used'],
    [["--schema", "x"], "Missing required argument: out"],
    [["--schema", "/nonexistent/x", "--out", "x.ts"], "/nonexistent/x cannot be used"],
    [["--schema", "x", "--out", "x.ts", "--frob"], "unknown argument: frob"],
  ])("says what is wrong with %j", async (argv, words) => {
    const { code, out: said, err } = await run(...argv);
    expect({ code, said }).toEqual({ code: 1, said: "" });
    expect(err).toMatch(/^ovsdb-bindgen: [^\n]+\n$/u);
    expect(err.toLowerCase()).toContain(words.toLowerCase());
  });

  it.each([
    ["--help", /^Writes the types of an OVSDB database's rows/u],
    ["-h", /--schema +schema file/u],
    ["--version", /^ovsdb-bindgen \d+\.\d+\.\d+\n$/u],
  ])("takes %s by itself", async (option, said) => {
    expect(await run(option)).toMatchObject({ code: 0, err: "", out: expect.stringMatching(said) });
  });

  it.each([
    ["--database-type", "a b"],
    ["--database-type", "ItemRow"],
    ["--schema-constant", "LabDatabase"],
    ["--schema-constant", "x; evil()"],
  ])("takes no name that cannot be: %s %s", async (option, name) => {
    const { code, err } = await run("--schema", schema, "--out", out, option, name);
    expect(code).toBe(1);
    expect(err).toContain("expected a name");
  });

  it("says where a schema is none", async () => {
    writeFileSync(schema, '{"name": "Db", "tables": {"T": {"columns": {"a b": {"type": "string"}}}}}');
    const { code, err } = await run("--schema", schema, "--out", out);
    expect(code).toBe(1);
    expect(err).toContain('tables.T.columns.a b is "a b"; expected a name');
    writeFileSync(schema, "{");
    expect((await run("--schema", schema, "--out", out)).err).toContain("expected JSON");
  });
});
