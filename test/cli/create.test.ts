import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldsOf } from "../../src/cli/spec-fields.js";
import { interfaceSpecSchema } from "../../src/core/specs.js";
import { RejectedError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { onMemory, runCli } from "../support/run-cli.js";

describe("vswitch create", () => {
  test("makes an isolated interface and tells its socket", async () => {
    const memory = new MemorySwitch();
    const ran = await onMemory(memory)("create vhost-user net0 --mode client --socket /run/net0.sock");
    expect(ran).toEqual({
      code: 0,
      stdout: "created vhost-user net0, isolated, socket /run/net0.sock\n",
      stderr: "",
    });
    expect(memory.interfaces()).toMatchObject([{ name: "net0", type: "vhost-user", bridge: null }]);
  });

  test("takes every option of a spec, in its type", async () => {
    const memory = new MemorySwitch();
    const ran = await onMemory(memory)(
      "create memif m0 --role slave --socket /run/m0 --id 7 --rx-queues 2 --tx-queues 3 --ring-size 512 --buffer-size 4096" +
        " --mode ethernet --key pod-1 --mtu 9000 --mac 02:00:00:00:00:01 --admin-state down --ofport-request 9" +
        " --ingress-policing-rate 1000 --ingress-policing-burst 100 --ingress-policing-kpkts-rate 5 --ingress-policing-kpkts-burst 6" +
        " --external-id a=b --external-id c=d=e" +
        " --bridge br0 --vlan-mode native-tagged --tag 10 --trunks 20,30",
    );
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(memory.interfaces()).toMatchObject([
      {
        name: "m0",
        type: "memif",
        mark: { owner: "vswitch-drivers", key: "pod-1" },
        bridge: "br0",
        vlan: { vlanMode: "native-tagged", tag: 10, trunks: [20, 30] },
        adminState: "down",
        mtu: 9000,
        mac: "02:00:00:00:00:01",
        externalIds: { a: "b", c: "d=e" },
      },
    ]);
    // The same options again name the same interface: each has arrived where its comparison looks.
    const again = await onMemory(memory)(
      "create memif m0 --role slave --socket /run/m0 --id 7 --rx-queues 2 --tx-queues 3 --ring-size 512 --buffer-size 4096 --key pod-1 --ingress-policing-rate 1000 --ingress-policing-kpkts-burst 6",
    );
    expect(again.stdout).toContain("m0 is there already");
  });

  test.each([
    ["tap t0 --device tap7", { type: "tap" }],
    ["internal i0", { type: "internal" }],
    ["loopback l0", { type: "loopback" }],
    ["af-packet a0 --device eth1", { type: "af-packet" }],
    ["dpdk d0 --devargs 0000:01:00.0 --rx-descriptors 512 --tx-descriptors 512", { type: "dpdk" }],
    ["patch p0 --peer p1", { type: "patch" }],
    ["vxlan v0 --remote-ip 192.0.2.1 --local-ip 192.0.2.2 --vni 5 --dst-port 8472", { type: "vxlan" }],
    ["geneve g0 --remote-ip flow --vni flow", { type: "geneve" }],
  ])("create %s", async (line, expected) => {
    const memory = new MemorySwitch();
    expect(await onMemory(memory)(`create ${line}`)).toMatchObject({ code: 0, stderr: "" });
    expect(memory.interfaces()).toMatchObject([expected]);
  });

  test("a name of digits stays a name", async () => {
    const memory = new MemorySwitch();
    await onMemory(memory)("create tap 007");
    expect(memory.interfaces().map(({ name }) => name)).toEqual(["007"]);
  });

  test("the same again gives the one that is there", async () => {
    const vswitch = onMemory(new MemorySwitch());
    await vswitch("create tap t0 --bridge br0 --tag 10");
    expect(await vswitch("create tap t0")).toEqual({
      code: 0,
      stdout: "t0 is there already: tap, on br0 (access 10)\n",
      stderr: "",
    });
  });

  test("--json gives what the library gives", async () => {
    const memory = new MemorySwitch();
    const ran = await onMemory(memory)("--json create tap t0");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(ran.stdout)).toEqual({ ...memory.interfaces()[0], created: true, warnings: [] });
  });

  test("--no-create-bridge needs the bridge to be there", async () => {
    const memory = new MemorySwitch();
    const ran = await onMemory(memory)("create tap t0 --bridge br0 --no-create-bridge");
    expect(ran.code).toBe(1);
    expect(memory.interfaces()).toEqual([]);
  });

  test("a port that the switch cannot open is taken back, with its words on standard error", async () => {
    const memory = new MemorySwitch();
    memory.portError("t0", "could not open network device t0 (No such device)");
    const ran = await onMemory(memory)("create tap t0");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("could not open network device t0 (No such device)");
    expect(memory.interfaces()).toEqual([]);
    expect(await onMemory(memory)("create tap t0 --no-rollback")).toMatchObject({ code: 1 });
    expect(memory.interfaces()).toHaveLength(1);
  });

  test("what could not be undone is told line by line", async () => {
    const memory = new MemorySwitch();
    const fields = { operation: "createInterface", message: "it broke", reason: "r", details: "d" };
    memory.failNext(
      "createInterface",
      new RejectedError({ ...fields, leftBehind: ["port t0", "bridge br0"] }),
    );
    expect((await onMemory(memory)("create tap t0")).stderr).toBe(
      "vswitch: it broke\nvswitch: left behind: port t0\nvswitch: left behind: bridge br0\n",
    );
  });
});

