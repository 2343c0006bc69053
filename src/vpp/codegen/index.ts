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
