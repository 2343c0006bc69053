/** Writes the generated types of rows, by the schemas that are here: `npx tsx test/ovsdb/row-types/generate.ts`. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { lab, openVSwitch, renderRowTypes } from "./render.js";

for (const target of [lab, openVSwitch]) {
  if (target.schema === undefined) {
    process.stderr.write(`${target.file}: there is no schema; install openvswitch-common\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(target.file, await renderRowTypes(target.schema, target));
    process.stdout.write(`${target.file}: ${target.schema.name} ${target.schema.version}\n`);
  }
}
