import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import * as v from "valibot";
import { replicaResult, type ReplicaResult } from "./replica-result.js";

const exec = promisify(execFile);
const benchmarks = dirname(import.meta.dirname);

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/**
 * What a contestant can be told to do, as `program REMOTE task ...`: `sync [TIMES]`, all rows of Bench, so many times;
 * `drain SCHEMA`, `parse SCHEMA`, the bytes of all rows; `ports [TIMES|SCHEMA]`, all rows of a switch; `follow`, changes
 * until the last one; `replay [SCHEMA]`, all rows of Bench and changes until the last one; `transact COUNT WINDOW WARM_UP`, behind so many that do not count; `churn COUNT [replica|SCHEMA]`, ports added and taken away; `idle`, nothing.
 */
type Task = "sync" | "drain" | "parse" | "ports" | "follow" | "replay" | "transact" | "churn" | "idle";

/** Who takes part under which name: the program, the task, what more it is told. */
export interface Turn {
  readonly name: string;
  readonly program: readonly string[];
  readonly task: Task;
  readonly more: readonly string[];
}

export interface Programs {
  readonly ours: readonly string[];
  readonly socket: readonly string[];
  readonly libovsdb: readonly string[] | undefined;
  readonly python: readonly string[] | undefined;
}

/** The contestants that can run here. */
export async function prepare(folder: string): Promise<Programs> {
  const tsup = join(benchmarks, "../node_modules/.bin/tsup");
  const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", folder];
  for (const file of ["replica-ours", "replica-socket"])
    await exec(tsup, [join(benchmarks, "contestants", `${file}.ts`), ...output]);
  const node = (file: string) => [process.execPath, join(folder, `${file}.js`)];
  const program = join(folder, "libovsdb-replica");
  const build = [
    "build",
    "-C",
    join(benchmarks, "peers/libovsdb-replica"),
    "-mod=readonly",
    "-buildvcs=false",
  ];
  const libovsdb = await exec("go", [...build, "-o", program, "."]).then(
    () => [program],
    (error: unknown) => print(`Left out: libovsdb: ${String(error)}`),
  );
  const interpreter = "/usr/bin/python3";
  const python = await exec(interpreter, ["-c", "import ovs.db.idl"]).then(
    () => [interpreter, "-B", join(benchmarks, "peers/python/replica.py")],
    (error: unknown) => print(`Left out: python3-openvswitch: ${String(error)}`),
  );
  return {
    ours: node("replica-ours"),
    socket: node("replica-socket"),
    libovsdb: libovsdb ?? undefined,
    python: python ?? undefined,
  };
}

/** A turn of a program, if that can run here. */
export function turn(
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

export type Results = ReadonlyMap<string, readonly ReplicaResult[]>;

/** Contestants take turns, each round beginning with the next of them; a first round does not count. */
export async function interleave(
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
