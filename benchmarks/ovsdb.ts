/** Replicas of a database and transactions on it, by us and by others: see README.md. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { load, machine } from "./support/machine.js";
import {
  ports,
  replays,
  streams,
  syncs,
  transactions,
  warmUp,
  type Bench,
} from "./support/replica-sections.js";
import { schema } from "./support/replica-servers.js";
import { prepare, print } from "./support/replica-turns.js";

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
  const cache = join(import.meta.dirname, "../node_modules/.cache");
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
