/** What DEL and GC take away, and what they leave. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RejectedError } from "../../src/index.js";
import { CniLab, containerId, nothing, slave } from "./support/lab.js";
import { recordIpam } from "./support/recording-ipam.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const well = { exitCode: 0, stdout: "" };

describe("DEL", () => {
  test.each(["", "/var/run/netns/gone"])("succeeds with the network namespace %j", async (netns) => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    expect(await lab.run({ command: "DEL", conf, netns })).toMatchObject(well);
    expect(lab.left()).toEqual(nothing);
  });

  test("of an interface that the switch does not delete gives address and files back all the same, and is repeated", async () => {
    recordIpam(lab);
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

  test("after a restart of the host, which took interface, socket and directory, gives the address back", async () => {
    recordIpam(lab);
    const conf = lab.conf({ host: slave, ipam: { type: "recorder" } });
    await lab.run({ command: "ADD", conf });
    for (const { name } of lab.memory.interfaces()) lab.memory.removeInterface(name);
    rmSync(lab.sharedDir, { recursive: true });
    expect(await lab.run({ command: "DEL", conf, netns: "" })).toMatchObject(well);
    expect(existsSync(join(lab.dir, `DEL-${containerId}`))).toBe(true);
    expect(lab.tree(lab.stateDir)).toEqual([]);
  });

  test("leaves the administrator's bridge, empty as it is, and the directory that is shared", async () => {
    lab.memory.addForeignBridge("4");
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    await lab.run({ command: "DEL", conf });
    expect(lab.left()).toEqual({ ...nothing, bridges: ["4"] });
    expect(existsSync(lab.sharedDir)).toBe(true);
  });

  test("keeps another attachment's interface that has got the name after a restart", async () => {
    const short = containerId.slice(0, 12);
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    lab.memory.removeInterface(`${short}-net1`);
    const other = lab.conf({ host: slave, name: "other-net", sharedDir: join(lab.dir, "other") });
    const id = `${short}ffff`;
    expect(await lab.run({ command: "ADD", conf: other, containerId: id })).toMatchObject({ exitCode: 0 });
    expect(await lab.run({ command: "DEL", conf })).toMatchObject(well);
    expect(lab.memory.interfaces()).toMatchObject([{ name: `${short}-net1` }]);
    expect(await lab.run({ command: "DEL", conf: other, containerId: id })).toMatchObject(well);
    expect(lab.memory.interfaces()).toEqual([]);
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
