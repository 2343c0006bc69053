/**
 * The generator of row types: a database schema written out as TypeScript. The types are those that `defineSchema` infers
 * from a schema that is a constant; written out, they have comments, and compile faster.
 *
 * @packageDocumentation
 */
export { checkNames, defaultNames } from "./names.js";
export { checkRowTypes, generatedMark, writeRowTypes, type FileState } from "./output.js";
export { generateRowTypes, type RowTypesOptions } from "./row-types.js";
export { readSchemaFile } from "./source.js";
