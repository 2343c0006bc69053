/**
 * This library, as its users use it: one connection, `createInterface` with `attach`, `deleteInterface`.
 *
 * Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY
 */
import process from "node:process";
import { connect, type VSwitch } from "../../src/index.js";
import { owner, taskOf, type Task } from "../support/protocol.js";
import { serve, type Operator } from "../support/serve.js";

class Ours implements Operator {
  readonly versions = { node: process.version };
  readonly #task: Task;
  readonly #wait: boolean;
  #vswitch: VSwitch | undefined;

  constructor(task: Task) {
    this.#task = task;
    this.#wait = task.mode === "wait";
  }

  async open(): Promise<void> {
    this.#vswitch = (await connect({ engine: "ovs", remote: this.#task.remote, owner })).unwrap();
  }

  async create(name: string): Promise<number | null> {
    const { bridge, socketDirectory } = this.#task;
    const made = await this.#open().createInterface(
      {
        type: "vhost-user",
        name,
        mode: "client",
        socket: `${socketDirectory}/${name}.sock`,
        attach: { bridge, createBridge: false },
      },
      { wait: this.#wait },
    );
    const ofport = made.unwrap().native["ofport"];
    return typeof ofport === "number" ? ofport : null;
  }

  async delete(name: string): Promise<void> {
    (await this.#open().deleteInterface(name, { wait: this.#wait })).unwrap();
  }

  async close(): Promise<void> {
    await this.#vswitch?.close();
  }

  #open(): VSwitch {
    if (this.#vswitch === undefined) throw new Error("open comes first");
    return this.#vswitch;
  }
}

await serve(new Ours(taskOf(process.argv.slice(2))));
