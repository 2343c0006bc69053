import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CniLab, containerId, nothing, slave } from "./support/lab.js";

const hostLocal = existsSync("/usr/lib/cni/host-local");
const note = hostLocal ? "" : " (skipped: no /usr/lib/cni/host-local)";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const short = containerId.slice(0, 12);

describe.skipIf(!hostLocal)(`ADD and DEL with host-local${note}`, () => {
  test("make the interface on its bridge with an address, and take everything away", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    const added = await lab.run({ command: "ADD", conf });
    const socket = join(lab.sharedDir, short, `memif-${short}-net1.sock`);
    expect(added).toMatchObject({ exitCode: 0, stderr: "" });
    expect(added.document).toEqual({
      cniVersion: "1.1.0",
      interfaces: [{ name: "net1", sandbox: "/proc/self/ns/net", socketPath: socket }],
      ips: [{ address: "10.56.217.2/24", gateway: "10.56.217.1", interface: 0 }],
      dns: {},
    });
    expect(lab.memory.interfaces()).toMatchObject([
      { name: `${short}-net1`, type: "memif", bridge: "4", socket, mark: { owner: "cni" } },
    ]);
    expect(lab.addresses()).toEqual(["10.56.217.2"]);
    const deleted = await lab.run({ command: "DEL", conf });
    expect(deleted).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    expect(lab.left()).toEqual(nothing);
  });

  test("DEL twice, and of what never was, succeeds", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    await lab.run({ command: "ADD", conf });
    for (let nth = 0; nth < 3; nth += 1)
      expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(lab.left()).toEqual(nothing);
  });

  test("DEL of net1 leaves net10, and the container's other things, alone", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    for (const ifName of ["net1", "net10"]) {
      await lab.run({ command: "ADD", conf, ifName });
      await listen(join(lab.sharedDir, short, `memif-${short}-${ifName}.sock`));
    }
    await lab.run({ command: "DEL", conf, ifName: "net1" });
    expect(lab.memory.interfaces().map(({ name }) => name)).toEqual([`${short}-net10`]);
    expect(lab.tree(lab.sharedDir)).toEqual([
      join(short, "addData-net10.json"),
      join(short, "attachment-net10.json"),
      join(short, `configData-${short}-net10.json`),
      join(short, `memif-${short}-net10.sock`),
      join(short, "remote-net10.json"),
    ]);
    expect(lab.addresses()).toEqual(["10.56.217.3"]);
  });

  test("of two containers whose ids begin alike the second is refused a directory that is the first one's", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    const [first, second] = ["cnitool-7d3caaaaaaaa", "cnitool-7d3cbbbbbbbb"] as const;
    expect(await lab.run({ command: "ADD", conf, containerId: first })).toMatchObject({ exitCode: 0 });
    const before = lab.tree(lab.sharedDir);
    const refused = await lab.run({ command: "ADD", conf, containerId: second });
    expect(refused.exitCode).toBe(1);
    expect(JSON.stringify(refused)).toContain(`belongs to net1 of container ${first}`);
    await lab.run({ command: "DEL", conf, containerId: second });
    expect(lab.tree(lab.sharedDir)).toEqual(before);
    expect(lab.memory.interfaces()).toHaveLength(1);
    await lab.run({ command: "DEL", conf, containerId: first });
    expect(lab.left()).toEqual(nothing);
  });

  test("ADD again gives the same answer, and makes anew what the switch has lost", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    const first = await lab.run({ command: "ADD", conf });
    lab.memory.removeInterface(`${short}-net1`);
    expect(await lab.run({ command: "ADD", conf })).toEqual(first);
    expect(lab.memory.interfaces()).toHaveLength(1);
    expect(lab.addresses()).toHaveLength(1);
  });

  test("ADD again with another configuration is refused and changes nothing", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    await lab.run({ command: "ADD", conf });
    const other = { ...conf, host: { ...slave, bridge: { bridgeId: 5 } } };
    const again = await lab.run({ command: "ADD", conf: other });
    expect(again.document).toMatchObject({ code: 100, msg: expect.stringContaining("DEL comes first") });
    expect(lab.memory.interfaces()).toMatchObject([{ bridge: "4" }]);
  });

  test("DEL works from the marks when the state directory is lost", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    await lab.run({ command: "ADD", conf });
    const elsewhere = { ...conf, stateDir: join(lab.dir, "other") };
    expect(await lab.run({ command: "DEL", conf: elsewhere })).toMatchObject({ exitCode: 0 });
    expect(lab.memory.interfaces()).toEqual([]);
    expect(lab.addresses()).toEqual([]);
  });

  test("a corrupt record stops neither ADD nor DEL", async () => {
    const conf = lab.conf({ host: slave, ipam: lab.ipam() });
    await lab.run({ command: "ADD", conf });
    const [record = ""] = lab.tree(lab.stateDir);
    writeFileSync(join(lab.stateDir, record), '{"version":1,');
    expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
    writeFileSync(join(lab.stateDir, record), "\0");
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
    expect(lab.left()).toEqual(nothing);
  });
});

describe("what leads out of its directory", () => {
  test("a container's directory that is a symbolic link is refused", async () => {
    mkdirSync(lab.sharedDir);
    mkdirSync(join(lab.dir, "elsewhere"));
    symlinkSync(join(lab.dir, "elsewhere"), join(lab.sharedDir, short));
    const added = await lab.run({ command: "ADD", conf: lab.conf({ host: slave }) });
    expect(added.document).toMatchObject({ code: 7, msg: expect.stringContaining("leads out of") });
    expect(lab.memory.interfaces()).toEqual([]);
    expect(lab.tree(join(lab.dir, "elsewhere"))).toEqual([]);
  });

  test.each(["../x", "a/b", "..", "/etc/passwd"])("socketfile %s is refused", async (socketfile) => {
    const host = { ...slave, memif: { role: "slave", socketfile } };
    const added = await lab.run({ command: "ADD", conf: lab.conf({ host }) });
    expect(added.document).toMatchObject({ code: 7, msg: expect.stringContaining("host.memif.socketfile") });
    expect(lab.left()).toEqual(nothing);
  });
});

test("the container's data has the other role, and the address", async () => {
  const conf = lab.conf({ host: slave, runtimeConfig: { mac: "02:00:00:00:00:0A" } });
  await lab.run({ command: "ADD", conf });
  const file = join(lab.sharedDir, short, "attachment-net1.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    version: 1,
    engine: "vpp",
    netType: "interface",
    interface: { type: "memif", role: "master", mode: "ethernet", mac: "02:00:00:00:00:0a" },
  });
});

/** A socket that a peer made. It goes when the test's process does. */
async function listen(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
}
