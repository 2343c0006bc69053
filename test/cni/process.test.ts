/** The executable as a runtime has it: a process for each command. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CniLab } from "./support/lab.js";
import { Plugin } from "./support/plugin.js";

let plugin: Plugin;
beforeAll(() => {
  plugin = new Plugin();
}, 120_000);
afterAll(() => plugin[Symbol.dispose]());

test("VERSION needs no configuration and loads nothing", async () => {
  using lab = new CniLab();
  const { code, stdout } = await plugin.run(lab, { command: "VERSION", conf: "" });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ supportedVersions: expect.arrayContaining(["0.1.0", "1.1.0"]) });
});

test("a switch that is down is code 11, on standard output alone", async () => {
  using lab = new CniLab();
  const host = {
    engine: "vpp",
    iftype: "memif",
    memif: { role: "slave" },
    remote: `unix:${lab.dir}/api.sock`,
  };
  const { code, stdout } = await plugin.run(lab, { command: "ADD", conf: lab.conf({ host }) });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ code: 11, cniVersion: "1.1.0" });
  expect(lab.left()).toMatchObject({ state: [], shared: [] });
});

test("without end is no configuration: what is too long is not read to its end", async () => {
  using lab = new CniLab();
  const { code, stdout } = await plugin.run(lab, { command: "ADD", conf: " ".repeat(20 * 1024 * 1024) });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ code: 5, msg: expect.stringContaining("longer than") });
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends a run that waits for its configuration",
  async (signal) => {
    using lab = new CniLab();
    const child = spawn(process.execPath, [plugin.file], { env: lab.env({ command: "ADD" }) });
    // The pipe is full until the plugin reads.
    const written = once(child.stdin, "drain");
    expect(child.stdin.write(" ".repeat(1024 * 1024))).toBe(false);
    await written;
    child.kill(signal);
    await once(child, "exit");
    expect(child.signalCode).toBe(signal);
  },
);

const python = existsSync("/usr/bin/python3");

/** Starts a program whose standard input is a pipe that does not wait, and writes to it late and in pieces. */
const lateInput = `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(r, fcntl.F_SETFL, os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[2:], stdin=r)
os.close(r)
text = sys.argv[1].encode()
for piece in (text[:9], text[9:]):
    time.sleep(0.4)
    os.write(w, piece)
os.close(w)
sys.exit(child.wait())`;

test.skipIf(!python)("a configuration that comes late, on a pipe that does not wait, is waited for", () => {
  using lab = new CniLab();
  const text = JSON.stringify(lab.conf({ host: { engine: "none" } }));
  const env = lab.env({ command: "ADD" });
  const args = ["-c", lateInput, text, process.execPath, plugin.file];
  const { stdout } = spawnSync("/usr/bin/python3", args, { env, encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ code: 7, msg: expect.stringContaining("host.engine") });
});
