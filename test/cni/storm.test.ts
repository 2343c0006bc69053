/**
 * Many containers at once, a process for each command, and many of them killed. By default few; with CNI_STORM=100 a
 * hundred.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type VSwitch } from "../../src/index.js";
import { CniLab, nothing } from "./support/lab.js";
import { ended, Plugin, type Ran } from "./support/plugin.js";
import { targets, type Target } from "./support/targets.js";

const count = Number(process.env["CNI_STORM"] ?? 24);
const hostLocal = existsSync("/usr/lib/cni/host-local");

let plugin: Plugin;
beforeAll(() => {
  plugin = new Plugin();
}, 120_000);
afterAll(() => plugin[Symbol.dispose]());

/** Runs at most so many at once. */
async function each<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Runs a command and kills it after so many milliseconds, if it still runs then. */
async function killed(
  lab: CniLab,
  command: string,
  conf: unknown,
  id: string,
  afterMs: number,
): Promise<void> {
  const child = plugin.start(lab, { command, conf, id });
  const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  await ended(child);
  clearTimeout(timer);
}

/** What somebody else has on the switch, for as long as the test takes. */
async function foreign(host: Readonly<Record<string, unknown>>): Promise<VSwitch> {
  const engine = host["engine"] === "vpp" ? "vpp" : "ovs";
  const remote = String(host["remote"]);
  const datapathType = engine === "ovs" ? "dummy" : undefined;
  const others = (await connect({ engine, remote, owner: "admin", datapathType })).unwrap();
  const type = engine === "vpp" ? "loopback" : "internal";
  (await others.createInterface({ type, name: "uplink", attach: { bridge: "77" } })).unwrap();
  return others;
}

async function storm(target: Target, lab: CniLab): Promise<void> {
  const conf = lab.conf({ host: target.host(), ipam: lab.ipam(), "cni.dev/valid-attachments": [] });
  const ids = Array.from(
    { length: count },
    (_, nth) => `${nth.toString(16).padStart(4, "0")}${"c".repeat(60)}`,
  );
  const failures: Ran[] = [];
  await each(ids, 8, async (id) => {
    const ran = await plugin.run(lab, { command: "ADD", conf, id });
    if (ran.code !== 0) failures.push(ran);
  });
  expect(failures).toEqual([]);
  expect(lab.addresses()).toHaveLength(count);

  const shuffled = ids.map((id) => ({ id, at: Math.random() })).toSorted((a, b) => a.at - b.at);
  await each(shuffled, 8, ({ id, at }) => killed(lab, "DEL", conf, id, at < 0.5 ? 100 + at * 1200 : 300_000));
  for (let nth = 0; nth < 5; nth += 1) await killed(lab, "GC", conf, "", 100 + Math.random() * 300);
  expect(await plugin.run(lab, { command: "GC", conf })).toEqual({ code: 0, stdout: "" });
}

/** Of each engine one, and the real ones. */
const stormy = targets.filter(({ title }) => /vhost-user client|memif on a bridge/u.test(title));

for (const target of stormy) {
  const available = target.available && hostLocal;
  describe.skipIf(!available)(`${count} containers at once on ${target.title}${target.note}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());

    test("ADDs, then DELs and GCs that are killed, then GC: nothing is left, nothing foreign is touched", async () => {
      using lab = new CniLab();
      await using others = await foreign(target.host());
      const before = await target.content();
      await storm(target, lab);
      expect(lab.left()).toEqual(nothing);
      expect(await target.content()).toEqual(before);
      expect(await others.getInterface("uplink")).toMatchObject({ value: { bridge: "77" } });
      (await others.deleteInterface("uplink")).unwrap();
      (await others.deleteBridge("77")).unwrap();
    }, 600_000);
  });
}
