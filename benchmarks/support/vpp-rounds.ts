import { readFile } from "node:fs/promises";
import type { ContestantProcess } from "./contestant-process.js";
import { Lines } from "./vpp-lines.js";
import { bytesOfSamples, codecTimes, done, measured, type Measured } from "./vpp-protocol.js";

/** How much of each is done in a turn. */
export interface Amounts {
  readonly connects: number;
  readonly pings: number;
  readonly dumps: number;
  readonly messages: number;
}

/** How many pings are under way at a time. */
const windows = [1, 16, 64, 256] as const;

/** Sequential pings take their time: so many times fewer of them are made. */
const fewerSequential = 10;

/** All encode the twelve messages to the same bytes: one that does less than the others would be fast. */
export async function verifyBytes(clients: readonly ContestantProcess[]): Promise<void> {
  let expected: Readonly<Record<string, string>> | undefined;
  for (const client of clients) {
    const found = await client.ask("bytes", bytesOfSamples);
    // The bare socket has no codecs.
    if (Object.keys(found).length === 0) continue;
    expected ??= found;
    for (const [message, bytes] of Object.entries(expected)) {
      if (found[message] !== bytes)
        throw new Error(`${client.name} encodes ${message} as ${found[message] ?? "nothing"}, not ${bytes}`);
    }
  }
}

/**
 * All clients in turn, again and again, so that what else the machine does meets all of them alike. Each round begins
 * with another one, and only one is connected at a time. A first round, in which just-in-time compilers learn the
 * code, is not recorded.
 */
export async function interleaveVpp(
  clients: readonly ContestantProcess[],
  rounds: number,
  amounts: Amounts,
  withCodecs: boolean,
): Promise<Lines> {
  const lines = new Lines();
  for (let round = 0; round <= rounds; round++) {
    const first = round % clients.length;
    for (const client of [...clients.slice(first), ...clients.slice(0, first)]) {
      await turn(client, round === 0 ? new Lines() : lines, amounts, withCodecs);
    }
  }
  for (const { name, pid } of clients) lines.add("the process", "peak memory, MiB", name, await peakMiB(pid));
  return lines;
}

async function turn(
  client: ContestantProcess,
  lines: Lines,
  { connects, pings, dumps, messages }: Amounts,
  withCodecs: boolean,
): Promise<void> {
  const { name } = client;
  const measure = async (line: string, command: string, count: number): Promise<Measured | undefined> => {
    const result = await client.ask(command, measured);
    if ("cannot" in result) return undefined;
    const ns = result.ns.reduce((sum, one) => sum + one, 0);
    lines.add(line, "wall, µs", name, ns / count / 1000);
    lines.add(line, "CPU, µs", name, result.cpuUs / count);
    return result;
  };
  await measure("connect", `connect ${connects}`, connects);
  await client.ask("open", done);
  for (const window of windows) {
    const count = Math.ceil(window === 1 ? pings / fewerSequential : pings);
    await measure(`control_ping, ${window} in flight`, `ping ${window} ${count}`, count);
  }
  const dumped = await measure("dump of all interfaces", `dump ${dumps}`, dumps);
  if (dumped?.details !== undefined) lines.add("dump of all interfaces", "details", name, dumped.details);
  await client.ask("close", done);
  if (!withCodecs) return;
  for (const [message, times] of Object.entries(await client.ask(`codec ${messages}`, codecTimes))) {
    lines.add(message, "encode, CPU ns", name, times.encodeNs);
    lines.add(message, "decode, CPU ns", name, times.decodeNs);
  }
}

/** The most memory that a process had, by /proc (proc_pid_status(5)). */
async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
