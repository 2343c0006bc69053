import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    "cni/index": "src/cni/index.ts",
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
