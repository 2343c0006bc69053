/** Writes the JSON Schema that is published: `npm run generate:schema`. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { schemaFile, schemaText } from "./json-schema.js";

writeFileSync(schemaFile, schemaText());
process.stdout.write(`${schemaFile}\n`);
