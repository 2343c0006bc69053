import { expect, test } from "vitest";
import { dpdkFindings } from "../../src/cli/doctor/open-vswitch.js";
import { examineVpp } from "../../src/cli/doctor/vpp.js";
import { UnreachableError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { failingConnect, onMemory, runCli, toMemory } from "../support/run-cli.js";

test("doctor tells what is there and what it did not check", async () => {
  const memory = new MemorySwitch({ types: ["tap", "vhost-user"] });
  const vswitch = onMemory(memory);
  await vswitch("create tap t0");
  await vswitch("create vhost-user net0 --mode server --bridge br0");
  expect(await vswitch("doctor --engine memory")).toEqual({
    code: 0,
    stdout: [
      "ok  connection  the switch answers",
      "ok  switch      in-memory switch",
      "ok  types       can be made: vhost-user, tap; cannot be made: memif, internal, loopback, af-packet, dpdk, patch, vxlan, geneve",
      "                -> `vswitch capabilities` tells why not",
      "ok  ours        2 interfaces of owner vswitch-drivers, 1 isolated",
      "ok  limits      the in-memory switch is part of this program: there is nothing behind it to check",
      "",
    ].join("\n"),
    stderr: "",
  });
});

test("what the switch complains of is a warning with a remedy", async () => {
  const memory = new MemorySwitch();
  const vswitch = onMemory(memory);
  await vswitch("create tap t0");
  memory.portError("t0", "No such device");
  const ran = await vswitch("doctor --engine memory --json");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('"healthy":true');
  const finding = {
    check: "ours",
    status: "warning",
    found: "the switch says of interface t0: No such device",
    remedy: "mend the cause, or `vswitch delete t0`",
  };
  expect(ran.stdout).toContain(JSON.stringify(finding));
});

test("a switch that cannot make anything is broken", async () => {
  const memory = new MemorySwitch({ types: [] });
  expect((await onMemory(memory)("doctor --engine memory")).code).toBe(1);
});

test("a switch that cannot be reached is broken: what happened, then what to do", async () => {
  const hint = "run as root or as a member of that group";
  const refused = new UnreachableError({
    operation: "connect",
    address: "unix:/nowhere/db.sock",
    errno: "EACCES",
    hint,
    message: `connect: cannot connect to unix:/nowhere/db.sock: permission denied; ${hint}`,
  });
  const options = { connect: failingConnect(refused) };
  expect(await runCli(["doctor", "--db", "unix:/nowhere/db.sock"], options)).toEqual({
    code: 1,
    stdout:
      "broken  connection  connect: cannot connect to unix:/nowhere/db.sock: permission denied\n" +
      `                    -> ${hint}\n`,
    stderr: "",
  });
  const json = await runCli(["doctor", "--db", "unix:/nowhere/db.sock", "--json"], options);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ healthy: false, findings: [{ remedy: hint }] });
});

test("whose the socket is stands first", async () => {
  const ran = await runCli(["doctor"], {
    env: { OVS_RUNDIR: "/" },
    connect: toMemory(new MemorySwitch()),
  });
  expect(ran.stdout).not.toContain("socket");
  const there = await runCli(["doctor", "--db", "unix:/dev/null"], { connect: toMemory(new MemorySwitch()) });
  expect(there.stdout).toMatch(
    /^ok {2}socket {6}\/dev\/null: owner uid 0, gid 0, mode 0\d\d\d; we are uid \d+$/mu,
  );
});

/** What is found of DPDK, when `dpdk-init` is this and vswitchd says so. */
const dpdk = (init: string | undefined, initialized: boolean): string =>
  dpdkFindings({
    dpdk_initialized: initialized,
    dpdk_version: initialized ? "DPDK 22.11.11" : null,
    other_config: new Map(init === undefined ? [] : [["dpdk-init", init]]),
  })
    .map((finding) => `${finding.status}: ${finding.found}`)
    .join();

test("DPDK is told by what was asked for and what came of it", () => {
  expect(dpdk("true", true)).toBe("ok: DPDK 22.11.11 is initialised");
  expect(dpdk(undefined, false)).toBe(
    "warning: DPDK is not asked for: no vhost-user, memif or dpdk interfaces",
  );
  expect(dpdk("false", false)).toMatch(/^warning: DPDK is not asked for/u);
  expect(dpdk("true", false)).toBe("broken: other_config:dpdk-init is true, and DPDK is not initialised");
  expect(dpdk("try", false)).toMatch(/^warning: other_config:dpdk-init is try/u);
});

test("a plugin of VPP that is not loaded is told apart from one that is too new", async () => {
  const memory = new MemorySwitch();
  await using vswitch = memory.connect();
  const able = (await vswitch.capabilities()).unwrap();
  const without = (why: string): readonly (string | undefined)[] => {
    const memif = { supported: false, experimental: false, why };
    const findings = examineVpp({ ...able, interfaceTypes: { ...able.interfaceTypes, memif } });
    return findings.flatMap(({ remedy }) => remedy ?? []);
  };
  expect(without("VPP runs without memif_plugin.so: load it (in startup.conf)")).toEqual([
    expect.stringContaining("load the plugin"),
  ]);
  expect(without("this VPP has memif_create_v2 in another form")).toEqual([
    expect.stringContaining("a release of vswitch-drivers"),
  ]);
});
