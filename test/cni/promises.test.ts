/** What users of the Userspace CNI plugin, and the specification, may count on, and what it did otherwise before. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RejectedError } from "../../src/index.js";
import { CniLab, containerId, nothing, slave } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const well = { exitCode: 0, stdout: "" };
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** An IPAM plugin that writes down what it is asked, with what, and has these addresses. */
const recorder = (answer: string): void =>
  lab.plugin(
    "recorder",
    `cat > "${lab.dir}/$CNI_COMMAND-$CNI_CONTAINERID"; case $CNI_COMMAND in ADD) echo '${answer}';; esac`,
  );
const asked = (command: string, id = ""): unknown => read(join(lab.dir, `${command}-${id}`));
const both = JSON.stringify({
  cniVersion: "1.1.0",
  ips: [
    { address: "10.0.0.2/24", gateway: "10.0.0.1" },
    { address: "fd00::2/64", gateway: "fd00::1" },
  ],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9", mtu: 1400 }],
  dns: { nameservers: ["10.0.0.53"] },
});

describe("DEL", () => {
  test.each(["", "/var/run/netns/gone"])("succeeds with the network namespace %j", async (netns) => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    expect(await lab.run({ command: "DEL", conf, netns })).toMatchObject(well);
    expect(lab.left()).toEqual(nothing);
  });

  test("of an interface that the switch does not delete gives address and files back all the same, and is repeated", async () => {
    recorder(both);
    const conf = lab.conf({ host: slave, ipam: { type: "recorder" } });
    await lab.run({ command: "ADD", conf });
    const failure = new RejectedError({
      operation: "deleteInterface",
      reason: "BUSY",
      details: "",
      message: "busy",
    });
    lab.memory.failNext("deleteInterface", failure);
    expect((await lab.run({ command: "DEL", conf })).document).toMatchObject({ code: 100, msg: "busy" });
    expect([existsSync(join(lab.dir, `DEL-${containerId}`)), lab.tree(lab.sharedDir)]).toEqual([true, []]);
    expect(await lab.run({ command: "DEL", conf })).toMatchObject(well);
    expect(lab.left()).toEqual(nothing);
  });

  test("leaves the administrator's bridge, empty as it is, and the directory that is shared", async () => {
    lab.memory.addForeignBridge("4");
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    await lab.run({ command: "DEL", conf });
    expect(lab.left()).toEqual({ ...nothing, bridges: ["4"] });
    expect(existsSync(lab.sharedDir)).toBe(true);
  });
});

describe("GC", () => {
  test("goes on after an attachment that cannot be taken away, and tells of it", async () => {
    const ips = `{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}`;
    lab.plugin(
      "picky",
      `case $CNI_COMMAND-$CNI_CONTAINERID in ADD-*) echo '${ips}';; DEL-two) exit 9;; esac; exit 0`,
    );
    const conf = lab.conf({ host: slave, ipam: { type: "picky" }, "cni.dev/valid-attachments": [] });
    for (const id of ["one", "two", "three"]) await lab.run({ command: "ADD", conf, containerId: id });
    const { document } = await lab.run({ command: "GC", conf });
    expect(document).toMatchObject({ code: 102, msg: expect.stringContaining("exit code 9") });
    expect(lab.memory.interfaces()).toEqual([]);
    expect(lab.tree(lab.stateDir)).toEqual([expect.stringContaining(",two,")]);
  });
});

