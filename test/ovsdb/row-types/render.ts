import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { generateRowTypes } from "../../../src/ovsdb/codegen/row-types.js";
import type { DatabaseSchema } from "../../../src/ovsdb/schema.js";
import { schemaOf } from "../lab.js";

/** Where the generated types of the rows of Open vSwitch are kept. */
export const generatedFile: string = join(import.meta.dirname, "../../../src/ovs/schema/open-vswitch.ts");

/** The schema that Debian's openvswitch-common installs; `undefined`: it is not installed. */
export function installedSchema(): DatabaseSchema | undefined {
  let text: string;
  try {
    text = readFileSync("/usr/share/openvswitch/vswitch.ovsschema", "utf8");
  } catch {
    return undefined;
  }
  return schemaOf(JSON.parse(text));
}

/** Writes the types of a schema of Open vSwitch, laid out as this project lays out its files. */
export async function renderRowTypes(schema: DatabaseSchema): Promise<string> {
  const text = generateRowTypes(schema, {
    databaseType: "OpenVSwitchDatabase",
    schemaConstant: "openVSwitchSchema",
    runtimeModule: "../../ovsdb/index.js",
  });
  return format(text, { ...(await resolveConfig(generatedFile)), filepath: generatedFile });
}
