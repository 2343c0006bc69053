/** Replicas of a database and transactions on it, by us and by others: see README.md. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs, promisify } from "node:util";
import * as v from "valibot";
import { startOvsdbServer } from "../test/support/openvswitch.js";
import { fill, fillPorts, rewrite, schema, switchSchemaFile, write } from "./support/replica-servers.js";
import { load, machine } from "./support/machine.js";
import { lastChange, replicaResult, type ReplicaResult } from "./support/replica-result.js";
import { record, Replay } from "./support/replay.js";
import { ratio, summary, type Summary } from "./support/statistics.js";
import { table } from "./support/table.js";

const exec = promisify(execFile);
const here = import.meta.dirname;
const ours = "vswitch-drivers";
const limit = "drain + JSON.parse";
const bare = "bare socket";

/**
 * What a contestant can be told to do, as `program REMOTE task ...`: `sync [TIMES]`, all rows of Bench, so many times;
 * `drain SCHEMA`, `parse SCHEMA`, the bytes of all rows; `ports SCHEMA`, all rows of a switch; `follow`, changes
 * until the last one; `replay [SCHEMA]`, all rows of Bench and changes until the last one; `transact COUNT WINDOW WARM_UP`, behind so many that do not count; `churn COUNT [replica|SCHEMA]`, ports added and taken away; `idle`, nothing.
 */
type Task = "sync" | "drain" | "parse" | "ports" | "follow" | "replay" | "transact" | "churn" | "idle";

/** Who takes part under which name: the program, the task, what more it is told. */
interface Turn {
  readonly name: string;
  readonly program: readonly string[];
  readonly task: Task;
  readonly more: readonly string[];
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Programs {
  readonly ours: readonly string[];
  readonly socket: readonly string[];
  readonly libovsdb: readonly string[] | undefined;
  readonly python: readonly string[] | undefined;
}

/** The contestants that can run here. */
async function prepare(folder: string): Promise<Programs> {
  const tsup = join(here, "../node_modules/.bin/tsup");
  const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", folder];
  for (const file of ["replica-ours", "replica-socket"])
    await exec(tsup, [join(here, "contestants", `${file}.ts`), ...output]);
  const node = (file: string) => [process.execPath, join(folder, `${file}.js`)];
  const program = join(folder, "libovsdb-replica");
  const build = ["build", "-C", join(here, "peers/libovsdb-replica"), "-mod=readonly", "-buildvcs=false"];
  const libovsdb = await exec("go", [...build, "-o", program, "."]).then(
    () => [program],
    (error: unknown) => print(`Left out: libovsdb: ${String(error)}`),
  );
  const interpreter = "/usr/bin/python3";
  const python = await exec(interpreter, ["-c", "import ovs.db.idl"]).then(
    () => [interpreter, "-B", join(here, "peers/python/replica.py")],
    (error: unknown) => print(`Left out: python3-openvswitch: ${String(error)}`),
  );
  return {
    ours: node("replica-ours"),
    socket: node("replica-socket"),
    libovsdb: libovsdb ?? undefined,
    python: python ?? undefined,
  };
}

function turn(
  name: string,
  program: readonly string[] | undefined,
  task: Task,
  ...more: readonly string[]
): readonly Turn[] {
  return program === undefined ? [] : [{ name, program, task, more }];
}

/** One run of a contestant. `meanwhile` is done once it says that it is ready. */
async function run({ program, task, more }: Turn, remote: string, meanwhile?: () => Promise<void>) {
  const [file = "", ...given] = [...program, remote, task, ...more];
  const child = spawn(file, given, { stdio: ["ignore", "pipe", "inherit"], timeout: 300_000 });
  const ended = once(child, "close");
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  if (meanwhile !== undefined) {
    while (!output.startsWith("ready\n")) await once(child.stdout, "data");
    await meanwhile();
  }
  await ended;
  return v.parse(replicaResult, JSON.parse(output.replace(/^ready\n/u, "")));
}

type Results = ReadonlyMap<string, readonly ReplicaResult[]>;

/** Contestants take turns, each round beginning with the next of them; a first round does not count. */
async function interleave(
  turns: readonly Turn[],
  remote: string,
  rounds: number,
  meanwhile?: () => Promise<void>,
): Promise<Results> {
  const results = new Map<string, ReplicaResult[]>(turns.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let place = 0; place < turns.length; place++) {
      const next = turns[(place + round + turns.length) % turns.length];
      if (next === undefined) continue;
      const result = await run(next, remote, meanwhile);
      if (round >= 0) results.get(next.name)?.push(result);
    }
  }
  return results;
}

