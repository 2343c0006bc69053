/** Creates and deletes a vhost-user client port on a private OVS-DPDK, by us and by others: see README.md. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isDeepStrictEqual, parseArgs } from "node:util";
import * as v from "valibot";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../test/support/openvswitch.js";
import {
  contestantNames,
  floor,
  libraries,
  ours,
  prepare,
  processes,
  type Prepared,
} from "./contestants/index.js";
import type { Contestant } from "./support/contestant.js";
import { load, machine } from "./support/machine.js";
import { owner, portType, type FloorTask, type Task } from "./support/protocol.js";
import { record } from "./support/recorder.js";
import * as report from "./support/report.js";
import { interleave } from "./support/rounds.js";

const bridge = "br0";
const modes = ["wait", "no-wait"] as const;
type Mode = (typeof modes)[number];

const titles: Readonly<Record<Mode, string>> = {
  wait: "Waiting until vswitchd has made and removed the port",
  "no-wait": "Not waiting for vswitchd",
};

interface Settings {
  readonly rounds: number;
  readonly warmUp: number;
  readonly pairs: Readonly<Record<Mode, number>>;
  readonly only: readonly string[];
  readonly modes: readonly Mode[];
  readonly json: string;
}

/** Where it takes place. */
interface Arena {
  readonly prepared: readonly Prepared[];
  readonly buildFolder: string;
  readonly ovs: OpenVSwitch;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      "warm-up": { type: "string", default: "25" },
      pairs: { type: "string", default: "20" },
      "pairs-no-wait": { type: "string", default: "200" },
      only: { type: "string", multiple: true, default: [...contestantNames] },
      mode: { type: "string", multiple: true, default: [...modes] },
      json: { type: "string", default: join(tmpdir(), "vswitch-drivers-ovs-port.json") },
    },
  });
  const count = v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(1));
  const name = v.picklist(contestantNames);
  return {
    rounds: v.parse(count, values.rounds),
    warmUp: v.parse(count, values["warm-up"]),
    pairs: { wait: v.parse(count, values.pairs), "no-wait": v.parse(count, values["pairs-no-wait"]) },
    only: v.parse(v.array(name), values.only),
    modes: v.parse(v.array(v.picklist(modes)), values.mode),
    json: values.json,
  };
}

const listed = v.object({ headings: v.array(v.string()), data: v.tuple([v.array(v.unknown())]) });

/** Columns of the one row of that name, by `ovs-vsctl`. */
async function row(ovs: OpenVSwitch, table: string, name: string, columns: string): Promise<unknown> {
  const text = await ovs.vsctl("--format=json", `--columns=${columns}`, "list", table, name);
  const { headings, data } = v.parse(listed, JSON.parse(text));
  return Object.fromEntries(headings.map((heading, at) => [heading, data[0][at]]));
}

const ofportSchema = v.object({ ofport: v.pipe(v.number(), v.minValue(1)) });

/**
 * One port made and deleted before anything is timed, looked at by a third party: a contestant that does less than the
 * others would be fast.
 */
