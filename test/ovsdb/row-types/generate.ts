/** Writes src/ovs/schema/open-vswitch.ts from the schema that is installed: `npx tsx test/ovsdb/row-types/generate.ts`. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { generatedFile, installedSchema, renderRowTypes } from "./render.js";

const schema = installedSchema();
if (schema === undefined) {
  process.stderr.write("there is no vswitch.ovsschema: install openvswitch-common\n");
  process.exitCode = 1;
} else {
  writeFileSync(generatedFile, await renderRowTypes(schema));
  process.stdout.write(`${generatedFile}: Open_vSwitch ${schema.version}\n`);
}
