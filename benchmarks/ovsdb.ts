/** Replicas of a database and transactions on it, by us and by others: see README.md. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs, promisify } from "node:util";
import * as v from "valibot";
import { RawClient } from "../test/testing/ovsdb/raw-client.js";
import { startOvsdbServer, type OvsdbServer } from "../test/support/openvswitch.js";
import { load, machine } from "./support/machine.js";
import { replicaResult, type ReplicaResult } from "./support/replica-result.js";
import { ratio, summary, type Summary } from "./support/statistics.js";
import { table } from "./support/table.js";

const exec = promisify(execFile);
const here = import.meta.dirname;
const ours = "vswitch-drivers";
const limit = "drain + JSON.parse";
const bare = "bare socket";

const schema = {
  name: "Bench",
  version: "1.0.0",
  tables: {
    Item: {
      isRoot: true,
      indexes: [["name"]],
      columns: {
        name: { type: "string" },
        n: { type: "integer" },
        tags: { type: { key: "integer", min: 0, max: "unlimited" } },
        opts: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        note: { type: { key: "string", min: 0 } },
      },
    },
  },
};

interface Entry {
  readonly name: string;
  readonly sync: readonly string[] | undefined;
  readonly transact: readonly string[] | undefined;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The contestants that can run here. */
async function prepare(folder: string): Promise<readonly Entry[]> {
  const tsup = join(here, "../node_modules/.bin/tsup");
  const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", folder];
  for (const file of ["replica-ours", "replica-socket"])
    await exec(tsup, [join(here, "contestants", `${file}.ts`), ...output]);
  const node = (file: string, task: string) => [process.execPath, join(folder, `${file}.js`), task];
  const entries: Entry[] = [
    { name: ours, sync: node("replica-ours", "sync"), transact: node("replica-ours", "transact") },
    { name: "drain", sync: node("replica-socket", "drain"), transact: undefined },
    { name: limit, sync: node("replica-socket", "parse"), transact: undefined },
    { name: bare, sync: undefined, transact: node("replica-socket", "transact") },
  ];
  const program = join(folder, "libovsdb-replica");
  const build = ["build", "-C", join(here, "peers/libovsdb-replica"), "-mod=readonly", "-buildvcs=false"];
  await exec("go", [...build, "-o", program, "."]).then(
    () => entries.push({ name: "libovsdb", sync: [program, "sync"], transact: [program, "transact"] }),
    (error: unknown) => print(`Left out: libovsdb: ${String(error)}`),
  );
  const python = "/usr/bin/python3";
  await exec(python, ["-c", "import ovs.db.idl"]).then(
    () =>
      entries.push({
        name: "python3-openvswitch",
        sync: [python, "-B", join(here, "peers/python/replica.py"), "sync"],
        transact: undefined,
      }),
    (error: unknown) => print(`Left out: python3-openvswitch: ${String(error)}`),
  );
  return entries;
}

async function fill(server: OvsdbServer, rows: number): Promise<void> {
  using client = await RawClient.connect(server.remote);
  const opts = [
    "map",
    [
      ["owner", "benchmark"],
      ["iface-id", "0123456789abcdef"],
    ],
  ];
  for (let from = 0; from < rows; from += 1000) {
    const operations = Array.from({ length: Math.min(1000, rows - from) }, (_, at) => {
      const n = from + at;
      const uuid = `${n.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
      const row = { name: `item-${n}`, n, tags: ["set", [n, n + 1, n + 2]], opts };
      return { op: "insert", table: "Item", uuid, row };
    });
    await client.request("transact", ["Bench", ...operations]);
  }
}

/** One run of a contestant: `program ... task`, with the remote put before the task. */
async function run(
  command: readonly string[],
  remote: string,
  more: readonly string[],
): Promise<ReplicaResult> {
  const [program = "", ...rest] = command;
  const task = rest.at(-1) ?? "";
  const { stdout } = await exec(program, [...rest.slice(0, -1), remote, task, ...more], { timeout: 300_000 });
  return v.parse(replicaResult, JSON.parse(stdout));
}

type Results = ReadonlyMap<string, readonly ReplicaResult[]>;

/** Contestants take turns, each round beginning with the next of them; a first round does not count. */
async function interleave(
  entries: readonly (readonly [string, readonly string[]])[],
  remote: string,
  more: readonly string[],
  rounds: number,
): Promise<Results> {
  const results = new Map<string, ReplicaResult[]>(entries.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [name, command = []] = entries[(turn + round + entries.length) % entries.length] ?? [""];
      const result = await run(command, remote, more);
      if (round >= 0) results.get(name)?.push(result);
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

const present = (
  entries: readonly Entry[],
  task: "sync" | "transact",
): readonly (readonly [string, readonly string[]])[] =>
  entries.flatMap((entry) => {
    const command = entry[task];
    return command === undefined ? [] : [[entry.name, command] as const];
  });

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      rows: { type: "string", multiple: true, default: ["1000", "10000", "100000"] },
      transactions: { type: "string", default: "3000" },
      json: { type: "string", default: join(tmpdir(), "vswitch-drivers-ovsdb.json") },
    },
  });
  const count = v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(1));
  const rounds = v.parse(count, values.rounds);
  const cache = join(here, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "vswitch-drivers-benchmark-"));
  const document: Record<string, unknown> = { ...machine(), node: process.version, "load before": load() };
  for (const [name, value] of Object.entries(document)) print(`- ${name}: ${String(value)}`);
  try {
    const entries = await prepare(folder);
    for (const rows of values.rows.map((text) => v.parse(count, text))) {
      await using server = await startOvsdbServer({ schema });
      await fill(server, rows);
      const results = await interleave(present(entries, "sync"), server.remote, [], rounds);
      checkSame(results);
      document[`sync ${rows}`] = Object.fromEntries(results);
      print(`\n## Initial sync of ${rows} rows (ovsdb-server ${server.version})\n\n${report(results, ours)}`);
      print(`\nLimit: ${ours} / ${limit}\n\n${report(results, limit)}`);
    }
    await using server = await startOvsdbServer({ schema });
    await fill(server, 1000);
    for (const window of ["1", "16", "256"]) {
      const more = [values.transactions, window];
      const results = await interleave(present(entries, "transact"), server.remote, more, rounds);
      document[`transact ${window}`] = Object.fromEntries(results);
      print(`\n## ${values.transactions} transactions, ${window} in flight\n\n${report(results, bare)}`);
    }
    document["load after"] = load();
    await writeFile(values.json, JSON.stringify(document));
    print(`\nLoad average after: ${load()}. Every sample: ${values.json}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
