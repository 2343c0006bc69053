/** The executable as a runtime has it: a process for each command, many at once, some of them killed. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availableFlavours, startOpenVSwitch } from "../support/openvswitch.js";
import { CniLab, containerId } from "./support/lab.js";

const { dpdk } = availableFlavours();
const hostLocal = existsSync("/usr/lib/cni/host-local");
const repository = join(import.meta.dirname, "../..");

let folder = "";
let plugin = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cni-bin-"));
  const tsup = join(repository, "node_modules/.bin/tsup");
  const built = spawnSync(tsup, ["--config", "tsup.cni.config.ts", "--out-dir", folder, "--silent"], {
    cwd: repository,
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`tsup failed: ${built.stderr}${built.stdout}`);
  plugin = join(folder, "cni/userspace.cjs");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

function start(lab: CniLab, command: string, conf: unknown, id: string): ChildProcess {
  const env = lab.env({ command, containerId: id });
  const child = spawn(process.execPath, [plugin], { env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin?.on("error", () => {});
  child.stdin?.end(JSON.stringify(conf));
  return child;
}

async function ended(child: ChildProcess): Promise<Ran> {
  let stdout = "";
  child.stdout?.on("data", (piece: Buffer) => (stdout += piece.toString()));
  await once(child, "close");
  return { code: child.exitCode, stdout };
}

const run = (lab: CniLab, command: string, conf: unknown, id = containerId): Promise<Ran> =>
  ended(start(lab, command, conf, id));

/** Runs at most so many at once. */
async function each<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

test("VERSION needs no configuration and loads nothing", async () => {
  using lab = new CniLab();
  const child = start(lab, "VERSION", "", containerId);
  const { code, stdout } = await ended(child);
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
  const { code, stdout } = await run(lab, "ADD", lab.conf({ host }));
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ code: 11, cniVersion: "1.1.0" });
  expect(lab.left()).toMatchObject({ state: [], shared: [] });
});

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
  const args = ["-c", lateInput, text, process.execPath, plugin];
  const { stdout } = spawnSync("/usr/bin/python3", args, { env, encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ code: 7, msg: expect.stringContaining("host.engine") });
});

const usable = dpdk.available && hostLocal;
const count = Number(process.env["CNI_STORM"] ?? 24);

describe.skipIf(!usable)(`${count} containers at once${dpdk.note}`, () => {
  test("ADDs, then DELs in random order with kills, then GC: nothing is left, nothing foreign is touched", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    using lab = new CniLab();
    await ovs.vsctl("add-br", "admin", "--", "set", "Bridge", "admin", "datapath_type=dummy");
    await ovs.vsctl("add-port", "admin", "uplink", "--", "set", "Interface", "uplink", "type=internal");
    const host = {
      engine: "ovs-dpdk",
      iftype: "vhostuser",
      vhost: { mode: "client" },
      remote: ovs.remote,
      bridge: { bridgeName: "lab", datapathType: "dummy" },
    };
    const conf = lab.conf({ host, ipam: lab.ipam() });
    const ids = Array.from(
      { length: count },
      (_, nth) => `${nth.toString(16).padStart(4, "0")}${"c".repeat(60)}`,
    );
    const failures: Ran[] = [];
    await each(ids, 8, async (id) => {
      const ran = await run(lab, "ADD", conf, id);
      if (ran.code !== 0) failures.push(ran);
    });
    expect(failures).toEqual([]);
    expect(lab.addresses()).toHaveLength(count);

    const shuffled = ids.map((id) => ({ id, at: Math.random() })).toSorted((a, b) => a.at - b.at);
    await each(shuffled, 8, async ({ id, at }) => {
      const child = start(lab, "DEL", conf, id);
      const timer = at < 0.5 ? setTimeout(() => child.kill("SIGKILL"), 100 + at * 1200) : undefined;
      await ended(child);
      clearTimeout(timer);
    });
    const gc = await run(lab, "GC", { ...conf, "cni.dev/valid-attachments": [] });
    expect(gc).toEqual({ code: 0, stdout: "" });
    expect(lab.left()).toEqual({ interfaces: [], bridges: [], state: [], shared: [], addresses: [] });
    expect((await ovs.vsctl("list-br")).split("\n")).toEqual(["admin"]);
    expect(await ovs.vsctl("list-ports", "admin")).toBe("uplink");
  }, 300_000);
});
