import type { VSwitchError } from "../../core/errors.js";
import type { Result } from "../../core/result.js";
import { parse } from "./arguments.js";
import { runDiff } from "./diff.js";
import { runGenerate } from "./generate.js";
import type { Said } from "./said.js";

/** What the program has of the world, so that it can run inside another one. */
export interface World {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Ends `--watch`, and gives up `check`. */
  readonly signal: AbortSignal;
}

/** The `vpp-bindgen` command. Gives the exit code: 0 done; 1 any error, with `--check` that files are stale, with `check` that a VPP does not fit. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const parsed = await parse(argv);
  if (parsed.kind === "text") {
    world.stdout.write(`${parsed.text}\n`);
    return 0;
  }
  if (parsed.kind === "misused") {
    world.stderr.write(`vpp-bindgen: ${parsed.message}; use --help for help\n`);
    return 1;
  }
  if (parsed.kind === "diff") return tell(runDiff(parsed), world);
  if (parsed.kind === "check") {
    const { runCheck } = await import("./check.js");
    return tell(await runCheck(parsed, world.signal), world);
  }
  const first = tell(runGenerate(parsed), world);
  if (!parsed.watch) return first;
  const { watchSources } = await import("../../vpp/codegen/index.js");
  const paths = parsed.inputs.map(({ path }) => path);
  for await (const _change of watchSources(paths, { signal: world.signal })) tell(runGenerate(parsed), world);
  return 0;
}

function tell(result: Result<Said, VSwitchError>, world: World): 0 | 1 {
  if (result.isErr()) {
    world.stderr.write(`vpp-bindgen: ${result.error.message}\n`);
    return 1;
  }
  const { out, notes, failed } = result.value;
  for (const line of notes) world.stderr.write(`vpp-bindgen: ${line}\n`);
  for (const line of out) world.stdout.write(`${line}\n`);
  return failed ? 1 : 0;
}