const digits = (value: number): string => value.toPrecision(3);
const shown = ({ median, min, max }: Summary): string => `${digits(median)} (${digits(min)}-${digits(max)})`;

function report(results: Results, base: string): string {
  const of = (name: string, pick: (result: ReplicaResult) => number): readonly number[] =>
    (results.get(name) ?? []).map(pick);
  const rows = [...results.keys()].map((name) => {
    const stalls = (results.get(name) ?? []).flatMap(({ stallMs }) => stallMs ?? []);
    return [
      name,
      shown(summary(of(name, ({ ms }) => ms))),
      shown(
        ratio(
          of(name, ({ ms }) => ms),
          of(base, ({ ms }) => ms),
        ),
      ),
      shown(summary(of(name, ({ cpuMs }) => cpuMs))),
      shown(
        ratio(
          of(name, ({ cpuMs }) => cpuMs),
          of(base, ({ cpuMs }) => cpuMs),
        ),
      ),
      shown(summary(of(name, ({ peakMiB }) => peakMiB))),
      stalls.length === 0 ? "-" : shown(summary(stalls)),
    ];
  });
  const heading = ["", "ms", `ms, times ${base}`, "CPU ms", `CPU, times ${base}`, "peak MiB", "stall ms"];
  return table(heading, rows);
}

/** Who decodes the rows has decoded the same. */
function checkSame(results: Results): void {
  const sums = new Map([...results].map(([name, [first]]) => [name, `${first?.rows} ${first?.sum}`]));
  const decoded = [...sums].filter(([, sum]) => sum !== "0 0");
  if (new Set(decoded.map(([, sum]) => sum)).size > 1)
    throw new Error(`the contestants do not read the same: ${JSON.stringify(decoded)}`);
}

function lags(results: Results): string {
  const rows = [...results].map(([name, all]) => [
    name,
    shown(summary(all.map(({ lagMs }) => lagMs?.[0] ?? Number.NaN))),
    shown(summary(all.map(({ lagMs }) => lagMs?.[1] ?? Number.NaN))),
    shown(summary(all.map(({ cpuMs, rows: changes }) => (cpuMs * 1000) / changes))),
  ]);
  return table(["", "lag ms, median", "lag ms, p99", "CPU us a row"], rows);
}

/** What one section is measured with. */
interface Bench {
  readonly programs: Programs;
  readonly rounds: number;
  readonly document: Record<string, unknown>;
}

async function syncs({ programs, rounds, document }: Bench, sizes: readonly number[], schemaFile: string) {
  const { ours: own, socket, libovsdb, python } = programs;
  for (const rows of sizes) {
    await using server = await startOvsdbServer({ schema });
    await fill(server, rows);
    const turns = [
      ...turn(ours, own, "sync"),
      ...turn(`${ours}, the 4th time`, own, "sync", "4"),
      ...turn("drain", socket, "drain", schemaFile),
      ...turn(limit, socket, "parse", schemaFile),
      ...turn("Node.js, doing nothing", socket, "idle"),
      ...turn("libovsdb", libovsdb, "sync"),
      ...turn("python3-openvswitch", python, "sync"),
    ];
    const results = await interleave(turns, server.remote, rounds);
    checkSame(results);
    document[`sync ${rows}`] = Object.fromEntries(results);
    print(`\n## Initial sync of ${rows} rows (ovsdb-server ${server.version})\n\n${report(results, limit)}`);
  }
}

