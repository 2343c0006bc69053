import { availableParallelism } from "node:os";
import process from "node:process";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    // Processes, not threads: signals, process.exit and exit handlers are then what they are for users.
    pool: "forks",
    // Tests on real switches mostly wait for them, so two files at once pay off even on one core.
    maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: process.env["CI"] === undefined ? ["default"] : ["dot"],
    coverage: { include: ["src/**"] },
  },
});

export default config;
