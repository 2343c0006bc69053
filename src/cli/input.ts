import { readFile } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { Err, InvalidError, Ok, type Result } from "../index.js";
import type { Program } from "./program.js";

/** The content of a file that an option names; `-` is standard input. */
export async function readInput(
  option: string,
  file: string,
  { stdin, signal }: Program,
): Promise<Result<string, InvalidError>> {
  try {
    if (file === "-") return Ok(await text(addAbortSignal(signal, stdin)));
    return Ok(await readFile(file, { encoding: "utf8", signal }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return Err(
      new InvalidError({
        operation: "vswitch",
        path: option.replace(/^-+/u, ""),
        expected: "a file that can be read, or - for standard input",
        got: JSON.stringify(file),
        cause,
        message: `${option}: ${file} cannot be read: ${reason}`,
      }),
    );
  }
}
