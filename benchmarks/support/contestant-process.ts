import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as v from "valibot";

/** A program and its arguments. */
export type Command = readonly [program: string, ...programArguments: string[]];

const versionsReply = v.object({ versions: v.record(v.string(), v.string()) });
const errorReply = v.object({ error: v.string() });

/** How long one answer may take. Blocks are seconds; this ends a run in which something hangs. */
const answerTimeoutMs = 120_000;

/** A contestant's process, which answers each line of text with one line of JSON. */
export class ContestantProcess implements AsyncDisposable {
  readonly name: string;
  /** The versions of the parts that this contestant is made of. */
  versions: Readonly<Record<string, string>> = {};
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #replies: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  private constructor(name: string, command: Command) {
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
  static async start(name: string, command: Command): Promise<ContestantProcess> {
    const contestant = new ContestantProcess(name, command);
    try {
      contestant.versions = (await contestant.#read("start", versionsReply)).versions;
    } catch (error) {
      await contestant[Symbol.asyncDispose]();
      throw error;
    }
    return contestant;
  }

  /** Where /proc tells of it. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async ask<T>(command: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
    this.#process.stdin.write(`${command}\n`);
    return this.#read(command, schema);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    const patience = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await this.#ended.catch(() => undefined);
    clearTimeout(patience);
    this.#lines.close();
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
