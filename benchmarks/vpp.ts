/** Talks to VPP, and generates bindings for it, by us and by others: see README.md. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import * as v from "valibot";
import type { Entry } from "./contestants/build.js";
import { clientNames, clients, generate, generators, ours, server } from "./contestants/vpp.js";
import { ContestantProcess, type Command } from "./support/contestant-process.js";
import { load, machine } from "./support/machine.js";
import { Loopbacks } from "./support/vpp-loopbacks.js";
import { costOf } from "./support/process-cost.js";
import { interleaveVpp, verifyBytes, type Amounts } from "./support/vpp-rounds.js";
import { Lines } from "./support/vpp-lines.js";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Settings {
  readonly rounds: number;
  readonly amounts: Amounts;
  readonly loopbacks: number;
  readonly only: readonly string[];
  readonly api: string;
  readonly json: string;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      pings: { type: "string", default: "20000" },
      dumps: { type: "string", default: "5" },
      messages: { type: "string", default: "100000" },
      loopbacks: { type: "string", default: "5000" },
      only: { type: "string", multiple: true, default: [...clientNames] },
      api: {
        type: "string",
        default: join(
          process.env["VPP_API_DIR"] ?? join(import.meta.dirname, "../../shared/vpp-api"),
          "26.06",
        ),
      },
      json: { type: "string", default: join(tmpdir(), "vswitch-drivers-vpp.json") },
    },
  });
  const count = v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(1));
  return {
    rounds: v.parse(count, values.rounds),
    amounts: {
      connects: 20,
      pings: v.parse(count, values.pings),
      dumps: v.parse(count, values.dumps),
      messages: v.parse(count, values.messages),
    },
    loopbacks: v.parse(count, values.loopbacks),
    only: v.parse(v.array(v.picklist(clientNames)), values.only),
    api: values.api,
    json: values.json,
  };
}

interface Prepared {
  readonly name: string;
  readonly command: Command;
}

/** Makes what can run here ready to start, and says what cannot. */
async function prepare(entries: readonly Entry[], buildFolder: string): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = [];
  for (const entry of entries) {
    const { name } = entry;
    try {
      prepared.push({ name, command: await entry.command(buildFolder) });
    } catch (error) {
      print(`Left out: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return prepared;
}

/** All clients against one server. */
async function measureClients(
  socket: string,
  prepared: readonly Prepared[],
  { rounds, amounts, api }: Settings,
  withCodecs: boolean,
): Promise<Lines> {
  const running: ContestantProcess[] = [];
  try {
    for (const { name, command } of prepared) {
      running.push(await ContestantProcess.start(name, [...command, socket, api]));
    }
    for (const { name, versions } of running) print(`- ${name}: ${JSON.stringify(versions)}`);
    if (withCodecs) await verifyBytes(running);
    return await interleaveVpp(running, rounds, amounts, withCodecs);
  } finally {
    for (const client of running) await client[Symbol.asyncDispose]();
  }
}

/** Every generator in turn, with its whole process. */
async function measureGenerators(buildFolder: string, { rounds, api }: Settings): Promise<Lines> {
  const lines = new Lines();
  const prepared = await prepare(generators, buildFolder);
  for (let round = 0; round <= rounds; round++) {
    const first = round % prepared.length;
    for (const { name, command } of [...prepared.slice(first), ...prepared.slice(0, first)]) {
      const out = join(buildFolder, `bindings-${name}-${round}`);
      await mkdir(out);
      const cost = await costOf(generate(name, command, api, out));
      await rm(out, { recursive: true });
      if (round === 0) continue;
      lines.add("bindings for all of the API", "wall, ms", name, cost.wallMs);
      lines.add("bindings for all of the API", "CPU, ms", name, cost.cpuMs);
      lines.add("bindings for all of the API", "peak memory, MiB", name, cost.peakMiB);
    }
  }
  return lines;
}

async function main(): Promise<void> {
  const chosen = settings();
  if (!existsSync(chosen.api)) throw new Error(`no API files in ${chosen.api}; name them with --api`);
  const cache = join(import.meta.dirname, "../node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const buildFolder = await mkdtemp(join(cache, "vswitch-drivers-benchmark-"));
  const sections: { readonly title: string; readonly lines: Lines }[] = [];
  const section = (title: string, lines: Lines): void => {
    sections.push({ title, lines });
    print(`\n## ${title}\n\n${lines.table(ours)}`);
  };
  try {
    const about = { ...machine(), node: process.version, rounds: chosen.rounds, "load before": load() };
    for (const [name, value] of Object.entries(about)) print(`- ${name}: ${value}`);
    const all = await prepare(
      clients.filter(({ name }) => chosen.only.includes(name)),
      buildFolder,
    );
    const command = [...(await server.command(buildFolder)), chosen.api, String(chosen.loopbacks)] as const;
    await using shipped = await ContestantProcess.start(server.name, [command[0] ?? "", ...command.slice(1)]);
    const title = `Against ${server.name}, with ${chosen.loopbacks} loopbacks`;
    section(title, await measureClients(shipped.versions["socket"] ?? "", all, chosen, true));
    const real = process.env["VPP_API_SOCKET"];
    if (real === undefined) print("\nLeft out: a real VPP; set VPP_API_SOCKET to the API socket of one");
    else {
      await using _loopbacks = await Loopbacks.make(`unix:${real}`, chosen.loopbacks);
      const title = `Against a real VPP, with ${chosen.loopbacks} loopbacks`;
      section(title, await measureClients(real, all, chosen, false));
    }
    section("Generators", await measureGenerators(buildFolder, chosen));
    const results = sections.map(({ title, lines }) => ({ title, lines: lines.samples() }));
    await writeFile(chosen.json, JSON.stringify({ date: new Date().toISOString(), ...about, results }));
    print(`\nLoad average after: ${load()}. Every sample: ${chosen.json}`);
  } finally {
    await rm(buildFolder, { recursive: true });
  }
}

await main();
