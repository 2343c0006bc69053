import { readFileSync } from "node:fs";
import { InvalidError, type UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { readObject } from "../../jsonrpc/read-object.js";
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
  const json = readObject(text);
  if (!json.ok) return Err(noSchema(operation, file, new Fault("JSON", `no JSON object: ${json.why}`)));
  const schema = parseSchema(json.value);
  return schema instanceof Fault ? Err(noSchema(operation, file, schema)) : Ok(schema);
}

function noSchema(operation: string, file: string, { path, expected, got }: Fault): InvalidError {
  const where = path === "" ? file : `${file}: ${path}`;
  const message = `${operation}: ${where} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path: where, expected, got, message });
}