/** Who reads every column of a switch. */
function portTurns({ ours: own, socket, libovsdb, python }: Programs): readonly Turn[] {
  return [
    ...turn(ours, own, "ports"),
    ...turn(limit, socket, "parse", switchSchemaFile),
    ...turn("libovsdb", libovsdb, "ports", switchSchemaFile),
    ...turn("python3-openvswitch", python, "ports"),
  ];
}

async function ports({ programs, rounds, document }: Bench, count: number, churns: number) {
  const { ours: own, socket, libovsdb } = programs;
  await using server = await startOvsdbServer();
  await fillPorts(server, count);
  const turns = [...portTurns(programs), ...turn("Node.js, doing nothing", socket, "idle")];
  const results = await interleave(turns, server.remote, rounds);
  checkSame(results);
  document[`ports ${count}`] = Object.fromEntries(results);
  const what = `${count} ports and ${count} interfaces, every column`;
  print(`\n## Initial sync of ${what} (ovsdb-server ${server.version})\n\n${report(results, limit)}`);
  if (churns === 0) return;
  const both = [
    ...turn(ours, own, "churn", String(churns)),
    ...turn(`${ours} with a replica`, own, "churn", String(churns), "replica"),
    ...turn(bare, socket, "churn", String(churns)),
    ...turn(`${bare} with a monitor`, socket, "churn", String(churns), switchSchemaFile),
    ...turn("libovsdb", libovsdb, "churn", String(churns)),
    // It takes tens of milliseconds for each.
    ...turn(
      "libovsdb with a replica, a 20th of it",
      libovsdb,
      "churn",
      String(Math.ceil(churns / 20)),
      "replica",
    ),
  ];
  const churned = await interleave(both, server.remote, rounds);
  document[`churn ${count}`] = Object.fromEntries(churned);
  print(`\n## ${churns} ports added to that bridge and taken away, one by one\n\n${report(churned, ours)}`);
}

async function streams({ programs, rounds, document }: Bench, rates: readonly number[]) {
  await using server = await startOvsdbServer({ schema });
  await fill(server, 10_000);
  const { ours: own, libovsdb, python } = programs;
  const turns = [
    ...turn(ours, own, "follow"),
    ...turn("libovsdb", libovsdb, "follow"),
    ...turn("python3-openvswitch", python, "follow"),
  ];
  for (const rate of rates) {
    const results = await interleave(turns, server.remote, rounds, () => write(server, rate));
    document[`stream ${rate}`] = Object.fromEntries(results);
    print(`\n## Changes of ${rate} rows a second, for 2 s, in a table of 10000\n\n${lags(results)}`);
  }
}

/** The same bytes for all, from memory: no server works meanwhile. */
async function replays(
  { programs, rounds, document }: Bench,
  count: number,
  folder: string,
  schemaFile: string,
) {
  const { ours: own, socket, libovsdb, python } = programs;
  const files = { rows: join(folder, "rows.json"), ports: join(folder, "ports.json") };
  {
    await using server = await startOvsdbServer({ schema });
    await fill(server, 10_000);
    const change = { make: () => rewrite(server, 20_000), ending: lastChange };
    await record(files.rows, server.remote, schema.name, change);
  }
  {
    await using server = await startOvsdbServer();
    await fillPorts(server, count);
    await record(files.ports, server.remote, "Open_vSwitch");
  }
  await using rows = await Replay.listen(join(folder, "rows.sock"), files.rows);
  await using ports = await Replay.listen(join(folder, "ports.sock"), files.ports);
  const ofRows = [
    ...turn(ours, own, "replay"),
    ...turn(limit, socket, "replay", schemaFile),
    ...turn("libovsdb", libovsdb, "replay"),
    ...turn("python3-openvswitch", python, "replay"),
  ];
  const replayed = await interleave(ofRows, rows.remote, rounds);
  checkSame(replayed);
  document["replay rows"] = Object.fromEntries(replayed);
  print(`\n## Replay of 10000 rows and 20000 changes\n\n${report(replayed, limit)}`);
  const switched = await interleave(portTurns(programs), ports.remote, rounds);
  checkSame(switched);
  document["replay ports"] = Object.fromEntries(switched);
  print(`\n## Replay of ${count} ports and ${count} interfaces\n\n${report(switched, limit)}`);
}

