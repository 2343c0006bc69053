/** CHECK and STATUS say what is not as it should be. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VSwitch } from "../../src/index.js";
import { CniLab, containerId, slave } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const name = `${containerId.slice(0, 12)}-net1`;
const ips = '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}';
const well = { exitCode: 0, stdout: "" };

describe("CHECK", () => {
  /** Adds, checks that all is well, changes something, and gives what CHECK says then. */
  async function told(more: object, change: (own: VSwitch) => Promise<unknown> | void): Promise<unknown> {
    const conf = lab.conf({ host: slave, ...more });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    const check = { command: "CHECK", conf: { ...conf, prevResult } };
    expect(await lab.run(check)).toMatchObject(well);
    await using own = lab.memory.connect({ owner: "cni" });
    await change(own);
    return (await lab.run(check)).document;
  }
  type Change = (own: VSwitch) => Promise<unknown> | void;
  const move =
    (to: Parameters<VSwitch["attachToBridge"]>[1]): Change =>
    (own) =>
      own.attachToBridge(name, to);

  test.each<[string, object, Change]>([
    ["it is on bridge 5, not on 4", {}, move({ bridge: "5" })],
    ["it is on no bridge, not on 4", {}, (own) => own.detachFromBridge(name)],
    ["it is on bridge 4, not on none", { host: { ...slave, netType: "none" } }, move({ bridge: "4" })],
    ["its VLAN is 11, not 10", { host: { ...slave, vlan: 10 } }, move({ bridge: "4", tag: 11 })],
    ["its VLAN is 11, not none", {}, move({ bridge: "4", tag: 11 })],
    [
      "its trunk carries [20], not [20,21]",
      { host: { ...slave, trunk: [20, 21] } },
      move({ bridge: "4", trunks: [20] }),
    ],
    ["its MTU is 1500, not 1400", { mtu: 1400 }, () => lab.memory.changeInterface(name, { mtu: 1500 })],
    [
      "it lacks the address 10.0.0.2/24",
      { host: { ...slave, netType: "interface", bridge: undefined }, ipam: { type: "fake" } },
      (own) => own.setAddresses(name, ["10.0.0.3/24"]),
    ],
  ])("%s", async (msg, more, change) => {
    lab.plugin("fake", `[ $CNI_COMMAND = ADD ] && echo '${ips}'; exit 0`);
    expect(await told(more, change)).toMatchObject({ code: 101, msg: expect.stringContaining(msg) });
  });

  test("an interface of the same name that is another's", async () => {
    const replace = (): void => {
      lab.memory.removeInterface(name);
      lab.memory.addForeignInterface(name, { bridge: "4" });
    };
    lab.memory.addForeignBridge("4");
    expect(await told({}, replace)).toMatchObject({
      code: 101,
      msg: expect.stringContaining("does not have it"),
    });
  });

  test.each([
    ["failed", "no such device", "could not configure its end: no such device"],
    ["applied", "", "the link is down"],
  ])("a container that says %s %s", async (state, message, msg) => {
    const status = { version: 1, ifName: "net1", state, message, at: "2026-01-01T00:00:00Z" };
    const tell = (): void =>
      writeFileSync(
        join(lab.sharedDir, containerId.slice(0, 12), "status-net1.json"),
        JSON.stringify(status),
      );
    expect(await told({}, tell)).toMatchObject({ code: 101, msg: expect.stringContaining(msg) });
  });

  test("of a prevResult without the interface is refused", async () => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0" }] };
    expect((await lab.run({ command: "CHECK", conf: { ...conf, prevResult } })).document).toMatchObject({
      code: 101,
      msg: expect.stringContaining("prevResult has no such interface"),
    });
  });
});

describe("STATUS", () => {
  test("is 50 where the IPAM plugin is not there", async () => {
    const ran = await lab.run({ command: "STATUS", conf: lab.conf({ host: slave, ipam: { type: "none" } }) });
    expect(ran.document).toMatchObject({ code: 50, msg: expect.stringContaining("CNI_PATH") });
  });
});

test.each(["true", "TRUE", "1"])(
  "CNI_NETNS_OVERRIDE=%s permits the plugin's own namespace",
  async (given) => {
    const env = { CNI_NETNS_OVERRIDE: given };
    expect(await lab.run({ command: "ADD", conf: lab.conf({ host: slave }), env })).toMatchObject({
      exitCode: 0,
    });
  },
);
