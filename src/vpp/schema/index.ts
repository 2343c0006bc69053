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
export type { CodecOptions } from "./closures.js";
export type { MessageValue } from "./narrow.js";
export { ApiCodecs, type RuntimeCodec } from "./codecs.js";
export { layoutOf } from "./layout.js";
export { whyUnsafe } from "./known.js";
