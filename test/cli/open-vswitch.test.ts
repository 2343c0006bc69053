import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmdirSync } from "node:fs";
import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect } from "../../src/index.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";
import { runCli, runVswitch, spawnVswitch, type Ran } from "../support/run-cli.js";

// Each process is a Node of its own: seconds, on a machine that has much else to do.
vi.setConfig({ testTimeout: 60_000 });

const { dpdk } = availableFlavours();

describe.skipIf(!dpdk.available)(`vswitch on a real Open vSwitch with DPDK${dpdk.note}`, () => {
  let ovs: OpenVSwitch;

  beforeAll(async () => {
    ovs = await startOpenVSwitch({ flavour: "dpdk" });
    await ovs.vsctl("add-br", "admin", "--", "set", "Bridge", "admin", `datapath_type=${ovs.datapathType}`);
    await ovs.vsctl("add-port", "admin", "p0", "--", "set", "Interface", "p0", "type=internal");
  });
  afterAll(async () => {
    await ovs.stop();
  });

  const globals = (): readonly string[] => ["--db", ovs.remote, "--datapath-type", ovs.datapathType];
  /** In this process. */
  const vswitch = (line: string): Promise<Ran> => runCli([...line.split(" "), ...globals()], { connect });
  /** As a process of its own. */
  const run = (line: string): Promise<Ran> => runVswitch([...line.split(" "), ...globals()]);
  /** Stops ovs-vswitchd as a debugger would, or lets it go on. */
  const signalVswitchd = (signal: "SIGSTOP" | "SIGCONT"): void => {
    if (ovs.vswitchdPid !== undefined) process.kill(ovs.vswitchdPid, signal);
  };
  /** What `ovs-vsctl` says of a row. */
  const get = (...columns: readonly string[]): Promise<string> => ovs.vsctl("get", ...columns);
  const interfaces = async (): Promise<readonly string[]> =>
    (await ovs.vsctl("--bare", "--columns=name", "list", "Interface"))
      .split("\n")
      .filter((name) => name !== "");

  test("the whole way of an interface, each command a process of its own, with ovs-vsctl as the witness", async () => {
    const socket = join(ovs.dir, "net0.sock");
    const before = await interfaces();

    expect(
      await run(`create vhost-user net0 --mode client --socket ${socket} --external-id vm=db-1`),
    ).toEqual({
      code: 0,
      stdout: `created vhost-user net0, isolated, socket ${socket}\n`,
      stderr: "",
    });
    expect(
      await get("Interface", "net0", "type", "options:vhost-server-path", "external_ids:vm", "error"),
    ).toBe(`dpdkvhostuserclient\n"${socket}"\ndb-1\n[]`);

    expect(await run("attach net0 br0 --tag 10")).toMatchObject({
      code: 0,
      stdout: "net0 is now on br0 (access 10)\n",
    });
    expect(await ovs.vsctl("port-to-br", "net0")).toBe("br0");
    expect(await get("Port", "net0", "tag")).toBe("10");

    const tree = (await run("show")).stdout;
    expect(tree).toMatch(/^Open vSwitch \d/u);
    expect(tree).toContain("bridge admin\n│  └─ p0  internal");
    expect(tree).toContain(
      "└─ bridge br0  [vswitch-drivers, on demand]\n   └─ net0  vhost-user  access 10  link down",
    );
    expect((await run("list --own")).stdout).toMatch(/^net0 {2}vhost-user {2}br0 {5}access 10 {2}down/mu);

    expect((await run("detach net0")).stdout).toBe("net0 is now isolated\n");
    expect((await ovs.vsctl("list-br")).split("\n")).not.toContain("br0");
    expect(await run("delete net0")).toEqual({ code: 0, stdout: "deleted interface net0\n", stderr: "" });
    expect(await run("delete net0")).toMatchObject({ code: 0, stdout: "" });
    expect(await interfaces()).toEqual(before);
    expect(await ovs.vsctl("list-br")).toBe("admin");
  });

  test("OVS_RUNDIR alone tells where the switch is", async () => {
    const ran = await runVswitch(["list"], { OVS_RUNDIR: ovs.dir });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("p0    internal  admin");
  });

  test("a server's socket is where the command says", async () => {
    const made = await vswitch("create vhost-user srv0 --mode server --bridge br0 --trunks 20,30 --json");
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const socket = join(ovs.vhostSockDir, "srv0");
    expect(JSON.parse(made.stdout)).toMatchObject({ socket });
    expect(existsSync(socket)).toBe(true);
    expect(await get("Port", "srv0", "trunks")).toBe("[20, 30]");
    await vswitch("delete srv0");
    expect(existsSync(socket)).toBe(false);
  });

  test("a port that vswitchd cannot open is an error, and leaves no row", async () => {
    await writeFile(join(ovs.vhostSockDir, "stale"), "");
    const before = await interfaces();
    const ran = await vswitch("create vhost-user stale --mode server --bridge br0");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^vswitch: createInterface: .*stale/u);
    expect(await interfaces()).toEqual(before);
  });

  test("what the administrator made is left alone", async () => {
    for (const line of ["delete p0", "attach p0 br0", "detach p0", "delete-bridge admin"]) {
      const ran = await vswitch(line);
      expect(ran).toMatchObject({ code: 1, stdout: "" });
    }
    await vswitch("gc --all");
    expect(await ovs.vsctl("port-to-br", "p0")).toBe("admin");
  });

  test("watch sees what ovs-vsctl does", async () => {
    const child = spawnVswitch(["watch", "--json", ...globals()]);
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      told += chunk;
    });
    const seen = async (what: string): Promise<void> => {
      while (!told.includes(what)) await once(child.stdout, "data");
    };
    await seen('{"kind":"ready"}');
    await ovs.vsctl("add-port", "admin", "p1", "--", "set", "Interface", "p1", "type=internal");
    await seen('"name":"p1"');
    await ovs.vsctl("del-port", "p1");
    await seen('{"kind":"removed","name":"p1"}');
    child.kill("SIGINT");
    await once(child, "close");
    expect(child.exitCode).toBe(130);
  });

  test("the demo runs on it and leaves nothing", async () => {
    const before = [await interfaces(), await ovs.vsctl("list-br")];
    const demo = fileURLToPath(new URL("../../src/cli/demo.ts", import.meta.url));
    const args = ["--import", import.meta.resolve("tsx"), demo, "--datapath-type", ovs.datapathType];
    const child = spawn(process.execPath, args, {
      env: { OVS_RUNDIR: ovs.dir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    expect({ code: child.exitCode, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^This runs on: Open vSwitch \d/u);
    expect(stdout).toContain("bridge demo-br0  [vswitch-demo, on demand]");
    expect([await interfaces(), await ovs.vsctl("list-br")]).toEqual(before);
  });

  describe("with an ovs-vswitchd that does not answer", () => {
    beforeAll(() => signalVswitchd("SIGSTOP"));
    afterAll(() => signalVswitchd("SIGCONT"));

    test("a command ends in time, and takes back what it did", async () => {
      const before = await interfaces();
      const ran = await vswitch("-t 1 create internal t0 --bridge br7");
      expect(ran).toMatchObject({ code: 1, stdout: "" });
      expect(ran.stderr).toContain("ovs-vswitchd");
      expect(await interfaces()).toEqual(before);
    });

    test("--no-wait does not ask it", async () => {
      expect(await vswitch("--no-wait create internal t0 --bridge br7")).toMatchObject({ code: 0 });
      expect(await interfaces()).toContain("t0");
      expect(await vswitch("--no-wait delete t0")).toMatchObject({ code: 0 });
      expect(await interfaces()).not.toContain("br7");
    });

    test("an interrupted command takes back what it did", async () => {
      const before = await interfaces();
      const child = spawnVswitch(["-t", "30", "create", "internal", "t0", "--bridge", "br7", ...globals()]);
      const [output, errors] = [text(child.stdout), text(child.stderr)];
      while (child.exitCode === null && !(await interfaces()).includes("t0")) await sleep(20);
      child.kill("SIGINT");
      await once(child, "close");
      expect(child.exitCode).toBe(130);
      expect(await output).toBe("");
      expect(await errors).toMatch(/^vswitch: createInterface: cancelled/u);
      expect(await interfaces()).toEqual(before);
    });

    test("doctor tells it from one that has ended", async () => {
      const ran = await vswitch("doctor -t 2");
      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(
        /^broken +vswitchd +does not answer: configuration \d+ is asked for, \d+ is applied$/mu,
      );
    });
  });
});

const { dummy } = availableFlavours();

const doctor = (ovs: { readonly remote: string }, ...argv: readonly string[]): Promise<Ran> =>
  runCli(["doctor", "--db", ovs.remote, ...argv], { connect });

describe.skipIf(!dummy.available)(`vswitch doctor on a real Open vSwitch${dummy.note}`, () => {
  test("a healthy one without DPDK", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy" });
    const ran = await doctor(ovs);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout.replaceAll(/\d+(?:\.\d+)+/gu, "N").split("\n")).toEqual([
      expect.stringMatching(
        /^ok {7}socket {6}.*db\.sock: owner uid \d+, gid \d+, mode 0\d\d\d; we are uid \d+$/u,
      ),
      "ok       connection  the switch answers",
      "ok       database    Open vSwitch N, schema N",
      expect.stringMatching(/^ok {7}vswitchd {4}answers: it has applied configuration \d+$/u),
      "warning  dpdk        DPDK is not asked for: no vhost-user, memif or dpdk interfaces",
      expect.stringContaining("-> if you need them: install the DPDK build"),
      "ok       switch      Open vSwitch N",
      "ok       types       can be made: tap, internal, patch, vxlan, geneve; cannot be made: vhost-user, memif, loopback, af-packet, dpdk",
      "                     -> `vswitch capabilities` tells why not",
      "ok       ours        0 interfaces of owner vswitch-drivers",
      "",
    ]);
  });

  test("leaves the database as it was with --no-wait, and says what it did not do", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy" });
    const number = (): Promise<string> => ovs.vsctl("get", "Open_vSwitch", ".", "next_cfg");
    const before = await number();
    expect((await doctor(ovs, "--no-wait")).stdout).toContain("it was not asked for a sign of life");
    expect(await number()).toBe(before);
  });

  test("DPDK that was asked for and is not there", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy", otherConfig: { "dpdk-init": "true" } });
    const ran = await doctor(ovs);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(
      /^broken +dpdk +other_config:dpdk-init is true, and DPDK is not initialised$/mu,
    );
  });

  test("an ovs-vswitchd that has ended", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.killVswitchd();
    const ran = await doctor(ovs, "-t", "2");
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^broken +vswitchd +does not answer/mu);
    expect(ran.stdout).toContain("start ovs-vswitchd");
  });

  test("an ovsdb-server that has ended, and one that was never there", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy", vswitchd: false });
    await ovs.server.killServer();
    const dead = await doctor(ovs);
    expect(dead.code).toBe(1);
    expect(dead.stdout).toMatch(/^broken +connection .*\n +-> .*start it again$/mu);
    const absent = await doctor({ remote: `unix:${ovs.dir}/none.sock` });
    expect(absent.stdout).toMatch(/^broken +connection .*ENOENT.*\n +-> no such socket/mu);
  });

  test("something else that listens there", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dummy", vswitchd: false });
    const path = join(ovs.dir, "http.sock");
    const web = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => {
      web.listen(path, resolve);
    });
    try {
      const ran = await doctor({ remote: `unix:${path}` }, "-t", "2");
      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(/^broken +connection /mu);
      expect(ran.stdout).toContain("HTTP");
    } finally {
      web.close();
    }
  });
});

describe.skipIf(!dpdk.available)(`vswitch doctor on a real Open vSwitch with DPDK${dpdk.note}`, () => {
  test("DPDK, and the folder of vhost-user sockets", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    const healthy = await doctor(ovs);
    expect(healthy.code).toBe(0);
    expect(healthy.stdout).toMatch(/^ok +dpdk +DPDK \d.* is initialised$/mu);
    expect(healthy.stdout).toContain(`sockets of servers are made in ${ovs.vhostSockDir}`);
    rmdirSync(ovs.vhostSockDir);
    const broken = await doctor(ovs);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain(`-> \`mkdir -p ${ovs.vhostSockDir}\``);
  });
});