async function verify(contestant: Contestant, ovs: OpenVSwitch, task: Task): Promise<void> {
  const name = "verify0";
  await contestant.open();
  const told = await contestant.create(name);
  await settle(ovs);
  const found = {
    on: await ovs.vsctl("port-to-br", name),
    interface: await row(ovs, "Interface", name, "type,options,external_ids"),
    port: await row(ovs, "Port", name, "external_ids"),
  };
  const path = `${task.socketDirectory}/${name}.sock`;
  const options = ["map", [["vhost-server-path", path]]];
  const marks = [
    ["vswitch-drivers-key", name],
    ["vswitch-drivers-owner", owner],
  ];
  const external_ids = ["map", marks];
  const expected = {
    on: bridge,
    interface: { type: portType, options, external_ids },
    port: { external_ids },
  };
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`${contestant.name} made ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
  const { ofport } = v.parse(ofportSchema, await row(ovs, "Interface", name, "ofport"));
  if (task.mode === "wait" && contestant.name !== processes && told !== ofport) {
    throw new Error(`${contestant.name} tells of ofport ${String(told)}; it is ${ofport}`);
  }
  await contestant.delete(name);
  await contestant.close();
  await nothingLeft(contestant, ovs);
}

/** Waits until vswitchd has done all that was asked of it. */
async function settle(ovs: OpenVSwitch): Promise<void> {
  await ovs.vsctl("set", "Open_vSwitch", ".", `external_ids:benchmark=${Date.now()}`);
}

async function nothingLeft(contestant: Contestant, ovs: OpenVSwitch): Promise<void> {
  await settle(ovs);
  const ports = await ovs.vsctl("list-ports", bridge);
  const interfaces = await ovs.vsctl("--columns=name", "--bare", "find", "Interface", `type=${portType}`);
  if (ports !== "" || interfaces !== "")
    throw new Error(`${contestant.name} left behind: ${ports} ${interfaces}`);
}

/** Has the driver's own words noted, which the floor then says. */
async function writeRecording(
  prepared: readonly Prepared[],
  ovs: OpenVSwitch,
  task: FloorTask,
): Promise<void> {
  const driver = prepared.find(({ name }) => name === ours);
  if (driver === undefined || "missing" in driver) return;
  const between = { path: join(ovs.dir, "recorder.sock"), target: ovs.remote.replace(/^unix:/u, "") };
  const said = await record(between, (remote) => driver.start({ ...task, remote }));
  await writeFile(task.recording, JSON.stringify(said));
}

async function measure(
  mode: Mode,
  { prepared, buildFolder, ovs }: Arena,
  { rounds, warmUp, pairs, only }: Settings,
): Promise<readonly report.Outcome[]> {
  const recording = join(buildFolder, `${mode}.json`);
  const task: FloorTask = { remote: ovs.remote, bridge, mode, socketDirectory: ovs.vhostSockDir, recording };
  await writeRecording(prepared, ovs, task);
  const contestants: Contestant[] = [];
  try {
    for (const entry of prepared) {
      if ("missing" in entry || !only.includes(entry.name)) continue;
      const contestant = await entry.start(task);
      contestants.push(contestant);
      await verify(contestant, ovs, task);
    }
    const results = await interleave({
      contestants,
      rounds,
      // A process for each change learns nothing.
      warmUp: ({ name }) => (name === processes ? 1 : warmUp),
      // A process for each change takes long enough to be measured in fewer.
      pairs: ({ name }) => (name === processes ? Math.min(pairs[mode], 20) : pairs[mode]),
      serverPid: ovs.server.pid,
      settle: (contestant) => nothingLeft(contestant, ovs),
    });
    return [...results].map(([{ name, versions }, measured]) => ({ name, versions, rounds: measured }));
  } finally {
    for (const contestant of contestants) await contestant[Symbol.asyncDispose]();
  }
}

function targets(mode: Mode, outcomes: readonly report.Outcome[]): readonly report.Target[] {
  const find = (name: string): report.Outcome | undefined =>
    outcomes.find((outcome) => outcome.name === name);
  const us = find(ours);
  if (us === undefined) return [];
  const kept: report.Target[] = [];
  const bare = find(floor);
  if (mode === "wait" && bare !== undefined) {
    const measured = report.timesAsLong(us, bare);
    kept.push(report.target(`at most 1.1 times the ${floor}`, measured, (times) => times <= 1.1));
  }
  const spawned = find(processes);
  if (mode === "no-wait" && spawned !== undefined) {
    const measured = report.timesAsLong(spawned, us);
    kept.push(
      report.target(
        `${processes} --no-wait takes at least 10 times as long`,
        measured,
        (times) => times >= 10,
      ),
    );
  }
  for (const library of libraries) {
    const other = find(library);
    if (other === undefined) continue;
    kept.push(report.target(`${library} takes longer`, report.timesAsLong(other, us), (times) => times > 1));
  }
  return kept;
}

function show(mode: Mode, outcomes: readonly report.Outcome[]): void {
  const base = outcomes.find(({ name }) => name === ours) ?? outcomes[0];
  if (base === undefined) return;
  print(`\n## ${titles[mode]}\n\n${report.resultTable(outcomes, base)}\n\n${report.ratioTable(outcomes)}`);
  const promises = targets(mode, outcomes).map((target) => report.targetLine(target));
  if (promises.length > 0) print(`\n${promises.join("\n")}`);
}

/** All modes one after the other, on one switch. */
async function measureAll(
  prepared: readonly Prepared[],
  buildFolder: string,
  chosen: Settings,
): Promise<void> {
  await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
  await ovs.vsctl("add-br", bridge, "--", "set", "Bridge", bridge, `datapath_type=${ovs.datapathType}`);
  const about = {
    ...machine(),
    node: process.version,
    "Open vSwitch": ovs.version,
    DPDK: ovs.dpdk?.version ?? "none",
    rounds: `${chosen.rounds}, of ${chosen.pairs.wait} pairs waiting, ${chosen.pairs["no-wait"]} not waiting`,
    "load before": load(),
  };
  for (const [name, value] of Object.entries(about)) print(`- ${name}: ${value}`);
  const results = new Map<Mode, readonly report.Outcome[]>();
  for (const mode of chosen.modes) {
    const outcomes = await measure(mode, { prepared, buildFolder, ovs }, chosen);
    if (results.size === 0)
      for (const { name, versions } of outcomes) print(`- ${name}: ${JSON.stringify(versions)}`);
    results.set(mode, outcomes);
    show(mode, outcomes);
  }
  const told = [...results].map(([mode, outcomes]) => ({
    mode,
    contestants: outcomes.map((outcome) => ({ ...outcome, figures: report.figures(outcome) })),
  }));
  const document = { date: new Date().toISOString(), ...about, "load after": load(), results: told };
  await writeFile(chosen.json, JSON.stringify(document));
  print(`\nLoad average after: ${load()}. Every sample: ${chosen.json}`);
}

async function main(): Promise<void> {
  const chosen = settings();
  const { available, note } = availableFlavours().dpdk;
  if (!available) throw new Error(`OVS-DPDK cannot run here${note}`);
  const cache = join(import.meta.dirname, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const buildFolder = await mkdtemp(join(cache, "vswitch-drivers-benchmark-"));
  try {
    // The floor says what the driver says, so it needs the driver.
    const needed = chosen.only.includes(floor) ? [ours, ...chosen.only] : chosen.only;
    const prepared = await prepare(needed, buildFolder);
    for (const entry of prepared) if ("missing" in entry) print(`Left out: ${entry.name}: ${entry.missing}`);
    await measureAll(prepared, buildFolder, chosen);
  } finally {
    await rm(buildFolder, { recursive: true });
  }
}

await main();
