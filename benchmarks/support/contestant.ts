import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as v from "valibot";
import type { Measured } from "./protocol.js";

const versionsReply = v.object({ versions: v.record(v.string(), v.string()) });
const doneReply = v.object({});
const createdReply = v.object({ ofport: v.nullable(v.number()) });
const measuredReply = v.object({
  createNs: v.array(v.number()),
  deleteNs: v.array(v.number()),
  cpuUs: v.number(),
});
const errorReply = v.object({ error: v.string() });

/** How long one answer may take. Blocks are seconds; this ends a run in which something hangs. */
const answerTimeoutMs = 120_000;

/** A contestant's process and the talk with it (see protocol.ts). */
export class Contestant implements AsyncDisposable {
  readonly name: string;
  /** The versions of the parts that this contestant is made of. */
  versions: Readonly<Record<string, string>> = {};
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #replies: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  private constructor(name: string, command: readonly [string, ...string[]]) {
    this.name = name;
    const [program, ...programArguments] = command;
    this.#process = spawn(program, programArguments, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#process, "close");
    // A write to a process that died is seen as the missing answer, which says more.
    this.#process.stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#replies = this.#lines[Symbol.asyncIterator]();
  }

  /** Starts the process and waits until it is ready. */
  static async start(name: string, command: readonly [string, ...string[]]): Promise<Contestant> {
    const contestant = new Contestant(name, command);
    try {
      contestant.versions = (await contestant.#read("start", versionsReply)).versions;
    } catch (error) {
      await contestant[Symbol.asyncDispose]();
      throw error;
    }
    return contestant;
  }

  async open(): Promise<void> {
    await this.#ask("open", doneReply);
  }

  async create(port: string): Promise<number | null> {
    return (await this.#ask(`create ${port}`, createdReply)).ofport;
  }

  async delete(port: string): Promise<void> {
    await this.#ask(`delete ${port}`, doneReply);
  }

  async run(count: number, prefix: string): Promise<Measured> {
    return this.#ask(`run ${count} ${prefix}`, measuredReply);
  }

  async close(): Promise<void> {
    await this.#ask("close", doneReply);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    const patience = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await this.#ended.catch(() => undefined);
    clearTimeout(patience);
    this.#lines.close();
  }

  async #ask<T>(command: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
    this.#process.stdin.write(`${command}\n`);
    return this.#read(command, schema);
  }

  async #read<T>(command: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
    const patience = setTimeout(() => this.#process.kill("SIGKILL"), answerTimeoutMs);
    const line = await this.#replies.next();
    clearTimeout(patience);
    if (line.done === true) throw new Error(`${this.name} ended without an answer to "${command}"`);
    const reply: unknown = JSON.parse(line.value);
    if (v.is(errorReply, reply)) throw new Error(`${this.name}, ${command}: ${reply.error}`);
    return v.parse(schema, reply);
  }
}
