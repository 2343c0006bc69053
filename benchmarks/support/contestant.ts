import * as v from "valibot";
import { ContestantProcess, type Command } from "./contestant-process.js";
import type { Measured } from "./protocol.js";

const doneReply = v.object({});
const createdReply = v.object({ ofport: v.nullable(v.number()) });
const measuredReply = v.object({
  createNs: v.array(v.number()),
  deleteNs: v.array(v.number()),
  cpuUs: v.number(),
});

/** A contestant's process and the talk with it (see protocol.ts). */
export class Contestant implements AsyncDisposable {
  readonly name: string;
  /** The versions of the parts that this contestant is made of. */
  readonly versions: Readonly<Record<string, string>>;
  readonly #process: ContestantProcess;

  private constructor(process: ContestantProcess) {
    this.#process = process;
    this.name = process.name;
    this.versions = process.versions;
  }

  /** Starts the process and waits until it is ready. */
  static async start(name: string, command: Command): Promise<Contestant> {
    return new Contestant(await ContestantProcess.start(name, command));
  }

  async open(): Promise<void> {
    await this.#process.ask("open", doneReply);
  }

  async create(port: string): Promise<number | null> {
    return (await this.#process.ask(`create ${port}`, createdReply)).ofport;
  }

  async delete(port: string): Promise<void> {
    await this.#process.ask(`delete ${port}`, doneReply);
  }

  async run(count: number, prefix: string): Promise<Measured> {
    return this.#process.ask(`run ${count} ${prefix}`, measuredReply);
  }

  async close(): Promise<void> {
    await this.#process.ask("close", doneReply);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
