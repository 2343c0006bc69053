/**
 * The VPP binary API's own description, `*.api.json` of any release since 18.04, as one model; and codecs made from it
 * at run time.
 *
 * @packageDocumentation
 */
export type { ApiSource } from "./declarations.js";
export { readApiDirectory, readSources } from "./files.js";
export { readApi, readApiBundle } from "./read.js";
export type * from "./model.js";
