/** DEL and GC go by what was recorded: of a configuration that has changed since, of records that are lost or broken. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CniLab, containerId, nothing, slave, switchAway } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
  lab.plugin("ledger", ledger);
});
afterEach(() => lab[Symbol.dispose]());

/** An IPAM plugin with a file for each address that is out, in the directory that its configuration names. */
const ledger = `dir=$(sed -n 's/.*"dataDir":"\\([^"]*\\)".*/\\1/p')
case $CNI_COMMAND in
ADD) mkdir -p "$dir"; touch "$dir/$CNI_CONTAINERID"; echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}';;
DEL) rm -f "$dir/$CNI_CONTAINERID";;
esac`;
const ipam = (dir = "given"): Record<string, unknown> => ({ type: "ledger", dataDir: join(lab.dir, dir) });
const given = (dir = "given"): readonly string[] =>
  existsSync(join(lab.dir, dir)) ? readdirSync(join(lab.dir, dir)) : [];

describe("DEL goes by the record", () => {
  const changes: readonly (readonly [string, Record<string, unknown>])[] = [
    ["an engine that is none", { host: { ...slave, engine: "linux" } }],
    ["no host", { host: undefined }],
    ["a key that is none", { host: { ...slave, vlann: 5 } }],
    ["ends that do not fit", { container: { memif: { role: "slave" } } }],
    [
      "another switch and another directory",
      { sharedDir: "/nowhere", host: { ...slave, remote: "unix:/no" } },
    ],
    ["a bridge of another number", { host: { ...slave, bridge: { bridgeId: 9 } } }],
    ["no IPAM plugin", { ipam: undefined }],
    ["an IPAM plugin that is not there", { ipam: { type: "not-there" } }],
  ];
  test.each(changes)("when the configuration has %s now", async (_what, change) => {
    const conf = lab.conf({ host: slave, ipam: ipam() });
    expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
    expect(given()).toEqual([containerId]);
    expect(await lab.run({ command: "DEL", conf: { ...conf, ...change } })).toMatchObject({
      exitCode: 0,
      stdout: "",
    });
    expect(lab.left()).toEqual(nothing);
    expect(given()).toEqual([]);
  });

  test("when the addresses of its IPAM plugin are elsewhere now", async () => {
    const conf = lab.conf({ host: slave, ipam: ipam("then") });
    await lab.run({ command: "ADD", conf });
    await lab.run({ command: "DEL", conf: { ...conf, ipam: ipam("now") } });
    expect(given("then")).toEqual([]);
  });
});

describe("DEL without a record", () => {
  test("of a configuration that ADD refuses succeeds: the runtime sends it after the ADD, and waits for it", async () => {
    const conf = lab.conf({ host: { ...slave, vlann: 5 }, ipam: ipam() });
    expect((await lab.run({ command: "ADD", conf })).document).toMatchObject({ code: 2 });
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: expect.stringContaining("DEL of what ADD would refuse: "),
    });
    expect(lab.left()).toEqual(nothing);
  });

  test("finds the interface by its mark, also where the configuration is refused now", async () => {
    const conf = lab.conf({ host: slave, ipam: ipam() });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    const changed = { ...conf, host: { ...slave, vlann: 5 } };
    expect(await lab.run({ command: "DEL", conf: changed })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(lab.memory.interfaces()).toEqual([]);
    expect(given()).toEqual([]);
  });

  test("of a configuration that does not say where the records are is refused", async () => {
    for (const wrong of [{ stateDir: "here" }, { name: "" }, { cniVersion: "9.9.9" }]) {
      const ran = await lab.run({ command: "DEL", conf: lab.conf({ host: slave, ...wrong }) });
      expect(ran).toMatchObject({
        exitCode: 1,
        document: { msg: expect.stringMatching(/stateDir|name|9\.9\.9/u) },
      });
    }
  });

  test("while the switch is away is remembered, and done when it is back", async () => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    rmSync(lab.stateDir, { recursive: true });
    const { connect } = lab;
    lab.connect = switchAway;
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    lab.connect = connect;
    await lab.run({ command: "ADD", conf, containerId: "other" });
    expect(lab.memory.interfaces().map(({ name }) => name)).toEqual(["other-net1"]);
    await lab.run({ command: "DEL", conf, containerId: "other" });
    expect(lab.left()).toEqual(nothing);
  });

  test("while the switch is away, and where nothing can be kept, fails, so that the runtime tries again", async () => {
    mkdirSync(lab.stateDir);
    writeFileSync(join(lab.stateDir, "leftover"), "in the way");
    lab.connect = switchAway;
    const ran = await lab.run({ command: "DEL", conf: lab.conf({ host: slave }) });
    expect(ran.document).toMatchObject({ code: 5, msg: expect.stringContaining("for later") });
  });
});

test("many leftovers go at once, when the switch is back, and an attachment that lives again stays", async () => {
  const conf = lab.conf({ host: slave });
  const ids = Array.from({ length: 12 }, (_, nth) => `id-${nth}`);
  for (const id of ids) await lab.run({ command: "ADD", conf, containerId: id });
  const { connect } = lab;
  lab.connect = switchAway;
  for (const id of ids) await lab.run({ command: "DEL", conf, containerId: id });
  lab.connect = connect;
  await lab.run({ command: "ADD", conf, containerId: "id-3" });
  expect(lab.memory.interfaces().map(({ name }) => name)).toEqual(["id-3-net1"]);
  expect(await lab.run({ command: "DEL", conf, containerId: "id-3" })).toMatchObject({ exitCode: 0 });
  expect(lab.left()).toEqual(nothing);
});

describe("GC of a record that cannot be read", () => {
  test.each(["", "{", '{"version":2}', "\0\0\0"])(
    "%j gives its address back, and takes its interface",
    async (text) => {
      const conf = lab.conf({ host: slave, ipam: ipam() });
      for (const id of ["one", "two"]) await lab.run({ command: "ADD", conf, containerId: id });
      const records = join(lab.stateDir, "attachments");
      const broken = readdirSync(records).filter((file) =>
        readFileSync(join(records, file), "utf8").includes('"containerId":"two"'),
      );
      expect(broken).toHaveLength(1);
      for (const file of broken) writeFileSync(join(records, file), text);
      const valid = [{ containerID: "one", ifname: "net1" }];
      const gc = await lab.run({ command: "GC", conf: { ...conf, "cni.dev/valid-attachments": valid } });
      expect(gc).toMatchObject({ exitCode: 0, stdout: "" });
      expect(given()).toEqual(["one"]);
      expect(lab.memory.interfaces().map(({ name }) => name)).toEqual(["one-net1"]);
      expect(readdirSync(records)).toHaveLength(1);
    },
  );

  test("takes what a killed run was writing", async () => {
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf, containerId: "one" });
    const records = join(lab.stateDir, "attachments");
    const [record = ""] = readdirSync(records);
    writeFileSync(
      join(records, `.${record.replace(",one,", ",two,").replace(/^[^,]+/u, (key) => `${key}x`)}.tmp`),
      "{",
    );
    const valid = [{ containerID: "one", ifname: "net1" }];
    await lab.run({ command: "GC", conf: { ...conf, "cni.dev/valid-attachments": valid } });
    expect(readdirSync(records)).toEqual([record]);
  });
});
