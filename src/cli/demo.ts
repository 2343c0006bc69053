/**
 * `npm run demo [-- OPTIONS]`: creates, attaches, shows and deletes an interface, with the commands of `vswitch`. On
 * Open vSwitch if one can be opened, else on the switch in memory. Nothing stays. OPTIONS: those of every command,
 * such as `--db unix:PATH` or `--datapath-type system`.
 */
import { connect, Ok, type Capabilities, type ConnectOptions } from "../index.js";
import { MemorySwitch } from "../testing/index.js";
import { Interrupts } from "./interrupt.js";
import { main } from "./main.js";
import type { Connect, Program } from "./program.js";
import { engineWords } from "./words.js";

const owner = "vswitch-demo";
const options = ["--owner", owner, ...process.argv.slice(2)];

const { stdin, stdout, stderr, env } = process;

/** Whether there is an Open vSwitch to run on; if not, why. */
async function openVSwitch(given: ConnectOptions): Promise<Capabilities | string> {
  const connected = await connect({ ...given, engine: "ovs" });
  if (connected.isErr()) return connected.error.message;
  await using vswitch = connected.value;
  const able = await vswitch.capabilities();
  return able.isOk() ? able.value : able.error.message;
}

/** Chooses a switch at the first connection, tells which, and stays with it. */
class Choice {
  able: Capabilities | undefined;
  readonly #memory = new MemorySwitch();

  readonly connect: Connect = async (given) => {
    if (this.able === undefined) await this.#choose(given);
    return this.able?.engine === "memory"
      ? Ok(this.#memory.connect({ owner }))
      : connect({ ...given, engine: "ovs" });
  };

  async #choose(given: ConnectOptions): Promise<void> {
    const found = await openVSwitch(given);
    if (typeof found === "string") {
      stdout.write(`There is no Open vSwitch to run on (${found}).\n`);
      const memory = await this.#memory.connect({ owner }).capabilities();
      this.able = memory.unwrap();
    } else this.able = found;
    stdout.write(`This runs on: ${engineWords(this.able)}\n`);
  }
}

/** An interface that this switch can make, as the arguments of `create`. */
function creatable({ interfaceTypes }: Capabilities): readonly string[] {
  if (interfaceTypes["vhost-user"].supported)
    return ["vhost-user", "demo0", "--mode", "client", "--socket", "/tmp/vswitch-demo.sock"];
  return [interfaceTypes.tap.supported ? "tap" : "internal", "demo0"];
}

async function demo(signal: AbortSignal): Promise<number> {
  const choice = new Choice();
  const run = (argv: readonly string[], until = signal): Promise<number> => {
    const world = { stdin, stdout, stderr, env, connect: choice.connect } satisfies Partial<Program>;
    return main({ ...world, argv: [...argv, ...options], signal: until });
  };
  const first = await run(["list", "--own"]);
  if (first !== 0 || choice.able === undefined) return first;
  const steps = [
    ["create", ...creatable(choice.able)],
    ["attach", "demo0", "demo-br0", "--tag", "10"],
    ["show"],
    ["delete", "demo0"],
    ["show"],
  ];
  for (const step of steps) {
    stdout.write(`\n$ vswitch ${step.join(" ")}\n`);
    const code = await run(step);
    if (code !== 0) {
      // With a signal of its own: an interrupted demo leaves nothing either.
      await run(["gc", "--all"], new AbortController().signal);
      return code;
    }
  }
  return 0;
}

using interrupts = new Interrupts();
process.exitCode = await demo(interrupts.signal);
