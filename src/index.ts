export type { CallOptions } from "./core/call.js";
export * from "./core/errors.js";
export { Err, Ok, type Result } from "./core/result.js";
export type {
  AfPacketSpec,
  Attachment,
  BridgeSpec,
  DpdkSpec,
  GeneveSpec,
  InterfaceSpec,
  InterfaceType,
  InternalSpec,
  LoopbackSpec,
  MemifSpec,
  PatchSpec,
  TapSpec,
  VhostUserSpec,
  VxlanSpec,
} from "./core/specs.js";
export * from "./core/vswitch.js";
