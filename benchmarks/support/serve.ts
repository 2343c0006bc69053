import { createInterface } from "node:readline";
import type { Measured } from "./protocol.js";

/** What a contestant written in TypeScript has to be able to do. A failure throws. */
export interface Operator {
  readonly versions: Readonly<Record<string, string>>;
  open(): Promise<void>;
  /** Gives the number of the OpenFlow port, or `null` where vswitchd is not waited for. */
  create(name: string): Promise<number | null>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

async function run(operator: Operator, count: number, prefix: string): Promise<Measured> {
  const createNs: number[] = [];
  const deleteNs: number[] = [];
  const cpuBefore = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const name = `${prefix}${i}`;
    const start = process.hrtime.bigint();
    await operator.create(name);
    const between = process.hrtime.bigint();
    await operator.delete(name);
    const end = process.hrtime.bigint();
    createNs.push(Number(between - start));
    deleteNs.push(Number(end - between));
  }
  const cpu = process.cpuUsage(cpuBefore);
  return { createNs, deleteNs, cpuUs: cpu.user + cpu.system };
}

async function answer(operator: Operator, command: string): Promise<object> {
  const [verb = "", first = "", second = ""] = command.split(" ");
  switch (verb) {
    case "open":
      await operator.open();
      return {};
    case "create":
      return { ofport: await operator.create(first) };
    case "delete":
      await operator.delete(first);
      return {};
    case "run":
      return run(operator, Number(first), second);
    case "close":
      await operator.close();
      return {};
    default:
      throw new Error(`no such command: ${command}`);
  }
}

const reply = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Serves the contestants' protocol on the standard input and output until the input ends. */
export const serve = (operator: Operator): Promise<void> =>
  serveCommands(operator.versions, (command) => answer(operator, command));

/** Answers each line of the standard input with one of JSON. What `answering` throws is the answer too. */
export async function serveCommands(
  versions: Readonly<Record<string, string>>,
  answering: (command: string) => Promise<object>,
): Promise<void> {
  reply({ versions });
  for await (const command of createInterface({ input: process.stdin })) {
    try {
      reply(await answering(command));
    } catch (error) {
      reply({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
