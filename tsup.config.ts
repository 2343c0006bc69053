import { defineConfig } from "tsup";

const library = defineConfig({
  entry: {
    index: "src/index.ts",
    "container/index": "src/container/index.ts",
    "ovsdb/index": "src/ovsdb/index.ts",
    "ovsdb/codegen/index": "src/ovsdb/codegen/index.ts",
    "service/index": "src/service/index.ts",
    "testing/index": "src/testing/index.ts",
    "vpp/index": "src/vpp/index.ts",
    "vpp/codegen/index": "src/vpp/codegen/index.ts",
    "vpp/wire/index": "src/vpp/wire/index.ts",
    "cli/ovsdb-bindgen": "src/cli/ovsdb-bindgen.ts",
    "cli/usrsp-app": "src/cli/usrsp-app.ts",
    "cli/vpp-bindgen": "src/cli/vpp-bindgen.ts",
    "cli/vswitch": "src/cli/vswitch.ts",
  },
  format: "esm",
  target: "node20.19",
  platform: "node",
  splitting: true,
  treeshake: true,
  clean: true,
  // Declarations come from tsc: one .d.ts a module, with stable names.
  dts: false,
});

/** The CNI plugin: one file, because Node finds and reads one fastest, and CommonJS, because that starts fastest. */
const plugin = defineConfig({
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

export default [library, plugin];
