import { availableParallelism } from "node:os";
import process from "node:process";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    // Processes, not threads: signals, process.exit and exit handlers are then what they are for users.
    pool: "forks",
    // Tests on real switches mostly wait for them, so two files a core pay off.
    maxWorkers: Math.min(8, 2 * availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for may take a reconnect, which pauses for a second, on a machine with other work.
    expect: { poll: { timeout: 15_000 } },
    reporters: process.env["CI"] === undefined ? ["default"] : ["dot"],
    coverage: { include: ["src/**"] },
  },
});

export default config;