describe("the IPAM plugin", () => {
  test("gets the whole configuration, as it came, with every command", async () => {
    recorder(both);
    const runtimeConfig = { ips: ["10.0.0.2/24"] };
    const valid = { "cni.dev/valid-attachments": [{ containerID: containerId, ifname: "net1" }] };
    const conf = lab.conf({
      host: slave,
      ipam: { type: "recorder", Own: [1] },
      runtimeConfig,
      other: "key",
      LOGLEVEL: "info",
    });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    expect(asked("ADD", containerId)).toEqual(conf);
    await lab.run({ command: "CHECK", conf: { ...conf, prevResult } });
    expect(asked("CHECK", containerId)).toEqual({ ...conf, prevResult });
    const network = { containerId: "", ifName: "" };
    expect(await lab.run({ command: "STATUS", conf, ...network })).toMatchObject(well);
    expect(asked("STATUS")).toEqual(conf);
    expect(await lab.run({ command: "GC", conf: { ...conf, ...valid }, ...network })).toMatchObject(well);
    expect(asked("GC")).toEqual({ ...conf, ...valid });
    await lab.run({ command: "DEL", conf });
    expect(asked("DEL", containerId)).toEqual(conf);
  });

  test("that fails CHECK or STATUS fails ours", async () => {
    recorder(both);
    const conf = lab.conf({ host: slave, ipam: { type: "recorder" } });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    lab.plugin("recorder", `echo '{"code":42,"msg":"lost it"}'; exit 1`);
    for (const command of ["CHECK", "STATUS"]) {
      const { document } = await lab.run({ command, conf: { ...conf, prevResult } });
      expect(document).toMatchObject({ code: 42, msg: expect.stringContaining("lost it") });
    }
  });

  test("of before 1.1.0 is asked in its own version, with prevResult in that version's form", async () => {
    lab.plugin(
      "old",
      `input=$(cat)
case $input in *'"cniVersion":"0.4.0"'*) ;; *)
  [ $CNI_COMMAND = VERSION ] && echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}' && exit 0
  echo '{"cniVersion":"0.4.0","code":1,"msg":"incompatible"}'; exit 1;; esac
echo "$input" > "${lab.dir}/$CNI_COMMAND-$CNI_CONTAINERID"
[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24"}]}'; exit 0`,
    );
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", socketPath: "/s", mtu: 9 }] };
    const conf = lab.conf({ host: slave, ipam: { type: "old" }, prevResult });
    const { document } = await lab.run({ command: "ADD", conf });
    expect(document).toMatchObject({ cniVersion: "1.1.0", ips: [{ address: "10.0.0.2/24", interface: 1 }] });
    expect(asked("ADD", containerId)).toMatchObject({
      prevResult: { cniVersion: "0.4.0", interfaces: [{ name: "eth0" }] },
    });
    expect(JSON.stringify(asked("ADD", containerId))).not.toContain("socketPath");
  });
});

describe("the result", () => {
  const add = async (cniVersion: string, more: object = {}) => {
    recorder(both.replace("1.1.0", cniVersion));
    const conf = lab.conf({ cniVersion, host: slave, ...more });
    return (await lab.run({ command: "ADD", conf })).document;
  };

  test("has every address with its gateway and index, the routes and the DNS of IPAM", async () => {
    expect(await add("1.1.0", { ipam: { type: "recorder" }, dns: { domain: "not-this" } })).toMatchObject({
      ips: [
        { address: "10.0.0.2/24", gateway: "10.0.0.1", interface: 0 },
        { address: "fd00::2/64", gateway: "fd00::1", interface: 0 },
      ],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9", mtu: 1400 }],
      dns: { nameservers: ["10.0.0.53"] },
    });
  });

  test("has the DNS of the configuration where IPAM gives none", async () => {
    const dns = { nameservers: ["10.0.0.54"], domain: "lab" };
    expect(await add("1.1.0", { dns })).toMatchObject({ dns });
  });

  test("has no field in 1.0.0 that came with 1.1.0", async () => {
    const result = await add("1.0.0", { ipam: { type: "recorder" }, mtu: 1400 });
    expect(result?.["interfaces"]).toEqual([{ name: "net1", sandbox: "/proc/self/ns/net" }]);
    expect(result?.["routes"]).toEqual([{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9" }]);
  });

  test("has the MAC address and the MTU that were asked for", async () => {
    const own = { mac: "02:00:00:00:00:01", mtu: 1400 };
    const args = { cni: { mac: "02-00-00-00-00-01" } };
    expect(await add("1.1.0", { mtu: 1400, args })).toMatchObject({ interfaces: [own] });
  });

  test("is all that is on standard output, however much is logged", async () => {
    const logFile = join(lab.dir, "log");
    const conf = lab.conf({ host: slave, LOGLEVEL: "VERBOSE", LogFile: logFile });
    for (const command of ["ADD", "DEL"]) {
      const { stdout, document } = await lab.run({ command, conf });
      expect([stdout.includes("begins"), document === undefined]).toEqual([false, command === "DEL"]);
    }
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
    expect(lines.filter((line) => /(?:ADD|DEL) .* ends well$/u.test(line))).toHaveLength(2);
    expect(statSync(logFile).mode & 0o777).toBe(0o644);
  });
});
