/** All of a release's API as generated code: the compiler, the linter and the formatter have nothing to say about it. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

import { generateBindings } from "../../../src/vpp/codegen/index.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";
import { generate, repository, TemporaryDirectory, writeFiles } from "./generated.js";

/** What generated code imports where nothing else is asked for. */
const runtime = "vswitch-drivers/vpp/wire";

const newest = releases.at(-1) ?? "";

/** Runs a tool of this project on a directory; what it says when it is not content. */
async function complaints(tool: string, args: readonly string[], directory: string): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, [join(repository, "node_modules", tool), ...args], {
      cwd: directory,
      maxBuffer: 1 << 26,
    });
    return "";
  } catch (error) {
    if (!(error instanceof Error && "stdout" in error)) throw error;
    return String(error.stdout).slice(0, 4000) || error.message;
  }
}

/** What a strict project of today has. */
function writeConfiguration(directory: string): void {
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable"],
    module: "NodeNext",
    types: ["node"],
    typeRoots: [join(repository, "node_modules/@types")],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    paths: { [runtime]: [join(repository, "src/vpp/wire/index.ts")] },
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
}

describe.skipIf(releases.length === 0)(`the whole API of VPP ${newest}${unlessMissing}`, () => {
  test("compiles under strict settings, is lint-free and formatted", async () => {
    using directory = new TemporaryDirectory();
    writeFiles(directory.path, generate([newest], { runtime }));
    writeConfiguration(directory.path);
    const config = join(repository, ".oxlintrc.json");
    expect(await complaints("typescript/bin/tsc", ["-p", "."], directory.path)).toBe("");
    const lint = ["--config", config, "--type-aware", "--deny-warnings", "."];
    expect(await complaints("oxlint/bin/oxlint", lint, directory.path)).toBe("");
    const format = ["--no-config", "--check", "*.ts"];
    expect(await complaints("prettier/bin/prettier.cjs", format, directory.path)).toBe("");
  }, 300_000);

  test("is the same to the byte whatever the order of the releases given", () => {
    const inputs = releases.map((release) => ({ release, model: modelOf(release) }));
    const one = generateBindings(inputs).unwrap();
    const other = generateBindings(inputs.toReversed()).unwrap();
    expect(other).toStrictEqual(one);
  });

  test("without leave has nothing in it that passes addresses of VPP's memory", () => {
    const { files, report } = generateBindings([{ release: newest, model: modelOf(newest) }]).unwrap();
    const text = [...files.values()].join("");
    for (const name of ["rpc_call", "cli", "get_node_graph", "sock_init_shm"]) {
      expect(text).not.toContain(`name: "${name}"`);
      expect(report.skipped.map(({ item }) => item)).toContain(`message ${name}`);
    }
  });
});
