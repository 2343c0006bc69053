import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { explain } from "./support/explain.js";
import { CniLab, containerId, nothing, slave, switchAway, unreachable } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const ips = '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}],"dns":{}}';
/** An IPAM plugin that remembers whether its address is out. */
const ledger = (add: string): string =>
  `case $CNI_COMMAND in ADD) touch "$LEDGER"; ${add};; DEL) rm -f "$LEDGER";; esac`;

describe("an ADD that fails leaves nothing, and DEL after it finds nothing to do", () => {
  const given = (): { conf: Record<string, unknown>; env: Record<string, string> } => ({
    conf: lab.conf({ host: slave, ipam: { type: "fake" }, ipamTimeoutMs: 1000 }),
    env: { LEDGER: join(lab.dir, "ledger") },
  });

  const steps: readonly (readonly [string, number, () => void])[] = [
    ["the switch is down", 11, () => void (lab.connect = switchAway)],
    [
      "IPAM fails with an error of its own",
      100,
      () => lab.plugin("fake", ledger(`echo '{"code":100,"msg":"pool is full"}'; exit 1`)),
    ],
    ["IPAM prints garbage", 6, () => lab.plugin("fake", ledger("echo garbage"))],
    ["IPAM fails without a word", 102, () => lab.plugin("fake", ledger("exit 3"))],
    ["IPAM gives no address", 102, () => lab.plugin("fake", ledger(`echo '{"cniVersion":"1.1.0"}'`))],
    ["IPAM hangs, with a child", 11, () => lab.plugin("fake", ledger("sleep 60 & wait"))],
    ["IPAM floods", 6, () => lab.plugin("fake", ledger("head -c 3000000 /dev/zero"))],
    [
      "the switch refuses the interface",
      100,
      () => lab.memory.portError("0958c8871b32-net1", "no such device"),
    ],
    [
      "the answer of the switch is lost",
      11,
      () => lab.memory.failNext("createInterface", unreachable, "after"),
    ],
  ];

  test.each(steps)("%s: code %i", async (_what, code, break_) => {
    lab.plugin("fake", ledger(`echo '${ips}'`));
    break_();
    const { conf, env } = given();
    const added = await lab.run({ command: "ADD", conf, env });
    expect(added.exitCode).toBe(1);
    expect(added.document).toMatchObject({ code, msg: expect.stringMatching(/\w/u), cniVersion: "1.1.0" });
    expect(lab.left()).toEqual(nothing);
    expect(existsSync(env["LEDGER"] ?? "")).toBe(false);
    expect(await lab.run({ command: "DEL", conf, env })).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("a file is in the place of the shared directory", async () => {
    lab.plugin("fake", ledger(`echo '${ips}'`));
    const { conf, env } = given();
    const sharedDir = join(lab.bin, "fake");
    const added = await lab.run({ command: "ADD", conf: { ...conf, sharedDir }, env });
    expect(added.document).toMatchObject({ code: 5 });
    expect(lab.left()).toEqual(nothing);
    expect(existsSync(env["LEDGER"] ?? "")).toBe(false);
  });
});

describe("DEL", () => {
  test("with the switch away succeeds, and the interface goes when it is back", async () => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    const { connect } = lab;
    lab.connect = switchAway;
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(lab.memory.interfaces()).toHaveLength(1);
    lab.connect = connect;
    await lab.run({ command: "ADD", conf, containerId: "another" });
    expect(lab.memory.interfaces().map(({ name }) => name)).toEqual(["another-net1"]);
    await lab.run({ command: "DEL", conf, containerId: "another" });
    expect(lab.left()).toEqual(nothing);
  });

  test("with an IPAM plugin that fails takes the rest away, says so, and can be repeated", async () => {
    lab.plugin("fake", `case $CNI_COMMAND in ADD) echo '${ips}';; DEL) exit 4;; esac`);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    await lab.run({ command: "ADD", conf });
    expect((await lab.run({ command: "DEL", conf })).document).toMatchObject({ code: 102 });
    expect(lab.memory.interfaces()).toEqual([]);
    lab.plugin("fake", "exit 0");
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
    expect(lab.left()).toEqual(nothing);
  });

  test.each(["garbage", "=x", "K8S_POD_NAME"])(
    "comes after an ADD that CNI_ARGS %s was refused for, and ends well",
    async (CNI_ARGS) => {
      const conf = lab.conf({ host: slave });
      const env = { CNI_ARGS };
      expect((await lab.run({ command: "ADD", conf, env })).document).toMatchObject({ code: 4 });
      expect(await lab.run({ command: "DEL", conf, env })).toMatchObject({ exitCode: 0, stdout: "" });
    },
  );

  test("leaves an interface of the same name that another program made alone", async () => {
    lab.memory.addForeignInterface("0958c8871b32-net1");
    expect(await lab.run({ command: "DEL", conf: lab.conf({ host: slave }) })).toMatchObject({ exitCode: 0 });
    expect(lab.memory.interfaces()).toHaveLength(1);
  });
});

describe("GC", () => {
  const gc = (attachments: readonly string[], name = "lab-net") =>
    lab.run({
      command: "GC",
      conf: lab.conf({
        name,
        host: slave,
        ipam: { type: "fake" },
        "cni.dev/valid-attachments": attachments.map((id) => ({ containerID: id, ifname: "net1" })),
      }),
    });

  beforeEach(async () => {
    lab.plugin(
      "fake",
      `case $CNI_COMMAND in ADD) echo '${ips}'; touch "${lab.dir}/$CNI_CONTAINERID";; DEL) rm -f "${lab.dir}/$CNI_CONTAINERID";; esac`,
    );
    lab.memory.addForeignBridge("admin");
    lab.memory.addForeignInterface("uplink", { bridge: "admin" });
    for (const [id, name] of [
      ["one", "lab-net"],
      ["two", "lab-net"],
      ["three", "other-net"],
    ] as const)
      await lab.run({
        command: "ADD",
        conf: lab.conf({ name, host: slave, ipam: { type: "fake" } }),
        containerId: id,
      });
  });
  const names = (): readonly string[] => lab.memory.interfaces().map(({ name }) => name);

  test("takes what is not valid, with its address, and no other network's or program's", async () => {
    expect(await gc(["one"])).toMatchObject({ exitCode: 0, stdout: "" });
    expect(names()).toEqual(["one-net1", "three-net1", "uplink"]);
    expect(["one", "two", "three"].map((id) => existsSync(join(lab.dir, id)))).toEqual([true, false, true]);
  });

  test("works from the marks in the switch when the state is lost", async () => {
    const stateDir = join(lab.dir, "lost");
    const conf = lab.conf({ host: slave, stateDir, "cni.dev/valid-attachments": [] });
    expect(await lab.run({ command: "GC", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(names()).toEqual(["three-net1", "uplink"]);
  });

  test("without the list deletes nothing", async () => {
    const ran = await lab.run({ command: "GC", conf: lab.conf({ host: slave }) });
    expect(ran.document).toMatchObject({ code: 7, msg: expect.stringContaining("nothing was deleted") });
    expect(names()).toHaveLength(4);
  });

  test("takes all of a list that is null for one of nothing, as Go writes it", async () => {
    const conf = lab.conf({ host: slave, "cni.dev/valid-attachments": null });
    expect(await lab.run({ command: "GC", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(names()).toEqual(["three-net1", "uplink"]);
  });
});

test("GC on a host where nothing ever was has nothing to do", async () => {
  const conf = lab.conf({ host: slave, "cni.dev/valid-attachments": [] });
  expect(await lab.run({ command: "GC", conf })).toMatchObject({ exitCode: 0, stdout: "" });
  expect(lab.left()).toEqual(nothing);
});

describe("CHECK tells what is wrong", () => {
  test.each([
    ["the interface is gone", () => lab.memory.removeInterface("0958c8871b32-net1"), "does not have it"],
    ["an error", () => lab.memory.portError("0958c8871b32-net1", "cable cut"), "cable cut"],
    [
      "it is down",
      () => lab.memory.changeInterface("0958c8871b32-net1", { adminState: "down" }),
      "administratively down",
    ],
  ])("%s", async (_what, break_, said) => {
    const conf = lab.conf({ host: slave });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    expect(await lab.run({ command: "CHECK", conf: { ...conf, prevResult } })).toMatchObject({ exitCode: 0 });
    break_();
    const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult } });
    expect(checked.document).toMatchObject({ code: 101, msg: expect.stringContaining(said) });
  });

  test("without prevResult it is refused", async () => {
    expect((await lab.run({ command: "CHECK", conf: lab.conf({ host: slave }) })).document).toMatchObject({
      code: 7,
    });
  });
});

describe("bad input", () => {
  const bad: readonly (readonly [string, number, string, () => Parameters<CniLab["run"]>[0]])[] = [
    ["no JSON", 6, "failed to load netconf:", () => ({ command: "ADD", conf: "{" })],
    ["a list", 6, "no object", () => ({ command: "ADD", conf: "[]" })],
    ["nothing", 6, "is empty", () => ({ command: "ADD", conf: "" })],
    [
      "what is wrong in a list that is long, with brackets in its strings",
      7,
      "host.engine",
      () => {
        const other = Array.from({ length: 100_000 }, (_none, at) => `[{"\\[${at}`);
        return { command: "ADD", conf: lab.conf({ host: { ...slave, engine: "x" }, other }) };
      },
    ],
    [
      "what nests too deep, in a key that is not ours",
      6,
      "more than 1000 deep",
      () => {
        const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
        return { command: "ADD", conf: `${JSON.stringify(lab.conf({})).slice(0, -1)},"other":${deep}}` };
      },
    ],
    ["an unknown version", 1, "9.9.9", () => ({ command: "ADD", conf: lab.conf({ cniVersion: "9.9.9" }) })],
    ["no name", 7, "name", () => ({ command: "ADD", conf: lab.conf({ name: undefined }) })],
    ["an empty name", 7, "name", () => ({ command: "ADD", conf: lab.conf({ name: "" }) })],
    ["no host", 7, "host", () => ({ command: "ADD", conf: lab.conf({ host: undefined }) })],
    [
      "an unknown engine",
      7,
      "host.engine",
      () => ({ command: "ADD", conf: lab.conf({ host: { ...slave, engine: "x" } }) }),
    ],
    [
      "an unknown iftype",
      7,
      "host.iftype",
      () => ({ command: "ADD", conf: lab.conf({ host: { ...slave, iftype: "veth" } }) }),
    ],
    [
      "an unknown netType",
      7,
      "host.netType",
      () => ({ command: "ADD", conf: lab.conf({ host: { ...slave, netType: "x" } }) }),
    ],
    [
      "a misspelt key, named with its value",
      2,
      "host.vlann with value 7",
      () => ({ command: "ADD", conf: lab.conf({ host: { ...slave, vlann: 7 } }) }),
    ],
    [
      "both ends master",
      7,
      "both master",
      () => ({
        command: "ADD",
        conf: lab.conf({
          host: { ...slave, memif: { role: "master" } },
          container: { memif: { role: "master" } },
        }),
      }),
    ],
    [
      "addresses on Open vSwitch",
      7,
      "gives its ports no addresses",
      () => ({
        command: "ADD",
        conf: lab.conf({ host: { ...slave, engine: "ovs-dpdk", netType: "interface" } }),
      }),
    ],
    [
      "a container id with a slash",
      4,
      "CNI_CONTAINERID",
      () => ({ command: "ADD", conf: lab.conf(), containerId: "../../etc" }),
    ],
    [
      "an interface name of 16 bytes",
      4,
      "15 bytes",
      () => ({ command: "ADD", conf: lab.conf(), ifName: "a123456789012345" }),
    ],
    [
      "variables that are missing, all named",
      4,
      "CNI_NETNS, CNI_IFNAME are not set",
      () => ({ command: "ADD", conf: lab.conf(), netns: "", env: { CNI_IFNAME: "" } }),
    ],
    ["an unknown command", 4, "RESTART", () => ({ command: "RESTART", conf: lab.conf() })],
    [
      "a namespace that is gone",
      3,
      "the container is gone",
      () => ({ command: "ADD", conf: lab.conf(), netns: "/proc/0/ns/net" }),
    ],
    [
      "a namespace that is none",
      8,
      "no namespace",
      () => ({ command: "ADD", conf: lab.conf(), netns: "/etc/passwd" }),
    ],
    [
      "the plugin's own namespace",
      8,
      "own network namespace",
      () => ({ command: "ADD", conf: lab.conf(), env: { CNI_NETNS_OVERRIDE: "" } }),
    ],
    [
      "a socket path of over 107 bytes",
      7,
      "107",
      () => ({ command: "ADD", conf: lab.conf({ sharedDir: `/tmp/${"d".repeat(100)}` }) }),
    ],
    [
      "a path with .. in it",
      7,
      "sharedDir",
      () => ({ command: "ADD", conf: lab.conf({ sharedDir: "/tmp/../etc" }) }),
    ],
    [
      "an IPAM plugin by a path",
      7,
      "no path",
      () => ({ command: "ADD", conf: lab.conf({ host: slave, ipam: { type: "../sh" } }) }),
    ],
    [
      "an IPAM plugin that is nowhere",
      7,
      "CNI_PATH",
      () => ({ command: "ADD", conf: lab.conf({ host: slave, ipam: { type: "none" } }) }),
    ],
    [
      "a group that does not exist",
      7,
      "no-such-group",
      () => ({ command: "ADD", conf: lab.conf({ host: { ...slave, socket: { group: "no-such-group" } } }) }),
    ],
  ];
  test.each(bad)("%s: code %i", async (_what, code, said, call) => {
    const ran = await lab.run(call());
    expect(ran.exitCode).toBe(1);
    expect(ran.document).toMatchObject({ code, msg: expect.stringContaining(said) });
    expect(lab.left()).toEqual(nothing);
  });

  test("an id of one character is an id", async () => {
    const conf = lab.conf({ host: slave });
    expect(await lab.run({ command: "ADD", conf, containerId: "a" })).toMatchObject({ exitCode: 0 });
    expect(await lab.run({ command: "DEL", conf, containerId: "a" })).toMatchObject({ exitCode: 0 });
    expect(lab.left()).toEqual(nothing);
  });
});

test("STATUS is 51 when the switch is down: those that are on it may be cut off", async () => {
  lab.connect = switchAway;
  const ran = await lab.run({ command: "STATUS", conf: lab.conf({ host: slave }) });
  expect(ran.document).toMatchObject({ code: 51, msg: expect.stringContaining("start VPP") });
});

test.each([1, 3, 4])(
  "an IPAM plugin that knows no STATUS and says so with code %i is no fault",
  async (said) => {
    lab.plugin("fake", `echo '{"code":${said},"msg":"unknown"}'; exit 1`);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    expect(await lab.run({ command: "STATUS", conf })).toMatchObject({ exitCode: 0, stdout: "" });
  },
);

test("keys are matched without regard to case", async () => {
  const conf = lab.conf({
    HOST: {
      Engine: "vpp",
      IfType: "memif",
      NETTYPE: "bridge",
      Memif: { ROLE: "slave" },
      Bridge: { BRIDGEID: 9 },
    },
    host: undefined,
  });
  expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
  expect(lab.memory.interfaces()).toMatchObject([{ bridge: "9", name: `${containerId.slice(0, 12)}-net1` }]);
});

test("explain prints every default", async () => {
  const conf = lab.conf({ host: { engine: "ovs-dpdk", iftype: "vhostuser" } });
  const { document, exitCode } = await explain(conf);
  expect(exitCode).toBe(0);
  expect(document?.["defaults"]).toMatchObject([
    { key: "host.netType", value: "bridge" },
    { key: "host.vhost.mode", value: "server" },
    { key: "host.bridge.bridgeName", value: "br0" },
    { key: "container.iftype", value: "vhostuser" },
    { key: "container.engine", value: "ovs-dpdk" },
    { key: "container.netType", value: "interface" },
    { key: "container.vhost.mode", value: "client" },
  ]);
  const remote = `unix:${process.env["OVS_RUNDIR"] ?? "/var/run/openvswitch"}/db.sock`;
  expect(document?.["switch"]).toEqual({ engine: "ovs", remote, datapathType: "netdev" });
  expect(lab.left()).toEqual(nothing);
});
