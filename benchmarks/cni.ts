/** Runs the CNI plugin as a runtime does, a process for each command, by us and by others: see README.md. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as v from "valibot";
import { cProgram } from "./contestants/build.js";
import * as cni from "./contestants/cni.js";
import * as engines from "./support/cni-engines.js";
import * as report from "./support/cni-report.js";
import { interleaveCni, type CniRounds } from "./support/cni-rounds.js";
import { ContestantProcess } from "./support/contestant-process.js";
import { Launcher } from "./support/launch.js";
import { load, machine } from "./support/machine.js";
import { targetLine } from "./support/report.js";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Settings {
  readonly rounds: number;
  readonly pairs: number;
  readonly warmUp: number;
  readonly engines: readonly engines.Engine["kind"][];
  readonly only: readonly string[];
  readonly api: string;
  readonly json: string;
}

function settings(): Settings {
  const shared = join(import.meta.dirname, "../../shared/vpp-api");
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      pairs: { type: "string", default: "3" },
      "warm-up": { type: "string", default: "50" },
      engine: { type: "string", multiple: true, default: ["vpp", "ovs"] },
      only: { type: "string", multiple: true, default: [...cni.cniNames] },
      api: { type: "string", default: join(process.env["VPP_API_DIR"] ?? shared, "26.06") },
      json: { type: "string", default: join(tmpdir(), "vswitch-drivers-cni.json") },
    },
  });
  const count = v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(1));
  return {
    rounds: v.parse(count, values.rounds),
    pairs: v.parse(count, values.pairs),
    warmUp: v.parse(count, values["warm-up"]),
    engines: v.parse(v.array(v.picklist(["vpp", "ovs"])), values.engine),
    only: v.parse(v.array(v.picklist(cni.cniNames)), values.only),
    api: values.api,
    json: values.json,
  };
}

/** `vswitch serve --cni`, until it is disposed of. */
class Service implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start({ buildFolder, socket }: cni.Place): Promise<Service> {
    const args = [join(buildFolder, "dist/cli/vswitch.js"), "serve", "--cni", "--socket", socket];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    for (let waits = 0; !existsSync(socket); waits++) {
      if (child.exitCode !== null || waits > 500) throw new Error("the service does not start");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return new Service(child);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
  }
}

/** The contestants that have something to do with a switch. */
const competitorsOf = (
  engine: engines.Engine,
  prepared: readonly cni.PreparedCni[],
): readonly cni.CniContestant[] =>
  prepared.filter(
    (each): each is cni.CniContestant => !("missing" in each) && each.start("ADD", engine) !== undefined,
  );

/** The same again with a look at the clock between our contestants and the switch. */
async function watched(
  options: CniRounds,
  { buildFolder, socketFolder }: cni.Place,
): Promise<report.Results> {
  const { engine } = options;
  const contestants = options.contestants.filter(({ name }) => name === cni.kept || name === cni.served);
  const path = join(socketFolder, `relay-${engine.kind}.sock`);
  const program = await cProgram(buildFolder, "relay");
  const target = engine.remote.replace(/^unix:/u, "");
  await using relay = await ContestantProcess.start("relay", [program, path, target]);
  return await interleaveCni({
    ...options,
    warmUp: options.pairs,
    contestants,
    watch: { relay, remote: `unix:${path}` },
  });
}

async function measure(
  kind: engines.Engine["kind"],
  place: cni.Place,
  prepared: readonly cni.PreparedCni[],
  { rounds, pairs, warmUp, api }: Settings,
): Promise<object> {
  const open = kind === "ovs" ? engines.openVSwitch() : engines.vpp(place, api);
  await using engine = await open;
  await using service = await Service.start(place);
  const launcher = await Launcher.build(place.buildFolder);
  const contestants = competitorsOf(engine, prepared);
  const options = { launcher, engine, contestants, rounds, pairs, warmUp, servicePid: service.pid };
  const results = await interleaveCni(options);
  const looked = await watched(options, place);
  print(`\n## ${engine.title}\n\n${report.resultTable(results)}\n`);
  print(`${report.shareTable(looked)}\n`);
  for (const target of report.targets(kind, results, looked)) print(targetLine(target));
  return {
    engine: engine.title,
    load: load(),
    results: report.samplesOf(results),
    watched: report.samplesOf(looked),
  };
}

/** What cannot be measured here is said, and the rest goes on. */
async function attempt(what: string, work: () => Promise<object>): Promise<object> {
  try {
    return await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    print(`\nLeft out: ${what}: ${why}`);
    return { leftOut: what, why };
  }
}

async function main(): Promise<void> {
  const chosen = settings();
  const cache = join(import.meta.dirname, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const buildFolder = await mkdtemp(join(cache, "vswitch-drivers-cni-"));
  const socketFolder = await mkdtemp(join(tmpdir(), "vswitch-cni-"));
  try {
    const place: cni.Place = { buildFolder, socketFolder, socket: join(socketFolder, "vswitch.sock") };
    const prepared = await cni.prepareCni(chosen.only, place);
    for (const entry of prepared) if ("missing" in entry) print(`Left out: ${entry.name}: ${entry.missing}`);
    const amount = `${chosen.rounds}, of ${chosen.pairs} ADDs and DELs; ${chosen.warmUp} by the service before`;
    const about = { ...machine(), node: process.version, rounds: amount, "load before": load() };
    for (const [name, value] of Object.entries(about)) print(`- ${name}: ${value}`);
    const results: object[] = [];
    for (const kind of chosen.engines)
      results.push(await attempt(kind, () => measure(kind, place, prepared, chosen)));
    const document = { date: new Date().toISOString(), ...about, "load after": load(), results };
    await writeFile(chosen.json, JSON.stringify(document));
    print(`\nLoad average after: ${load()}. Every sample: ${chosen.json}`);
  } finally {
    await rm(buildFolder, { recursive: true });
    await rm(socketFolder, { recursive: true });
  }
}

await main();
