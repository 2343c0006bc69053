/** What a container, which may write its directory, or an earlier run has left in the plugin's way. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { permitSocket } from "../../src/cni/sockets.js";
import { CniLab, containerId } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const slave = {
  engine: "vpp",
  iftype: "memif",
  netType: "bridge",
  memif: { role: "slave" },
  bridge: { bridgeId: 4 },
};
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