/** Transactions of a process before any counts, in which a just-in-time compiler learns the code. */
const warmUp = 1000;

/** What is measured of transactions: the first of a young process, or those of one that has done some. */
interface Age {
  readonly name: string;
  readonly count: number;
  readonly warmUp: number;
}

async function transactions({ programs, rounds, document }: Bench, ages: readonly Age[]) {
  const { ours: own, socket, libovsdb } = programs;
  await using server = await startOvsdbServer({ schema });
  await fill(server, 1000);
  for (const window of ["1", "16", "256"]) {
    for (const { name, count, warmUp } of ages) {
      if (count === 0) continue;
      const more = [String(count), window, String(warmUp)];
      const turns = [
        ...turn(ours, own, "transact", ...more),
        ...turn(bare, socket, "transact", ...more),
        ...turn("libovsdb", libovsdb, "transact", ...more),
      ];
      const results = await interleave(turns, server.remote, rounds);
      document[`transact ${name} ${window}`] = Object.fromEntries(results);
      print(`\n## ${count} transactions, ${window} in flight, ${name}\n\n${report(results, bare)}`);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      rows: { type: "string", multiple: true, default: ["1000", "10000", "100000"] },
      ports: { type: "string", default: "10000" },
      churns: { type: "string", default: "3000" },
      rates: { type: "string", multiple: true, default: ["1000", "10000"] },
      transactions: { type: "string", default: "20000" },
      young: { type: "string", default: "3000" },
      only: {
        type: "string",
        multiple: true,
        default: ["sync", "ports", "replay", "stream", "transactions"],
      },
      json: { type: "string", default: join(tmpdir(), "vswitch-drivers-ovsdb.json") },
    },
  });
  const count = v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(0));
  const rounds = v.parse(v.pipe(count, v.minValue(1)), values.rounds);
  const numbers = (texts: readonly string[]): readonly number[] => texts.map((text) => v.parse(count, text));
  const cache = join(here, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "vswitch-drivers-benchmark-"));
  const document: Record<string, unknown> = { ...machine(), node: process.version, "load before": load() };
  for (const [name, value] of Object.entries(document)) print(`- ${name}: ${String(value)}`);
  try {
    const bench: Bench = { programs: await prepare(folder), rounds, document };
    const schemaFile = join(folder, "bench.ovsschema");
    await writeFile(schemaFile, JSON.stringify(schema));
    if (values.only.includes("sync")) await syncs(bench, numbers(values.rows), schemaFile);
    if (values.only.includes("ports"))
      await ports(bench, v.parse(count, values.ports), v.parse(count, values.churns));
    if (values.only.includes("replay"))
      await replays(bench, v.parse(count, values.ports), folder, schemaFile);
    if (values.only.includes("stream")) await streams(bench, numbers(values.rates));
    if (values.only.includes("transactions")) {
      await transactions(bench, [
        { name: "the first of a process", count: v.parse(count, values.young), warmUp: 0 },
        { name: `behind ${warmUp}`, count: v.parse(count, values.transactions), warmUp },
      ]);
    }
    document["load after"] = load();
    await writeFile(values.json, JSON.stringify(document));
    print(`\nLoad average after: ${load()}. Every sample: ${values.json}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
