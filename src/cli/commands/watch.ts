import type { Argv } from "yargs";
import { Err, Ok, type InterfaceInfo, type Result, type VSwitchError, type WatchEvent } from "../../index.js";
import { onSwitch, type Session } from "../connection.js";
import type { GlobalOptions } from "../globals.js";
import type { Choose } from "../program.js";
import { printable, type Style } from "../style.js";
import { linkWords, placeWords, typeWords } from "../words.js";

function state(info: InterfaceInfo, style: Style): string {
  const error = info.error === null ? "" : style("red", `error: ${printable(info.error)}`);
  return [
    style("bold", printable(info.name)),
    typeWords(info),
    placeWords(info),
    linkWords(info, style),
    error,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

function line(event: Exclude<WatchEvent, { kind: "lost" }>, style: Style): string {
  if (event.kind === "ready") return style("dim", "-- that is all for now; changes follow --");
  const what =
    event.kind === "removed" ? style("bold", printable(event.name)) : state(event.interface, style);
  return `${event.kind.padEnd(7)}  ${what}`;
}

/** Prints events until the watch ends, as it does when it is interrupted or nobody reads any more. */
async function print({ vswitch, environment, call }: Session): Promise<Result<null, VSwitchError>> {
  const { output, signal, globals } = environment;
  const until = AbortSignal.any([signal, output.ended]);
  const watch = await vswitch.watch({ ...call(), signal: until });
  if (watch.isErr()) return output.ended.aborted ? Ok(null) : watch;
  for await (const event of watch.value) {
    if (event.kind === "lost") return Err(event.error);
    if (globals.json === true) await output.writeJson(event, "line");
    else await output.write(`${line(event, output.style)}\n`);
  }
  return Ok(null);
}

/** `vswitch watch`: what is there, then every change. */
export const watchCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "watch",
    "tell what is there, then every change until it is interrupted; --json: one document a line",
    (y) => y,
    (args) => choose(args, onSwitch(print)),
  );
