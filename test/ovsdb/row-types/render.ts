import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { generateRowTypes, type RowTypesOptions } from "../../../src/ovsdb/codegen/row-types.js";
import type { DatabaseSchema } from "../../../src/ovsdb/schema.js";
import { labJson, schemaOf } from "../lab.js";

/** A generated file, and what it is generated from. */
export interface Target {
  readonly file: string;
  /** `undefined`: it is not installed. */
  readonly schema: DatabaseSchema | undefined;
  readonly options: RowTypesOptions;
}

/** The rows of Open vSwitch, by the schema that Debian's openvswitch-common installs. */
export const openVSwitch: Target = {
  file: join(import.meta.dirname, "../../../src/ovs/schema/open-vswitch.ts"),
  schema: installedSchema("/usr/share/openvswitch/vswitch.ovsschema"),
  options: {
    databaseType: "OpenVSwitchDatabase",
    schemaConstant: "openVSwitchSchema",
    runtimeModule: "../../ovsdb/index.js",
  },
};

/** The rows of the tests' own database. */
export const lab: Target = {
  file: join(import.meta.dirname, "../lab-rows.ts"),
  schema: schemaOf(labJson),
  options: {
    databaseType: "LabDatabase",
    schemaConstant: "labSchema",
    runtimeModule: "../../src/ovsdb/index.js",
  },
};

function installedSchema(file: string): DatabaseSchema | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  return schemaOf(JSON.parse(text));
}

/** Writes the types of a schema, laid out as this project lays out its files. */
export async function renderRowTypes(schema: DatabaseSchema, { file, options }: Target): Promise<string> {
  return format(generateRowTypes(schema, options), { ...(await resolveConfig(file)), filepath: file });
}