describe("a secret is read from a file", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vswitch-cli-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("so that no list of processes shows it", async () => {
    const file = join(folder, "secret");
    writeFileSync(file, "hush\n");
    const vswitch = onMemory(new MemorySwitch());
    await vswitch(`create memif m0 --role master --socket /run/m0 --secret-file ${file}`);
    const other = await onMemory(new MemorySwitch(), { stdin: "hush" })(
      "create memif m0 --role master --socket /run/m0 --secret-file -",
    );
    expect(other).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(file, "x".repeat(25));
    const long = await vswitch(`create memif m1 --role master --socket /run/m0 --secret-file ${file}`);
    expect(long.stderr).toBe(
      "vswitch: --secret-file is a value that is not shown; expected at most 24 bytes\n",
    );
  });

  test("a file that is not there is told before anything is connected", async () => {
    const argv = [
      "create",
      "memif",
      "m0",
      "--role",
      "master",
      "--socket",
      "/s",
      "--secret-file",
      "/nowhere/x",
    ];
    const ran = await runCli(argv);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^vswitch: --secret-file: \/nowhere\/x cannot be read: ENOENT/u);
  });
});

describe("bad input is refused in the words of the command line, before anything is connected", () => {
  test.each([
    [
      "create vhost-user n --mode client",
      "--socket is missing; expected the peer's socket: a vhost-user client connects to it",
    ],
    ["create vhost-user n --mode client --socket rel", '--socket is "rel"; expected an absolute path'],
    ["create tap n --bridge br0 --tag 4096", "--tag is 4096; expected an integer from 0 to 4095"],
    ["create tap n --bridge br0 --tag ten", '--tag is "ten"; expected an integer from 0 to 4095'],
    ["create tap n --tag 1", "--bridge is missing; expected a value: it is required"],
    ["create tap n --bridge br0 --trunks 1,x", '--trunks is "x"; expected an integer from 0 to 4095'],
    ["create tap n --mtu 67", "--mtu is 67; expected an integer from 68 to 65535"],
    ["create tap n --mac 01:00:00:00:00:01", '--mac is "01:00:00:00:00:01"; expected a unicast MAC address'],
    [
      "create tap n --ingress-policing-rate -1",
      "--ingress-policing-rate is -1; expected an integer from 0 to 4294967295",
    ],
    ["create tap a/b", 'NAME is "a/b"; expected no white space, slash, backslash or control character'],
    ["create tap n --external-id foo", '--external-id is "foo"; expected KEY=VALUE'],
    ["attach n b --tag 4096", "--tag is 4096; expected an integer from 0 to 4095"],
    ["attach n a/b", 'BRIDGE is "a/b"; expected no white space, slash, backslash or control character'],
    ["create-bridge a/b", 'NAME is "a/b"; expected no white space, slash, backslash or control character'],
  ])("vswitch %s", async (line, message) => {
    expect(await runCli(line.split(" "))).toEqual({ code: 1, stdout: "", stderr: `vswitch: ${message}\n` });
  });

  test("a name that is too long for the kernel", async () => {
    const ran = await runCli(["create", "internal", "sixteen-bytes-xx"]);
    expect(ran.stderr).toBe(
      'vswitch: NAME is "sixteen-bytes-xx"; expected at most 15 bytes, the kernel\'s limit for a network device\n',
    );
  });
});

test("every field of every interface type has its option", () => {
  for (const schema of interfaceSpecSchema.options) {
    const paths = fieldsOf(schema).map(({ path }) => path.split(".")[0]);
    const keys = Object.keys(schema.entries).filter((key) => key !== "type" && key !== "name");
    expect(new Set(paths)).toEqual(new Set(keys));
  }
});
