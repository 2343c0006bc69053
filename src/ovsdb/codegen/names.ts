import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { shown } from "../fault.js";
import { isId } from "../json.js";
import type { DatabaseSchema } from "../schema.js";
import type { RowTypesOptions } from "./row-types.js";

/** The names that generated types have by default: `OpenVSwitchDatabase` and `openVSwitchSchema` for `Open_vSwitch`. */
export function defaultNames(
  schema: DatabaseSchema,
): Pick<RowTypesOptions, "databaseType" | "schemaConstant"> {
  const words = schema.name.split("_").filter((word) => word !== "");
  const type = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  const [first = "", ...others] = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  const isAcronym = first === first.toUpperCase();
  const start = isAcronym ? first.toLowerCase() : first.slice(0, 1).toLowerCase() + first.slice(1);
  return { databaseType: `${type}Database`, schemaConstant: `${[start, ...others].join("")}Schema` };
}

/** Refuses names that are none, and such as the generated module has already. */
export function checkNames(
  schema: DatabaseSchema,
  { databaseType, schemaConstant, runtimeModule }: RowTypesOptions,
): Result<void, InvalidError> {
  const types = new Set([...schema.tables.keys()].map((table) => `${table}Row`));
  const imported = ["defineSchema", "ExpectedSchema", "Integer", "Uuid"];
  const taken = new Set([...types, ...imported]);
  if (!isId(databaseType) || taken.has(databaseType)) return refused("databaseType", databaseType);
  taken.add(databaseType);
  if (!isId(schemaConstant) || taken.has(schemaConstant)) return refused("schemaConstant", schemaConstant);
  if (runtimeModule === "") {
    return invalid("runtimeModule", "the name or path of a module", shown(runtimeModule));
  }
  return Ok(undefined);
}

function refused(path: string, name: string): Result<never, InvalidError> {
  return invalid(path, "a name of letters, digits and _ that nothing else in the module has", shown(name));
}

function invalid(path: string, expected: string, got: string): Result<never, InvalidError> {
  const operation = "generateRowTypes";
  const message = `${operation}: ${path} is ${got}; expected ${expected}`;
  return Err(new InvalidError({ operation, path, expected, got, message }));
}
