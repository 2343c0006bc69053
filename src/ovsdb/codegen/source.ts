import { readFileSync } from "node:fs";
import { InvalidError, type UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { Fault } from "../fault.js";
import { parseSchema } from "../parse-schema.js";
import type { DatabaseSchema } from "../schema.js";
import { unusable } from "./output.js";

/** Reads a schema file, such as `vswitch.ovsschema`. It fails with `invalid` where the file is no schema. */
export function readSchemaFile(file: string): Result<DatabaseSchema, InvalidError | UnreachableError> {
  const operation = "readSchemaFile";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    return Err(unusable(operation, file, cause));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return Err(noSchema(operation, file, new Fault("JSON", cause instanceof Error ? cause.message : "none")));
  }
  const schema = parseSchema(json);
  return schema instanceof Fault ? Err(noSchema(operation, file, schema)) : Ok(schema);
}

function noSchema(operation: string, file: string, { path, expected, got }: Fault): InvalidError {
  const where = path === "" ? file : `${file}: ${path}`;
  const message = `${operation}: ${where} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path: where, expected, got, message });
}
