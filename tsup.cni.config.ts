import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Options } from "tsup";
import typescript from "typescript";

type Plugin = NonNullable<Options["plugins"]>[number];

/** Puts the loader in front of the plugin, and the plugin into a comment: see src/cni/loader.ts. */
const loader: Plugin = {
  name: "loader",
  renderChunk(code) {
    const plugin = code.replace(/^#!.*\n/u, "");
    if (plugin.includes("*~/") || /[^\0-\x7f]/u.test(plugin))
      throw new Error("the plugin holds what the loader takes for something else, or text that is not ASCII");
    // Node 20 warns of it on standard error, in code that was compiled by a Script.
    if (/\bimport\(/u.test(plugin)) throw new Error("the plugin holds import(), which it could not do");
    const { outputText } = typescript.transpileModule(
      readFileSync(join(import.meta.dirname, "src/cni/loader.ts"), "utf8"),
      {
        compilerOptions: {
          module: typescript.ModuleKind.CommonJS,
          target: typescript.ScriptTarget.ES2022,
          removeComments: true,
        },
      },
    );
    const digest = createHash("sha256").update(plugin).digest("hex").slice(0, 16);
    const lines = [
      "#!/usr/bin/env node",
      `const pluginDigest = "${digest}";`,
      `const plugin = function () {/*(function(require,module,exports){${plugin.replaceAll("*/", "*~/")}})*/};`,
      outputText,
    ];
    return { code: `${lines.join("\n")}\n` };
  },
};

/** The CNI plugin: one file, because Node finds and reads one fastest, and CommonJS, because that starts fastest. */
export default defineConfig({
  entry: { "cni/userspace": "src/cni/userspace.ts" },
  format: "cjs",
  target: "node20.19",
  platform: "node",
  splitting: false,
  // Rollup's would load every module of Node at the start.
  treeshake: false,
  minifySyntax: true,
  minifyWhitespace: true,
  noExternal: [/.*/u],
  external: ["@kubernetes/client-node"],
  outExtension: () => ({ js: ".cjs" }),
  dts: false,
  plugins: [loader],
});
