import type { Result, VSwitchError } from "../index.js";
import { InvalidError } from "../index.js";
import { complete, isCompletion } from "./completion.js";
import { Interrupted } from "./interrupt.js";
import { Output } from "./output.js";
import { parse, type Parsed } from "./parser.js";
import type { Program, Report } from "./program.js";
import { printable } from "./style.js";

/** Where results and complaints go. */
interface Streams {
  readonly output: Output;
  readonly errors: Output;
}

/** How a command has ended. */
interface Ended {
  readonly code: number;
  readonly endsBySignal?: boolean | undefined;
}

async function complain({ errors }: Streams, message: string): Promise<void> {
  await errors.write(`${errors.style("red", "vswitch:")} ${printable(message)}\n`);
}

async function fail(streams: Streams, error: VSwitchError, json: boolean): Promise<1> {
  if (json) await streams.output.writeJson({ error }, "pretty");
  await complain(streams, error.message);
  for (const left of error.leftBehind) await complain(streams, `left behind: ${left}`);
  return 1;
}

async function misused(streams: Streams, message: string, json: boolean): Promise<1> {
  const hint = `${message}; use --help for help`;
  if (!json) {
    await complain(streams, hint);
    return 1;
  }
  const expected = "arguments as --help tells them";
  return fail(
    streams,
    new InvalidError({ operation: "vswitch", path: "", expected, got: "", message: hint }),
    json,
  );
}

async function tell(streams: Streams, report: Report, json: boolean): Promise<0 | 1> {
  const { output } = streams;
  if (json) await output.writeJson(report.data, "pretty");
  else {
    const text = report.text(output.style, output.width);
    if (text !== "") await output.write(`${text}\n`);
  }
  for (const note of report.notes ?? []) await complain(streams, note);
  return report.failed === true ? 1 : 0;
}

async function execute(
  parsed: Extract<Parsed, { kind: "run" }>,
  streams: Streams,
  program: Program,
): Promise<Ended> {
  const json = parsed.globals.json === true;
  const { globals } = parsed;
  const result: Result<Report | null, VSwitchError> = await parsed.action({
    ...program,
    globals,
    output: streams.output,
  });
  if (result.isErr()) return { code: await fail(streams, result.error, json) };
  if (result.value === null) return { code: 0 };
  return { code: await tell(streams, result.value, json), endsBySignal: result.value.endsBySignal };
}

/**
 * The `vswitch` command. Gives the exit code: 0 done; 1 any error, told on `stderr` and, with `--json`, as
 * `{"error": ...}` on `stdout`; with an {@link Interrupted} signal 128 and its number, but for a command that ends so
 * when all is well. A reader of `stdout` that leaves is no error.
 */
export async function main(program: Program): Promise<number> {
  using output = new Output(program.stdout, program.env);
  using errors = new Output(program.stderr, program.env);
  const streams = { output, errors };
  if (isCompletion(program.argv)) {
    await output.write((await complete(program)).map((word) => `${word}\n`).join(""));
    return 0;
  }
  const parsed = await parse(program.argv, output.width);
  let ended: Ended = { code: 0 };
  switch (parsed.kind) {
    case "text":
      await output.write(`${parsed.text.trimEnd()}\n`);
      break;
    case "misused":
      ended = { code: await misused(streams, parsed.message, program.argv.includes("--json")) };
      break;
    case "run":
      ended = await execute(parsed, streams, program);
      break;
  }
  if (output.error !== undefined) {
    await complain(streams, `standard output cannot be written: ${output.error.message}`);
    ended = { code: 1 };
  }
  const interrupted = program.signal.reason instanceof Interrupted && ended.endsBySignal !== true;
  return interrupted ? program.signal.reason.exitCode : ended.code;
}
