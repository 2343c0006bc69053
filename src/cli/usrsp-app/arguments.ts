import yargs, { type Argv } from "yargs";
import { longestTimer } from "../../core/call.js";
import { textOption } from "../globals.js";
import { version } from "../version.js";

/** What becomes of the interfaces. */
const verbs = {
  vpp: "configure the container's own VPP: the interface, up, with its addresses or on its bridge",
  eal: "print DPDK's EAL arguments (--vdev=...), for testpmd and every other DPDK application",
  json: "print a list of JSON documents, one an interface",
  env: "print shell variables (USRSP_COUNT, USRSP_0_SOCKET, ...), for eval",
  id: "print the id of this container's sandbox, as the plugin knows it",
} as const;

/** What the program was asked for. */
export interface Arguments {
  readonly verb: keyof typeof verbs;
  readonly dir: readonly string[] | undefined;
  readonly annotations: string | undefined;
  readonly memifDir: string | undefined;
  readonly interface: readonly string[] | undefined;
  readonly count: number | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly watch: boolean;
  readonly lines: boolean;
  readonly db: string | undefined;
}

export type Parsed =
  | { readonly kind: "run"; readonly args: Arguments }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "misused"; readonly message: string };

const manyTexts = (describe: string) => ({
  describe,
  array: true,
  nargs: 1,
  requiresArg: true,
  coerce: (given: unknown): readonly string[] | undefined =>
    Array.isArray(given) && given.length > 0 ? given.map(String) : undefined,
});

const seconds =
  (option: string, least: number) =>
  (given: unknown): number | undefined => {
    if (given === undefined) return undefined;
    const value = typeof given === "string" && /^\d+(?:\.\d+)?$/u.test(given) ? Number(given) : Number.NaN;
    const ms = value === 0 && least === 0 ? longestTimer : Math.ceil(value * 1000);
    if (ms >= 1 && ms <= longestTimer) return ms;
    throw new Error(`--${option} is ${JSON.stringify(given)}; expected seconds, such as 5 or 0.5`);
  };

function count(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "string" && /^[1-9]\d{0,3}$/u.test(given)) return Number(given);
  throw new Error(`--count is ${JSON.stringify(given)}; expected a number of interfaces, at least 1`);
}

const epilogue = [
  "What the plugin handed over is looked for in the directories and in the pod's annotations, the forms of the old",
  "Userspace CNI included. Exit codes: 0 done; 1 any error, with a message on standard error; 130, 143 interrupted.",
].join("\n");

function grammar(width: number) {
  const parser = yargs([])
    .detectLocale(false)
    .locale("en")
    .scriptName("usrsp-app")
    .usage("The container's side of a userspace network.\n\nUsage: $0 COMMAND [OPTIONS]")
    .exitProcess(false)
    .parserConfiguration({
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "greedy-arrays": false,
    })
    .options({
      dir: manyTexts(
        "directory that the container shares with the host; may be given many times (default: /var/lib/cni/usrspcni and /var/run/vpp/cni/data)",
      ),
      annotations: textOption(
        "annotations",
        "file with the pod's annotations, from the downward API (default: /etc/podinfo/annotations)",
      ),
      "memif-dir": textOption(
        "memif-dir",
        "where the memif sockets of the old plugin's first release are (default: /var/run/vpp/cni/shared)",
      ),
      interface: manyTexts("wait for this interface, and take no others; may be given many times"),
      count: {
        describe: "wait for so many interfaces (default: 1)",
        nargs: 1,
        requiresArg: true,
        coerce: count,
      },
      timeout: {
        alias: "t",
        describe: "give up waiting after so many seconds; 0: never (default: 60)",
        nargs: 1,
        requiresArg: true,
        coerce: seconds("timeout", 0),
      },
      watch: { type: "boolean", default: false, describe: "go on: do it again whenever something changes" },
      interval: {
        describe: "look so often, in seconds (default: 0.5)",
        nargs: 1,
        requiresArg: true,
        coerce: seconds("interval", 1),
      },
    })
    .demandCommand(1, "missing command name")
    .strict()
    .strictCommands()
    .showHelpOnFail(false)
    .help("help", "show this help")
    .alias("help", "h")
    .version("version", "print the version", `usrsp-app ${version()}`)
    .alias("version", "V")
    .epilogue(epilogue)
    .wrap(width);
  return parser;
}

type Options = ReturnType<typeof grammar> extends Argv<infer T> ? T : never;

interface Own {
  readonly db?: string | undefined;
  readonly lines?: boolean | undefined;
}

const isOwn = (value: unknown): value is Own => typeof value === "object" && value !== null;

function argumentsOf(verb: Arguments["verb"], given: Options): Arguments {
  const own: unknown = given;
  return {
    verb,
    dir: given.dir,
    annotations: given.annotations,
    memifDir: given["memif-dir"],
    interface: given.interface,
    count: given.count,
    timeout: given.timeout ?? 60_000,
    interval: given.interval ?? 500,
    watch: given.watch,
    lines: isOwn(own) && own.lines === true,
    db: isOwn(own) ? own.db : undefined,
  };
}

/** Reads the arguments. `width`: of the help, in columns. */
export async function parse(argv: readonly string[], width: number): Promise<Parsed> {
  let chosen: Parsed | undefined;
  const choose =
    (verb: Arguments["verb"]) =>
    (given: Options): void => {
      chosen = { kind: "run", args: argumentsOf(verb, given) };
    };
  const parser = grammar(width)
    .command(
      "vpp",
      verbs.vpp,
      (y) =>
        y.option(
          "db",
          textOption("db", "the container's VPP: unix:PATH of its API socket (default: /run/vpp/api.sock)"),
        ),
      choose("vpp"),
    )
    .command(
      "eal",
      verbs.eal,
      (y) => y.option("lines", { type: "boolean", describe: "one argument a line" }),
      choose("eal"),
    )
    .command("json", verbs.json, (y) => y, choose("json"))
    .command("env", verbs.env, (y) => y, choose("env"))
    .command("id", verbs.id, (y) => y, choose("id"));
  const onParsed = (error: Error | null | undefined, _args: unknown, text: string): void => {
    if (error) chosen = { kind: "misused", message: error.message.replaceAll(/\s*\n\s*/gu, "; ") };
    else if (chosen === undefined || chosen.kind === "text") chosen = { kind: "text", text };
  };
  try {
    await parser.parse([...argv], {}, onParsed);
  } catch (error) {
    chosen ??= { kind: "misused", message: error instanceof Error ? error.message : String(error) };
  }
  return chosen ?? { kind: "text", text: "" };
}
