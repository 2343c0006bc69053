/**
 * `npm run demo [-- OPTIONS]`: creates, attaches, shows and deletes an interface, with the commands of `vswitch`. On
 * Open vSwitch if one can be opened, else on the switch in memory. Nothing stays. OPTIONS: those of every command,
 * such as `--db unix:PATH` or `--datapath-type system`.
 */
import { connect, Ok } from "../index.js";
import type { Capabilities, ConnectOptions, Result, VSwitchError } from "../index.js";
import { MemorySwitch } from "../testing/index.js";
import { Interrupts } from "./interrupt.js";
import { main } from "./main.js";
import type { Connect, Program } from "./program.js";
import { engineWords } from "./words.js";

const owner = "vswitch-demo";
const options = ["--owner", owner, ...process.argv.slice(2)];

const { stdin, stdout, stderr, env } = process;

/** Chooses a switch at the first connection, tells which, and stays with it. */
class Choice {
  able: Capabilities | undefined;
  readonly #memory = new MemorySwitch();

  readonly connect: Connect = async (given) => {
    if (this.able === undefined) {
      const chosen = await this.#choose(given);
      if (chosen.isErr()) return chosen;
      this.able = chosen.value;
      stdout.write(`This runs on: ${engineWords(this.able)}\n`);
    }
    return this.able.engine === "memory"
      ? Ok(this.#memory.connect({ owner }))
      : connect({ ...given, engine: "ovs" });
  };

  /** What the switch can do. Only one that cannot be reached is replaced: a sick one is to be seen. */
  async #choose(given: ConnectOptions): Promise<Result<Capabilities, VSwitchError>> {
    const connected = await connect({ ...given, engine: "ovs" });
    if (connected.isOk()) {
      await using vswitch = connected.value;
      return await vswitch.capabilities();
    }
    if (connected.error.kind !== "unreachable") return connected;
    stdout.write(`No Open vSwitch can be reached (${connected.error.message}).\n`);
    return this.#memory.connect({ owner }).capabilities();
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
    ["create", ...creatable(choice.able), "--bridge", "demo-br0", "--tag", "10"],
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
