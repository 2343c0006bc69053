/** An IPAM plugin that refuses: DEL ends well where it surely gave no address, and only there. */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RejectedError } from "../../src/index.js";
import { CniLab, nothing, slave, switchAway } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const ips = '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}],"dns":{}}';
const refuse = `echo '{"cniVersion":"1.0.0","code":999,"msg":"invalid CIDR address"}'; exit 1`;
/** Gives an address, and does not take it back. */
const keeps = `case $CNI_COMMAND in ADD) echo '${ips}';; *) ${refuse};; esac`;
const well = { exitCode: 0, stdout: "" };

describe("after an ADD", () => {
  test.each<[string, { readonly type: string }, number]>([
    ["is not there", { type: "nosuch" }, 7],
    ["is a path", { type: "../fake" }, 7],
    ["refuses its configuration", { type: "fake" }, 999],
    ["cannot be started", { type: "foreign" }, 5],
  ])("whose IPAM plugin %s DEL has nothing to give back, and ends well", async (_why, ipam, code) => {
    lab.plugin("fake", refuse);
    writeFileSync(join(lab.bin, "foreign"), "#!/none/such/interpreter\n", { mode: 0o755 });
    const conf = lab.conf({ host: slave, ipam });
    const added = (await lab.run({ command: "ADD", conf })).document;
    expect(added).toMatchObject({ code });
    expect(added).not.toHaveProperty("details");
    expect(lab.left()).toEqual(nothing);
    const deleted = await lab.run({ command: "DEL", conf });
    expect(deleted).toMatchObject(well);
    expect(deleted.stderr).toContain("refuses");
    expect(lab.left()).toEqual(nothing);
  });

  /** The state as it is when a refused ADD asks the plugin to take back: as one has left it that was killed there. */
  async function killedWhileItTookBack(): Promise<void> {
    const then = `${lab.stateDir}.then`;
    lab.plugin("fake", `[ $CNI_COMMAND = DEL ] && cp -r "${lab.stateDir}" "${then}"; ${refuse}`);
    const added = await lab.run({ command: "ADD", conf: lab.conf({ host: slave, ipam: { type: "fake" } }) });
    expect(added.document).toMatchObject({ code: 999 });
    rmSync(lab.stateDir, { recursive: true });
    renameSync(then, lab.stateDir);
    // The claim of the killed run is nobody's.
    rmSync(join(lab.stateDir, "locks"), { recursive: true });
    expect(readdirSync(join(lab.stateDir, "attachments"))).toHaveLength(1);
  }

  // GC asks the plugin once more, for itself.
  test.each(["DEL", "GC"])(
    "that was killed when the IPAM plugin had refused, %s ends well",
    async (command) => {
      await killedWhileItTookBack();
      const conf = lab.conf({ host: slave, ipam: { type: "fake" }, "cni.dev/valid-attachments": [] });
      expect(await lab.run({ command, conf })).toMatchObject(
        // GC asks the plugin once more, for itself.
        command === "DEL" ? well : { document: { code: 999 } },
      );
      expect(lab.left()).toEqual(nothing);
    },
  );

  test("that was killed when the IPAM plugin had refused, the same ADD with a better one works", async () => {
    await killedWhileItTookBack();
    lab.plugin("fake", keeps);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
  });
});

describe("while there may be an address", () => {
  test("DEL of an attachment whose record is lost fails, again and again, until the plugin takes the address back", async () => {
    lab.plugin("fake", keeps);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    for (let nth = 0; nth < 3; nth += 1)
      expect((await lab.run({ command: "DEL", conf })).document).toMatchObject({ code: 999 });
    expect(lab.memory.interfaces()).toEqual([]);
    lab.plugin("fake", `touch "${lab.dir}/$CNI_COMMAND-$CNI_CONTAINERID"`);
    const withoutIt = { ...conf, ipam: undefined };
    expect(await lab.run({ command: "DEL", conf: withoutIt })).toMatchObject(well);
    expect(readdirSync(lab.dir).filter((file) => file.startsWith("DEL-"))).toHaveLength(1);
    expect(lab.left()).toEqual(nothing);
  });

  test("DEL that fails so names the record, and ends well once somebody has removed that", async () => {
    lab.plugin("fake", keeps);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    await lab.run({ command: "ADD", conf });
    rmSync(join(lab.bin, "fake"));
    const { document } = await lab.run({ command: "DEL", conf });
    const [, record = ""] =
      /free it by hand, remove (\S+), and DEL ends$/u.exec(String(document?.["details"])) ?? [];
    rmSync(record);
    expect(await lab.run({ command: "DEL", conf })).toMatchObject(well);
    expect(lab.left()).toEqual(nothing);
  });

  test("GC of what has no record but its mark in the switch fails in the same way", async () => {
    lab.plugin("fake", keeps);
    const host = { engine: "ovs-dpdk", iftype: "vhostuser", vhost: { mode: "client" } };
    const conf = lab.conf({ host, ipam: { type: "fake" }, "cni.dev/valid-attachments": [] });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    const gc = async (): Promise<unknown> => (await lab.run({ command: "GC", conf })).document?.["details"];
    for (let nth = 0; nth < 2; nth += 1) expect(await gc()).toContain("invalid CIDR address");
    expect(lab.memory.interfaces()).toEqual([]);
    lab.plugin("fake", "exit 0");
    expect(await lab.run({ command: "GC", conf })).toMatchObject(well);
    expect(lab.left()).toEqual(nothing);
  });

  test("DEL of an attachment whose record is lost fails while the switch is away", async () => {
    lab.plugin("fake", keeps);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    lab.connect = switchAway;
    for (let nth = 0; nth < 2; nth += 1)
      expect((await lab.run({ command: "DEL", conf })).document).toMatchObject({ code: 999 });
  });

  test("an interface that was found by its mark is found again when the switch did not delete it", async () => {
    lab.plugin("fake", keeps);
    const conf = lab.conf({ host: slave, ipam: { type: "fake" } });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    lab.plugin("fake", "exit 0");
    const failure = new RejectedError({
      operation: "deleteInterface",
      reason: "BUSY",
      details: "",
      message: "busy",
    });
    lab.memory.failNext("deleteInterface", failure, "before");
    // Of what it refuses the plugin knows no name.
    const refused = { ...conf, host: { ...slave, vlann: 5 } };
    expect((await lab.run({ command: "DEL", conf: refused })).document).toMatchObject({ msg: "busy" });
    expect(await lab.run({ command: "DEL", conf: refused })).toMatchObject(well);
    expect(lab.memory.interfaces()).toEqual([]);
    expect(existsSync(join(lab.stateDir, "attachments"))).toBe(true);
    expect(lab.tree(lab.stateDir)).toEqual([]);
  });
});
