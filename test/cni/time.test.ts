/** A command ends before the runtime's patience does, whatever it waits for, and says why. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attachmentKey } from "../../src/cni/names.js";
import { tryLock } from "../../src/cni/state/lock.js";
import { connect } from "../../src/index.js";
import { VppServer } from "../../src/testing/index.js";
import { modelOf, releases, unlessMissing } from "../vpp/schema/api-files.js";
import { CniLab, containerId, nothing, slave } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const patient = { vswitchTimeoutMs: 600_000, ipamTimeoutMs: 600_000, commandTimeoutMs: 800 };
const said = expect.stringMatching(/was not done in its 800 ms \(commandTimeoutMs\)/u);

test("an IPAM plugin that hangs", async () => {
  lab.plugin("fake", "case $CNI_COMMAND in ADD) sleep 500;; esac");
  const conf = lab.conf({ host: slave, ipam: { type: "fake" }, ...patient });
  const added = await lab.run({ command: "ADD", conf });
  expect(added.document).toMatchObject({ code: 11, msg: said });
  expect(lab.left()).toEqual(nothing);
});

test("an IPAM plugin whose DEL hangs, too: what could not be undone is told, and DEL does it", async () => {
  lab.plugin("fake", "sleep 500");
  const conf = lab.conf({ host: slave, ipam: { type: "fake" }, ...patient });
  const added = await lab.run({ command: "ADD", conf });
  expect(added.document).toMatchObject({
    code: 11,
    msg: said,
    details: expect.stringContaining("DEL will try again"),
  });
  lab.plugin("fake", "exit 0");
  expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
  expect(lab.left()).toEqual(nothing);
});

test.each(["ADD", "CHECK", "DEL"])(
  "%s that waits for another run on the same attachment",
  async (command) => {
    const key = attachmentKey("lab-net", { containerId, ifName: "net1" });
    using _held = tryLock(join(lab.stateDir, "locks"), key, Date.now() + 60_000);
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "net1" }], ips: [] };
    const conf = lab.conf({ host: slave, ...patient, ...(command === "CHECK" && { prevResult }) });
    expect((await lab.run({ command, conf })).document).toMatchObject({ code: 11, msg: said });
  },
);

test("a program that IPAM started and left, and that holds its output, is not waited for", async () => {
  lab.plugin(
    "fake",
    `echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}'; sleep 6 2>/dev/null & exit 0`,
  );
  const conf = lab.conf({ host: slave, ipam: { type: "fake" }, ipamTimeoutMs: 3000 });
  const added = await lab.run({ command: "ADD", conf });
  expect(added.document).toMatchObject({ ips: [{ address: "10.0.0.2/24" }] });
});

describe.skipIf(releases.length === 0)(`a VPP that does not answer${unlessMissing}`, () => {
  const faults: readonly (readonly [string, string])[] = [
    ["ADD", "memif_create_v2"],
    ["ADD", "sw_interface_set_flags"],
    ["DEL", "memif_delete"],
    ["GC", "memif_delete"],
    ["STATUS", "show_version"],
  ];
  test.each(faults)("%s, %s", async (command, message) => {
    await using vpp = (await VppServer.start({ api: modelOf(releases.at(-1) ?? "") })).unwrap();
    lab.connect = connect;
    const plain = lab.conf({ host: { ...slave, remote: vpp.remote }, "cni.dev/valid-attachments": [] });
    const before = command === "ADD" ? "VERSION" : "ADD";
    expect(await lab.run({ command: before, conf: plain })).toMatchObject({ exitCode: 0 });
    vpp.fail(message, { kind: "missing" }, 100);
    const stuck = await lab.run({ command, conf: { ...plain, ...patient } });
    expect(stuck.document).toMatchObject({ code: command === "STATUS" ? 51 : 11, msg: said });
    vpp.clearFaults();
    expect(await lab.run({ command: "DEL", conf: plain })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(vpp.vpp.interfaces.all().map(({ name }) => name)).toEqual(["local0"]);
    expect(lab.left()).toEqual(nothing);
  });
});
