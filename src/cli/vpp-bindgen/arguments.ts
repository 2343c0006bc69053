import { readFileSync } from "node:fs";
import yargs from "yargs";
import { version } from "../version.js";

/** API files, and the release they are of. */
export interface Input {
  /** Empty where only one is given without a name. */
  readonly release: string;
  readonly path: string;
}

/** What `generate` is asked for. */
export interface GenerateArguments {
  readonly kind: "generate";
  readonly inputs: readonly Input[];
  readonly out: string;
  readonly modules: readonly string[] | undefined;
  readonly messages: readonly string[] | undefined;
  readonly addresses: "text" | "bytes";
  readonly runtime: string | undefined;
  readonly comments: boolean;
  readonly printWidth: number | undefined;
  readonly unsafe: boolean;
  readonly check: boolean;
  readonly watch: boolean;
}

/** What `diff` is asked for. */
export interface DiffArguments {
  readonly kind: "diff";
  readonly before: string;
  readonly after: string;
  readonly usedIn: string | undefined;
  readonly json: boolean;
}

/** What `check` is asked for. */
export interface CheckArguments {
  readonly kind: "check";
  readonly bindings: string;
  readonly remote: string;
  readonly api: string | undefined;
  readonly usedIn: string | undefined;
  readonly json: boolean;
}

/** What the arguments ask for. */
export type Arguments =
  | GenerateArguments
  | DiffArguments
  | CheckArguments
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "misused"; readonly message: string };

/** `26.06=DIR` or `DIR`. */
function readInput(given: string): Input {
  const named = /^([0-9A-Za-z][0-9A-Za-z._-]*)=(.+)$/.exec(given);
  return { release: named?.[1] ?? "", path: named?.[2] ?? given };
}

/** `--modules a,b --modules @file` as names; a file has one a line, and comments behind `#`. */
function names(given: readonly string[] | undefined): readonly string[] | undefined {
  return given
    ?.flatMap((list) => (list.startsWith("@") ? namesIn(list.slice(1)) : list.split(",")))
    .flatMap(word);
}

function namesIn(file: string): readonly string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, ""));
}

function word(name: string): readonly string[] {
  return name.trim() === "" ? [] : [name.trim()];
}

/** Reads the arguments of the command line. */
export async function parse(argv: readonly string[]): Promise<Arguments> {
  let asked: Arguments | undefined;
  let text = "";
  const parser = yargs([])
    .scriptName("vpp-bindgen")
    .usage("Writes TypeScript bindings from the API files of VPP (*.api.json).")
    .command(
      ["$0", "generate"],
      "write the bindings of one release, or of several in one",
      (command) =>
        command
          .option("in", {
            type: "string",
            array: true,
            demandOption: true,
            requiresArg: true,
            describe: "directory with *.api.json files, as REL=DIR where there are several",
          })
          .option("out", {
            type: "string",
            demandOption: true,
            requiresArg: true,
            describe: "directory to write to",
          })
          .option("modules", {
            type: "string",
            array: true,
            requiresArg: true,
            describe: "only these API files, such as memif,interface, or @FILE with a name a line",
          })
          .option("messages", {
            type: "string",
            array: true,
            requiresArg: true,
            describe: "only these messages, and what answers them; or @FILE",
          })
          .option("addresses", {
            choices: ["text", "bytes"] as const,
            default: "text" as const,
            describe: "how MAC and IP addresses are given",
          })
          .option("runtime", {
            type: "string",
            requiresArg: true,
            describe: "where generated code imports its runtime from",
          })
          .option("comments", { type: "boolean", default: true, describe: "carry the API's comments over" })
          .option("print-width", {
            type: "number",
            requiresArg: true,
            describe: "longest line, as prettier counts (80)",
          })
          .option("unsafe", {
            type: "boolean",
            default: false,
            describe: "also messages that pass addresses in VPP's memory",
          })
          .option("check", {
            type: "boolean",
            describe: "write nothing; exit 1 when files are stale",
          })
          .option("watch", {
            type: "boolean",
            describe: "go on, and write again when API files change",
          })
          .conflicts("check", "watch")
          .example("$0 --in /usr/share/vpp/api --out src/vpp-bindings --modules memif,interface", "")
          .example("$0 --in 22.06=api/22.06 --in 26.06=api/26.06 --out src/vpp-bindings", ""),
      (given) => {
        asked = {
          kind: "generate",
          inputs: given.in.map(readInput),
          out: given.out,
          modules: names(given.modules),
          messages: names(given.messages),
          addresses: given.addresses,
          runtime: given.runtime,
          comments: given.comments,
          printWidth: given.printWidth,
          unsafe: given.unsafe,
          check: given.check === true,
          watch: given.watch === true,
        };
      },
    )
    .command(
      "diff <before> <after>",
      "what changed between two APIs: on the wire, or only in CRC",
      (command) =>
        command
          .positional("before", {
            type: "string",
            demandOption: true,
            describe: "directory with *.api.json files",
          })
          .positional("after", {
            type: "string",
            demandOption: true,
            describe: "directory with *.api.json files",
          })
          .option("used-in", {
            type: "string",
            requiresArg: true,
            describe: "only messages that this source tree uses",
          })
          .option("json", { type: "boolean", default: false, describe: "print JSON" }),
      (given) => {
        const { before, after, usedIn, json } = given;
        asked = { kind: "diff", before, after, usedIn, json };
      },
    )
    .command(
      "check <bindings>",
      "whether a running VPP fits generated bindings; exit 1 when it does not",
      (command) =>
        command
          .positional("bindings", {
            type: "string",
            demandOption: true,
            describe: "directory with generated bindings",
          })
          .option("remote", {
            type: "string",
            requiresArg: true,
            default: "unix:/run/vpp/api.sock",
            describe: "the API socket of VPP",
          })
          .option("api", {
            type: "string",
            requiresArg: true,
            describe: "its *.api.json files, for a VPP before 24.06, which cannot tell them itself",
          })
          .option("used-in", {
            type: "string",
            requiresArg: true,
            describe: "only messages that this source tree uses",
          })
          .option("json", { type: "boolean", default: false, describe: "print JSON" })
          .example("$0 check src/vpp-bindings --remote unix:/run/vpp/api.sock --used-in src", ""),
      (given) => {
        const { bindings, remote, api, usedIn, json } = given;
        asked = { kind: "check", bindings, remote, api, usedIn, json };
      },
    )
    .strict()
    .parserConfiguration({ "parse-positional-numbers": false, "greedy-arrays": false })
    .help("help", "show this help")
    .alias("help", "h")
    .version("version", "print the version", `vpp-bindgen ${version()}`)
    .alias("version", "V")
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(110);
  let failure: Error | undefined;
  try {
    // With a callback, yargs hands misuse to it and throws only what the handlers throw.
    await parser.parseAsync(
      [...argv],
      {},
      (error: Error | null | undefined, _given: unknown, output: string) => {
        failure = error ?? undefined;
        text = output;
      },
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = error;
  }
  if (failure !== undefined) return { kind: "misused", message: oneLine(failure.message || text) };
  return asked ?? { kind: "text", text };
}

function oneLine(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, "; ");
}
