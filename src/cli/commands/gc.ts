import type { Argv } from "yargs";
import { Err, InvalidError, Ok, type Collected, type Result, type VSwitchError } from "../../index.js";
import { withInput, type Session } from "../connection.js";
import { textOption, type GlobalOptions } from "../globals.js";
import { readInput } from "../input.js";
import type { Choose, Program, Report } from "../program.js";
import { printable } from "../style.js";

interface Arguments {
  readonly keep?: readonly string[] | undefined;
  readonly keepFile?: string | undefined;
  readonly all?: boolean | undefined;
}

const refuse = (expected: string, message: string): Result<never, InvalidError> =>
  Err(new InvalidError({ operation: "collectGarbage", path: "valid", expected, got: "", message }));

/** The keys that stay. No key at all would delete everything of ours, so that has to be said by `--all`. */
async function keysToKeep(
  args: Arguments,
  program: Program,
): Promise<Result<readonly string[], InvalidError>> {
  const keys = [...(args.keep ?? [])];
  if (args.keepFile !== undefined) {
    const content = await readInput("--keep-file", args.keepFile, program);
    if (content.isErr()) return content;
    keys.push(...content.value.split(/\r?\n/u).filter((key) => key !== ""));
  }
  if (args.all === true && keys.length > 0)
    return refuse(
      "no key with --all",
      "gc: --all deletes everything of ours; leave out --keep and --keep-file, or --all",
    );
  if (args.all !== true && keys.length === 0)
    return refuse(
      "at least one key",
      "gc: no key is to be kept, so everything of ours would go; say --all if that is meant, or give --keep or --keep-file",
    );
  return Ok(keys);
}

function report(collected: Collected, deleted = "deleted"): Report {
  return {
    data: collected,
    text: (style) =>
      [
        ...collected.deleted.map((name) => `${deleted} ${printable(name)}`),
        ...collected.kept.map((name) => style("dim", `kept ${printable(name)}`)),
      ].join("\n"),
    notes: collected.failed.map(({ name, error }) => `${name} stays: ${error.message}`),
    failed: collected.failed.length > 0,
  };
}

/** What `collectGarbage` would do, from the marks in the switch; bridges are not told of. */
async function foretell(
  { vswitch, call }: Session,
  keys: readonly string[],
): Promise<Result<Report, VSwitchError>> {
  const ours = await vswitch.listInterfaces({ ...call(), ownOnly: true });
  return ours.map((all) => {
    const named = (stays: boolean): string[] =>
      all.filter(({ mark }) => keys.includes(mark?.key ?? "") === stays).map(({ name }) => name);
    return report({ deleted: named(false), kept: named(true), failed: [] }, "would delete");
  });
}

/** `vswitch gc`: deletes what is ours and not to be kept. */
export const gcCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "gc",
    "delete our interfaces whose keys are not given, and our empty bridges made on demand",
    (y) =>
      y.options({
        keep: {
          describe: "key of an interface that stays; may be given many times",
          array: true,
          nargs: 1,
          requiresArg: true,
          coerce: (keys: unknown): string[] => (Array.isArray(keys) ? keys.map(String) : []),
        },
        "keep-file": textOption("keep-file", "file with such keys, one a line; -: standard input"),
        all: { type: "boolean", describe: "keep none: delete everything of ours" },
        "dry-run": { type: "boolean", describe: "only tell what would be deleted" },
      }),
    (args) =>
      choose(
        args,
        withInput(
          (program) => keysToKeep(args, program),
          async (session, keys) => {
            if (args.dryRun === true) return foretell(session, keys);
            return (await session.vswitch.collectGarbage(keys, session.change())).map((done) => report(done));
          },
        ),
      ),
  );
