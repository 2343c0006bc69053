/**
 * The bindings generator: the API of one or several VPP releases written out as TypeScript.
 *
 * @packageDocumentation
 */
export {
  type Bindings,
  generateBindings,
  type GenerateOptions,
  generatedMark,
  generatorVersion,
  type Report,
} from "./generate.js";
export { type GeneratedMessage, readGeneratedMessages } from "./generated-messages.js";
export { checkBindings, type Stale, writeBindings, type Written } from "./output.js";
export { type ApiDiff, diffApis, type MessageChange } from "./diff.js";
export { usedMessages } from "./used.js";
export { watchSources, type WatchOptions } from "./watch.js";
export { readApi, readApiDirectory } from "../schema/index.js";
export type { ApiSource } from "../schema/index.js";
export type * from "../schema/model.js";
