import yargs, { type Argv } from "yargs";
import { attachCommand, detachCommand } from "./commands/attach.js";
import { createBridgeCommand, deleteBridgeCommand, listBridgesCommand } from "./commands/bridges.js";
import { capabilitiesCommand } from "./commands/capabilities.js";
import { createCommand } from "./commands/create.js";
import { deleteCommand } from "./commands/delete.js";
import { doctorCommand } from "./commands/doctor.js";
import { gcCommand } from "./commands/gc.js";
import { listCommand } from "./commands/list.js";
import { serveCommand } from "./commands/serve.js";
import { showCommand } from "./commands/show.js";
import { watchCommand } from "./commands/watch.js";
import { withGlobals, type GlobalOptions, type Globals } from "./globals.js";
import type { Action, Choose } from "./program.js";
import { version } from "./version.js";

const commands = [
  createCommand,
  attachCommand,
  detachCommand,
  deleteCommand,
  listCommand,
  showCommand,
  createBridgeCommand,
  deleteBridgeCommand,
  listBridgesCommand,
  capabilitiesCommand,
  watchCommand,
  gcCommand,
  doctorCommand,
  serveCommand,
] as const;

/** What the arguments ask for. */
export type Parsed =
  | { readonly kind: "run"; readonly globals: Globals; readonly action: Action }
  /** Help, the version, the completion script: to be printed as it is. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "misused"; readonly message: string };

/** yargs in the words of this program. */
const strings = {
  "Argument: %s, Given: %s, Choices: %s": "--%s is %s; expected one of %s",
  "Not enough arguments following: %s": "option --%s requires an argument",
};

/** The arguments that are no options, in what yargs parses. */
interface Words {
  readonly _: readonly unknown[];
}

/** An error of yargs on one line. Its plural texts cannot be set by `updateStrings`. */
const oneLine = (message: string, words: readonly unknown[]): string =>
  message
    .trim()
    // Behind a command, a word too many is no command.
    .replace(/^Unknown command/u, words.length > 1 ? "Unknown argument" : "$&")
    .replaceAll(/\s*\n\s*/gu, "; ")
    .replace(/^Invalid values:; /u, "")
    .replace(/^Not enough non-option arguments:/u, "missing argument:")
    .replace(
      /^Missing required arguments?: (.*)$/u,
      (_, names: string) =>
        `missing option ${names
          .split(", ")
          .map((name) => `--${name}`)
          .join(", ")}`,
    )
    .replace(/^./u, (first) => first.toLowerCase());

const epilogue = [
  "Exit codes: 0 done; 1 any error, with a message on standard error; 130 and 143 interrupted, and undone.",
  "What is asked for and there already, or gone already, is a success.",
].join("\n");

/** The grammar of the command line. `choose` is told what is to be run. */
function grammar(width: number, choose: Choose): Argv<GlobalOptions> {
  const parser = withGlobals(yargs([]).detectLocale(false).locale("en"))
    .updateStrings(strings)
    .scriptName("vswitch")
    .usage(
      "Creates, attaches and deletes interfaces on the virtual switch of this host.\n\nUsage: $0 COMMAND [OPTIONS]",
    )
    .exitProcess(false)
    .parserConfiguration({
      // `--no-wait` is an option of its own.
      "boolean-negation": false,
      // Names may be digits, and `--external-id a.b=c` is one key.
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "dot-notation": false,
      "strip-aliased": true,
      "greedy-arrays": false,
    })
    .demandCommand(1, "missing command name")
    .strict()
    .strictCommands()
    .showHelpOnFail(false)
    .help("help", "show this help")
    .alias("help", "h")
    .version("version", "print the version", `vswitch ${version()}`)
    .alias("version", "V")
    .epilogue(epilogue)
    .wrap(width);
  return commands
    .reduce<Argv<GlobalOptions>>((next, command) => command(next, choose), parser)
    .completion("completion", "print a completion script for bash, zsh or fish, by $SHELL");
}

/** Reads the arguments. `width`: of the help, in columns. */
export async function parse(argv: readonly string[], width: number): Promise<Parsed> {
  let chosen: Parsed | undefined;
  const parser = grammar(width, (globals, action) => {
    chosen = { kind: "run", globals, action };
  });
  // Called again for each command within a command, the outermost last.
  const onParsed = (error: Error | null | undefined, args: Words, text: string): void => {
    if (error) chosen = { kind: "misused", message: oneLine(error.message, args._) };
    else if (chosen === undefined || chosen.kind === "text") chosen = { kind: "text", text };
  };
  try {
    await parser.parse([...argv], {}, onParsed);
  } catch (error) {
    chosen ??= { kind: "misused", message: oneLine(String(error), []) };
  }
  return chosen ?? { kind: "text", text: "" };
}
