import { defineConfig } from "tsup";

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
});
