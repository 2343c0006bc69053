import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runVswitch, spawnVswitch, vswitchArgs } from "../support/run-cli.js";

// Each process is a Node of its own: seconds, on a machine that has much else to do.
vi.setConfig({ testTimeout: 60_000 });

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vswitch-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("vswitch as a process", () => {
  test("ends by itself when the work is done", async () => {
    expect(await runVswitch(["--engine", "memory", "create", "tap", "t0"])).toEqual({
      code: 0,
      stdout: "created tap t0, isolated\n",
      stderr: "",
    });
  });

  test("without a switch says where it looked and what to do", async () => {
    const ran = await runVswitch(["list", "--engine", "ovs"], { OVS_RUNDIR: folder });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^vswitch: connect.*: cannot connect to unix:/u);
    expect(ran.stderr).toContain(`${folder}/db.sock`);
    expect(ran.stderr).toContain("no such socket: is ovsdb-server running");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("a watch ends at %s with exit code %i", async (signal, code) => {
    const child = spawnVswitch(["--engine", "memory", "watch"]);
    const errors = text(child.stderr);
    await once(child.stdout, "data");
    child.kill(signal);
    await once(child, "close");
    expect({ code: child.exitCode, signal: child.signalCode, errors: await errors }).toEqual({
      code,
      signal: null,
      errors: "",
    });
  });

  test("ends quietly when nobody reads", async () => {
    const child = spawnVswitch(["--engine", "memory", "watch", "--json"]);
    const errors = text(child.stderr);
    child.stdout.destroy();
    await once(child, "close");
    expect({ code: child.exitCode, errors: await errors }).toEqual({ code: 0, errors: "" });
  });
});

test("the completion script completes in bash", () => {
  const quoted = [process.execPath, ...vswitchArgs].map((word) => `'${word}'`).join(" ");
  const command = join(folder, "vswitch");
  writeFileSync(command, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(command, 0o755);
  const completed = execFileSync(
    "bash",
    [
      "--norc",
      "-c",
      'source <(vswitch completion); COMP_WORDS=(vswitch create vh); COMP_CWORD=2; _vswitch_yargs_completions; echo "${COMPREPLY[@]}"',
    ],
    {
      env: { PATH: `${folder}:${process.env["PATH"]}`, SHELL: "/bin/bash" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  expect(completed).toBe("vhost-user\n");
});
