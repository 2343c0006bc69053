/** A disk that is full: a real one, of a few pages of memory, with the records on it. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attachmentKey } from "../../src/cni/names.js";
import { tryLock } from "../../src/cni/state/lock.js";
import { Store } from "../../src/cni/state/store.js";
import { Disk } from "./support/disk.js";
import { CniLab, containerId, nothing, slave, switchAway, type Outcome } from "./support/lab.js";

let lab: CniLab;
let disk: Disk | undefined;
beforeEach(async () => {
  lab = new CniLab();
  disk = await Disk.make(lab.stateDir, "size=64k,nr_inodes=100");
});
afterEach(() => {
  disk?.[Symbol.dispose]();
  lab[Symbol.dispose]();
});

const noDisk = "no file system can be mounted here";

const hostLocal = existsSync("/usr/lib/cni/host-local");

const ledger = `case $CNI_COMMAND in ADD) touch "$LEDGER"; echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}';; DEL) rm -f "$LEDGER";; esac`;

describe("a full disk", () => {
  test.for([0, 1, 2, 3, 4, 5, 6])("with %i pages left", async (pages, { skip }) => {
    if (disk === undefined) return skip(noDisk);
    lab.plugin("ledger", ledger);
    const env = { LEDGER: join(lab.dir, "given") };
    // A record of several pages, of which a part may fit.
    const ipam = { type: "ledger", comment: "x".repeat(9000) };
    const conf = lab.conf({ host: slave, ipam, stateDir: disk.path });
    disk.fill(pages);
    const added = await lab.run({ command: "ADD", conf, env });
    const [isThere, records] = [lab.memory.interfaces().length === 1, disk.records()];
    const refused = { exitCode: 1, document: { code: 5, msg: expect.stringContaining("the disk is full") } };
    expect(added).toMatchObject(isThere ? { exitCode: 0 } : refused);
    expect([existsSync(env.LEDGER), records.length]).toEqual(isThere ? [true, 1] : [false, 0]);
    const store = new Store(disk.path);
    expect(store.keys("lab-net")).toHaveLength(records.length);
    for (const key of store.keys("lab-net"))
      expect(store.read(key)).toMatchObject({ record: { state: "added" } });
    disk.fill(0);
    const deleted = await lab.run({ command: "DEL", conf, env });
    expect(deleted).toMatchObject({ exitCode: 0, stdout: "" });
    expect([existsSync(env.LEDGER), disk.records()]).toEqual([false, []]);
    expect({ ...lab.left(), state: [] }).toEqual(nothing);
  });
});

describe("a disk with no room for one file more", () => {
  type Command = "ADD" | "DEL" | "CHECK" | "GC";

  /** What an attachment has besides its record. */
  const allOn = (disk: Disk): object => ({
    sharedDir: join(disk.path, "shared"),
    ...(hostLocal && { ipam: lab.ipam({ dataDir: join(disk.path, "ipam") }) }),
  });

  /** How to run a command on an attachment whose record is on the disk. */
  function given(
    disk: Disk,
    there: object = {},
  ): { readonly run: (command: Command, more?: object) => Promise<Outcome> } {
    const conf = lab.conf({ host: slave, stateDir: disk.path, ...there });
    return { run: (command, more = {}) => lab.run({ command, conf: { ...conf, ...more } }) };
  }

  /** What is there of the attachment. host-local keeps its lock, and which address it gave last. */
  const left = (disk: Disk): object => ({
    interfaces: lab.memory.interfaces().map(({ name }) => name),
    files: lab
      .tree(disk.path)
      .filter((file) => !/^(?:filler|ready)|\/(?:lock|last_reserved_ip.*)$/u.test(file)),
  });

  const gone = { interfaces: [], files: [] };
  const well = { exitCode: 0, stdout: "" };
  const full = { exitCode: 1, document: { code: 5, msg: expect.stringContaining("the disk is full") } };

  test("lets CHECK look, and DEL take everything away", async ({ skip }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk, allOn(disk));
    const { document: prevResult } = await run("ADD");
    disk.fillWithFiles();
    expect(await run("CHECK", { prevResult })).toMatchObject(well);
    expect(await run("DEL")).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });

  test("lets GC take everything away", async ({ skip }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk, allOn(disk));
    await run("ADD");
    disk.fillWithFiles();
    expect(await run("GC", { "cni.dev/valid-attachments": [] })).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });

  test("refuses ADD, and DEL after it has nothing to do", async ({ skip }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk);
    disk.fillWithFiles();
    expect(await run("ADD")).toMatchObject(full);
    expect(await run("DEL")).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });

  test("lets nobody take away what another run works on", async ({ skip }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk);
    await run("ADD");
    const key = attachmentKey("lab-net", { containerId, ifName: "net1" });
    const held = tryLock(new Store(disk.path).locks, key, Date.now() + 60_000);
    const before = left(disk);
    disk.fillWithFiles();
    expect((await run("DEL", { commandTimeoutMs: 500 })).document).toMatchObject({
      code: 11,
      msg: expect.stringContaining("another run of the plugin"),
    });
    expect(await run("GC", { "cni.dev/valid-attachments": [] })).toMatchObject(well);
    expect(left(disk)).toEqual(before);
    held?.[Symbol.dispose]();
    disk.fillWithFiles();
    expect(await run("DEL")).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });

  test("lets DEL succeed while the switch is away, whose interface goes when it is back", async ({
    skip,
  }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk);
    await run("ADD");
    disk.fillWithFiles();
    const { connect } = lab;
    lab.connect = switchAway;
    expect(await run("DEL")).toMatchObject(well);
    expect(disk.records()).toEqual([]);
    expect(lab.memory.interfaces()).toHaveLength(1);
    lab.connect = connect;
    // What has no record but a mark on the switch is not taken away without a claim: an ADD may be making it.
    expect(await run("GC", { "cni.dev/valid-attachments": [] })).toMatchObject(full);
    disk.empty();
    expect(await run("GC", { "cni.dev/valid-attachments": [] })).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });

  test("has DEL say what to do when the record is lost and the switch away", async ({ skip }) => {
    if (disk === undefined) return skip(noDisk);
    const { run } = given(disk);
    await run("ADD");
    rmSync(join(disk.path, "attachments"), { recursive: true });
    disk.fillWithFiles();
    const { connect } = lab;
    lab.connect = switchAway;
    expect(await run("DEL")).toMatchObject(full);
    disk.empty();
    expect(await run("DEL")).toMatchObject(well);
    expect(new Store(disk.path).leftovers()).toHaveLength(1);
    lab.connect = connect;
    expect(await run("DEL")).toMatchObject(well);
    expect(left(disk)).toEqual(gone);
  });
});
