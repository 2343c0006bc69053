/** A disk with the records on it that became read-only: each command does what it can, and says what is wrong. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Disk } from "./support/disk.js";
import { CniLab, nothing, slave, type Outcome } from "./support/lab.js";

let lab: CniLab;
let disk: Disk | undefined;
beforeEach(async () => {
  lab = new CniLab();
  lab.plugin("ledger", ledger);
  disk = await Disk.make(lab.stateDir, "size=1m");
});
afterEach(() => {
  disk?.[Symbol.dispose]();
  lab[Symbol.dispose]();
});

const noDisk = "no file system can be mounted here";
const ledger = `case $CNI_COMMAND in ADD) touch "$LEDGER"; echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}';; DEL) rm -f "$LEDGER";; esac`;
const well = { exitCode: 0, stdout: "" };
const readOnly = {
  exitCode: 1,
  document: { code: 5, msg: expect.stringContaining("the file system is read-only: mount it writable") },
};
/** What there is besides the records. */
const left = (): object => ({ ...lab.left(), state: [], ledger: lab.tree(lab.dir).includes("given") });
const noneLeft = { ...nothing, ledger: false };

function run(disk: Disk, command: string, more: object = {}): Promise<Outcome> {
  const conf = lab.conf({ host: slave, ipam: { type: "ledger" }, stateDir: disk.path, ...more });
  return lab.run({ command, conf, env: { LEDGER: join(lab.dir, "given") } });
}

test.for([
  ["where nothing ever was", ""],
  ["where others were before", "locks"],
])("ADD is refused, and DEL after it ends well, %s", async ([, there = ""], { skip }) => {
  if (disk === undefined) return skip(noDisk);
  mkdirSync(join(disk.path, there), { recursive: true });
  await disk.remount("ro");
  expect(await run(disk, "ADD")).toMatchObject(readOnly);
  expect(await run(disk, "DEL")).toMatchObject(well);
  expect(left()).toEqual(noneLeft);
});

test("CHECK looks; DEL and GC take away all but the record, and say so, until it can go", async ({
  skip,
}) => {
  if (disk === undefined) return skip(noDisk);
  const { document: prevResult } = await run(disk, "ADD");
  // As a run leaves it that the host's crash ended.
  const dead = ["k", "0".repeat(32), "1", "1", "1", "0", "ab"].join(",");
  writeFileSync(join(disk.path, "locks", dead), "");
  await disk.remount("ro");
  expect(await run(disk, "CHECK", { prevResult })).toMatchObject(well);
  for (const command of ["DEL", "GC", "DEL"]) {
    expect(await run(disk, command, { "cni.dev/valid-attachments": [] })).toMatchObject(readOnly);
    expect(left()).toEqual(noneLeft);
  }
  expect(disk.records()).toHaveLength(1);
  await disk.remount("rw");
  expect(await run(disk, "DEL")).toMatchObject(well);
  expect(disk.records()).toEqual([]);
});

test("a container's directory on it is told, and stands in nobody's way once it is gone", async ({
  skip,
}) => {
  if (disk === undefined) return skip(noDisk);
  const more = { stateDir: join(lab.dir, "elsewhere"), sharedDir: join(disk.path, "shared") };
  mkdirSync(more.sharedDir);
  await disk.remount("ro");
  expect(await run(disk, "ADD", more)).toMatchObject(readOnly);
  expect(lab.memory.interfaces()).toEqual([]);
  expect(await run(disk, "DEL", more)).toMatchObject(well);
  expect(lab.tree(more.stateDir)).toEqual([]);
});
