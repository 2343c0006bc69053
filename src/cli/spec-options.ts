import type * as v from "valibot";
import type { Argv, Options } from "yargs";
import { validate } from "../core/validate.js";
import { Err, InvalidError, Ok, type InterfaceType, type Result } from "../index.js";
import { readInput } from "./input.js";
import type { Program } from "./program.js";
import { textOption } from "./globals.js";
import { inOptions } from "./in-options.js";
import { optionIn, type SpecField } from "./spec-fields.js";

/** The values of the options, by their names without hyphens, as the parser gives them. */
export type Arguments = Readonly<Record<string, unknown>>;

function helpOf({ help }: SpecField, type: InterfaceType | undefined): string {
  if (typeof help === "string") return help;
  return (type === undefined ? undefined : help[type]) ?? "";
}

function settings(field: SpecField, group: string, type: InterfaceType | undefined): Options {
  const describe = helpOf(field, type);
  if (field.kind === "refusal") return { describe, group, type: "boolean" };
  if (field.kind === "pairs") return { describe, group, array: true, nargs: 1, requiresArg: true };
  return {
    ...textOption(field.option, describe),
    group,
    ...(field.choices.length > 0 && { choices: field.choices }),
    ...(field.required && { demandOption: true }),
  };
}

/** Gives the parser an option for each field, under a heading of the help. `type` chooses among help texts. */
export function withFields<T>(
  parser: Argv<T>,
  heading: string,
  fields: readonly SpecField[],
  type?: InterfaceType,
): Argv<T> {
  return fields.reduce((next, field) => next.option(field.option, settings(field, heading, type)), parser);
}

/** A text that is a number as one; any other text as it is, for the spec to refuse. */
const number = (text: string): number | string => (/^-?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : text);

function pairs(option: string, texts: readonly unknown[]): Result<Record<string, string>, InvalidError> {
  const entries: [string, string][] = [];
  for (const text of texts) {
    const [, key, value] = /^([^=]*)=(.*)$/su.exec(String(text)) ?? [];
    if (key === undefined || value === undefined) {
      const message = `--${option} is ${JSON.stringify(text)}; expected KEY=VALUE`;
      return Err(
        new InvalidError({
          operation: "vswitch",
          path: option,
          expected: "KEY=VALUE",
          got: String(text),
          message,
        }),
      );
    }
    entries.push([key, value]);
  }
  return Ok(Object.fromEntries(entries));
}

async function read(
  field: SpecField,
  given: unknown,
  program: Program,
): Promise<Result<unknown, InvalidError>> {
  switch (field.kind) {
    case "refusal":
      return Ok(given === true ? false : undefined);
    case "pairs":
      return pairs(field.option, Array.isArray(given) ? given : [given]);
    case "numbers":
      return Ok(String(given).split(",").map(number));
    case "number":
      return Ok(number(String(given)));
    case "file": {
      const content = await readInput(`--${field.option}`, String(given), program);
      return content.map((text) => text.replace(/\r?\n$/u, ""));
    }
    default:
      return Ok(given);
  }
}

const camelCase = (option: string): string =>
  option.replaceAll(/-(.)/gu, (_, letter: string) => letter.toUpperCase());

/** A spec made of what stands on the command line; `given` are the members that are no options, such as the name. */
export async function specFrom<const S extends v.GenericSchema>(
  operation: string,
  schema: S,
  fields: readonly SpecField[],
  input: {
    readonly args: Arguments;
    readonly given: Readonly<Record<string, unknown>>;
    readonly prefix?: string;
  },
  program: Program,
): Promise<Result<v.InferOutput<S>, InvalidError>> {
  const { args, given, prefix = "" } = input;
  const spec: Record<string, unknown> = { ...given };
  for (const field of fields) {
    const argument = args[camelCase(field.option)];
    if (argument === undefined) continue;
    const value = await read(field, argument, program);
    if (value.isErr()) return value;
    if (value.value !== undefined) place(spec, field.path.slice(prefix.length), value.value);
  }
  return inOptions(validate(operation, "spec", schema, spec), optionIn(prefix));
}

function place(spec: Record<string, unknown>, path: string, value: unknown): void {
  const [key = "", inner] = path.split(".");
  if (inner === undefined) spec[key] = value;
  else spec[key] = { ...asObject(spec[key]), [inner]: value };
}

const asObject = (value: unknown): object => (typeof value === "object" && value !== null ? value : {});
