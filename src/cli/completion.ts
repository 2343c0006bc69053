import yargs from "yargs";
import type { VSwitch } from "../index.js";
import { connect } from "./connection.js";
import { withGlobals } from "./globals.js";
import { parse } from "./parser.js";
import type { Program } from "./program.js";

/** What the completion script of yargs calls this program with, before the words of the command line. */
const request = "--get-yargs-completions";

/** A prompt waits for it: better no names than late ones. */
const timeoutMs = 1000;

type Names = (vswitch: VSwitch) => Promise<readonly string[]>;

const interfaces =
  (ownOnly: boolean): Names =>
  async (vswitch) => {
    const all = await vswitch.listInterfaces({ timeoutMs, ownOnly });
    return all.unwrapOr([]).map(({ name }) => name);
  };

const bridges =
  (ownOnly: boolean): Names =>
  async (vswitch) => {
    const all = await vswitch.listBridges({ timeoutMs });
    const seen = all.unwrapOr([]).filter(({ mark }) => !ownOnly || mark?.owner === vswitch.owner);
    return seen.map(({ name }) => name);
  };

/** What the arguments of a command name, in order. */
const argumentNames: ReadonlyMap<string, readonly Names[]> = new Map([
  ["attach", [interfaces(true), bridges(false)]],
  ["detach", [interfaces(true)]],
  ["delete", [interfaces(true)]],
  ["show", [interfaces(false)]],
  ["delete-bridge", [bridges(true)]],
]);

const optionNames: ReadonlyMap<string, Names> = new Map([
  ["--bridge", bridges(false)],
  ["--peer", interfaces(false)],
]);

/** Whether a shell asks for completions. */
export const isCompletion = (argv: readonly string[]): boolean => argv.includes(request);

/** What may stand for the last word: names from the switch where one is wanted, else commands and options. */
export async function complete(program: Program): Promise<readonly string[]> {
  const words = program.argv.slice(program.argv.indexOf(request) + 1);
  const names = await fromSwitch(words, program);
  if (names.length > 0) return names;
  const parsed = await parse(program.argv, 80);
  return parsed.kind === "text" ? parsed.text.split("\n").filter((word) => word !== "") : [];
}

/** The names that fit the last word; none where no name is wanted, or no switch answers. */
async function fromSwitch(words: readonly string[], program: Program): Promise<readonly string[]> {
  const current = words.at(-1) ?? "";
  if (current.startsWith("-")) return [];
  const before = words.slice(1, -1);
  const globals = withGlobals(yargs([]))
    .boolean(["no-rollback", "no-create-bridge", "own"])
    .parserConfiguration({ "boolean-negation": false, "parse-positional-numbers": false })
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail((message: string) => {
      throw new Error(message);
    });
  try {
    const args = await globals.parseAsync([...before]);
    const [command = "", ...given] = args._.map(String);
    const wanted = optionNames.get(before.at(-1) ?? "") ?? argumentNames.get(command)?.[given.length];
    if (wanted === undefined) return [];
    const environment = { ...program, globals: args };
    const connected = await connect(environment, { timeoutMs });
    if (connected.isErr()) return [];
    await using vswitch = connected.value;
    return (await wanted(vswitch)).filter((name) => name.startsWith(current));
  } catch {
    // Half a command line need not make sense; the shell shows what is printed, so nothing is.
    return [];
  }
}
