import { Err, InvalidError, type Result } from "../index.js";

/**
 * An error about the library's arguments in the words of the command line: it names the option. `optionOf` knows
 * which one stands for a place in them.
 */
export function inOptions<T, E>(
  result: Result<T, E>,
  optionOf: (path: string) => string | undefined,
): Result<T, E | InvalidError> {
  if (result.isOk() || !(result.error instanceof InvalidError)) return result;
  const { operation, path, expected, got, message } = result.error;
  const option = optionOf(path);
  const about = `: ${path} is ${got}; `;
  const at = message.indexOf(about);
  if (option === undefined || at < 0) return result;
  const is = got === "nothing" ? "is missing" : `is ${got}`;
  return Err(
    new InvalidError({
      operation,
      path,
      expected,
      got,
      cause: result.error,
      message: `${option} ${is}; ${message.slice(at + about.length)}`,
    }),
  );
}
