/** What a container, which may write its directory, or an earlier run has left in the plugin's way. */
import { execFileSync, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkSocket, permitSocket } from "../../src/cni/sockets.js";
import { CniLab, containerId, nothing, slave } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const permissions = { owner: undefined, group: undefined, mode: 0o666 };

test("a link in the place of a socket is not followed: the file that it leads to keeps its permissions", () => {
  const secret = join(lab.dir, "secret");
  writeFileSync(secret, "", { mode: 0o600 });
  const link = join(lab.dir, "link.sock");
  symlinkSync(secret, link);
  for (const path of [link, secret])
    expect(() => permitSocket(path, permissions)).toThrow(/something else is in its place/u);
  expect(statSync(secret).mode & 0o777).toBe(0o600);
});

test("what stands where a socket is to be linked, and is none, stays, and the error says what to do", () => {
  const [made, wanted] = [join(lab.dir, "made.sock"), join(lab.dir, "wanted.sock")];
  writeFileSync(made, "");
  symlinkSync("/nonexistent", wanted);
  expect(() => linkSocket(made, wanted)).toThrow(`${wanted}'; something else has its place: remove it`);
});

test("a socket gets the permissions of the configuration", async () => {
  const dir = mkdtempSync(join(tmpdir(), "permit-"));
  const path = join(dir, "s");
  const server = createServer();
  try {
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    permitSocket(path, permissions);
    expect(statSync(path).mode & 0o777).toBe(0o666);
  } finally {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test.each([
  ["a pipe that nobody writes", (file: string) => void execFileSync("mkfifo", [file])],
  ["a link without end", (file: string) => symlinkSync("/dev/zero", file)],
])("CHECK passes over %s in the place of the container's status", async (_what, put) => {
  const conf = lab.conf({ host: slave });
  const added = await lab.run({ command: "ADD", conf });
  put(join(lab.sharedDir, containerId.slice(0, 12), "status-net1.json"));
  const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
  expect(checked).toMatchObject({ exitCode: 0, stdout: "" });
});

test("CHECK opens nothing but a file in the place of the container's status: opening alone makes some devices act", async () => {
  const conf = lab.conf({ host: slave });
  const added = await lab.run({ command: "ADD", conf });
  const pipe = join(lab.sharedDir, containerId.slice(0, 12), "status-net1.json");
  execFileSync("mkfifo", [pipe]);
  // Waits until somebody opens the other end.
  const writer = spawn("sh", ["-c", 'echo opened > "$0"', pipe], { stdio: "ignore" });
  try {
    await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
    await sleep(200);
    expect(writer.exitCode).toBeNull();
  } finally {
    writer.kill("SIGKILL");
  }
});

test("a failure that the container tells at length is told in short, and in the log on one line", async () => {
  const logFile = join(lab.dir, "log");
  const conf = lab.conf({ host: slave, logFile, logLevel: "info" });
  const added = await lab.run({ command: "ADD", conf });
  const status = {
    version: 1,
    ifName: "net1",
    state: "failed",
    message: `no\n2026-01-01T00:00:00.000Z [1] info: ADD ends well${"x".repeat(60_000)}`,
    at: "2026-01-01T00:00:00Z",
  };
  writeFileSync(join(lab.sharedDir, containerId.slice(0, 12), "status-net1.json"), JSON.stringify(status));
  const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
  expect(checked).toMatchObject({ exitCode: 1, document: { code: 101 } });
  expect(checked.stdout.length).toBeLessThan(2000);
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(lines.at(-1)).toMatch(/CHECK .* fails: .*: no\\u000a2026/u);
});

test("a link in the place of the container's directory goes with DEL, and what it leads to stays", async () => {
  const conf = lab.conf({ host: slave });
  await lab.run({ command: "ADD", conf });
  const directory = join(lab.sharedDir, containerId.slice(0, 12));
  const elsewhere = join(lab.dir, "elsewhere");
  renameSync(directory, elsewhere);
  symlinkSync(elsewhere, directory);
  const files = readdirSync(elsewhere);
  expect(files).toContain("attachment-net1.json");
  expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
  expect(readdirSync(elsewhere)).toEqual(files);
  expect(lab.left()).toEqual(nothing);
});

test("a leftover that cannot be read goes without the record of the attachment that lives now", async () => {
  const conf = lab.conf({ host: slave });
  await lab.run({ command: "ADD", conf });
  const records = join(lab.stateDir, "attachments");
  const [record = ""] = readdirSync(records);
  const leftover = join(lab.stateDir, "leftover");
  mkdirSync(leftover, { recursive: true });
  writeFileSync(join(leftover, record), "{");
  await lab.run({ command: "ADD", conf, ifName: "net2" });
  expect(readdirSync(leftover)).toEqual([]);
  expect(readdirSync(records)).toContain(record);
});
