/** What stands in `examples/` is right: configurations by the plugin itself, manifests and scripts by their parsers. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { explain } from "../cni/support/explain.js";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const python = "/usr/bin/python3";
const hasYaml = spawnSync(python, ["-c", "import yaml"]).status === 0;

const files = (pattern: RegExp): readonly string[] =>
  readdirSync(examples, { recursive: true, encoding: "utf8" })
    .filter((file) => pattern.test(file) && !file.includes("node_modules"))
    .map((file) => join(examples, file))
    .concat(
      pattern.test("x.sh") ? [fileURLToPath(new URL("../../shim/userspace-shim.sh", import.meta.url))] : [],
    );

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

function parse(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("no object");
  return value;
}

const delegates = (conf: Json): readonly unknown[] =>
  (Array.isArray(conf["delegates"]) ? conf["delegates"] : [conf]).filter(
    (one: unknown) => isObject(one) && one["type"] === "userspace",
  );

describe("network configurations", () => {
  test.each(files(/\.conf$/u).filter((file) => file.includes("/cni/")))(
    "%s is taken by the plugin",
    async (file) => {
      const confs = delegates(parse(readFileSync(file, "utf8")));
      expect(confs.length).toBeGreaterThan(0);
      for (const conf of confs) expect(await explain(conf)).toMatchObject({ exitCode: 0 });
    },
  );
});

/** The JSON in the text of a guide that is a configuration of the plugin. */
const confsIn = (file: string): readonly Json[] =>
  [
    ...readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").matchAll(
      /^```json\n([\s\S]*?)^```$/gmu,
    ),
  ]
    .map(([, text = ""]) => parse(text))
    .filter(({ type }) => type === "userspace");

test.each(["README.md", "doc/cni.md"])("the configuration in %s is taken by the plugin", async (file) => {
  const confs = confsIn(file);
  expect(confs.length).toBeGreaterThan(0);
  for (const conf of confs) expect(await explain(conf)).toMatchObject({ exitCode: 0 });
});

describe.skipIf(!hasYaml)("manifests (skipped: no yaml for python3)", () => {
  const load = "import json,sys,yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";
  test.each(files(/\.ya?ml$/u))(
    "%s is YAML of Kubernetes, and its network is taken by the plugin",
    async (file) => {
      const loaded = spawnSync(python, ["-c", load], { input: readFileSync(file), encoding: "utf8" });
      expect(loaded.stderr).toBe("");
      const documents: unknown = JSON.parse(loaded.stdout);
      expect(documents).toMatchObject([
        { apiVersion: expect.any(String), kind: expect.any(String), metadata: { name: expect.any(String) } },
      ]);
      const config = /"config":\s*("(?:[^"\\]|\\.)*")/u.exec(loaded.stdout)?.[1];
      const isNetwork = basename(file).startsWith("network-");
      expect(config !== undefined).toBe(isNetwork);
      const text: unknown = config === undefined ? undefined : JSON.parse(config);
      const answer = typeof text === "string" ? await explain(parse(text)) : { exitCode: 0 };
      expect(answer).toMatchObject({ exitCode: 0 });
    },
  );
});

describe("scripts", () => {
  test.each(files(/\.sh$/u))("%s is read by a shell without complaint", (file) => {
    const checked = spawnSync("sh", ["-n", file], { encoding: "utf8" });
    expect([checked.status, checked.stderr]).toEqual([0, ""]);
  });

  const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
  test.skipIf(!hasShellcheck)("shellcheck finds nothing (skipped: no shellcheck)", () => {
    const checked = spawnSync("shellcheck", files(/\.sh$/u), { encoding: "utf8" });
    expect(checked.stdout).toBe("");
  });
});
