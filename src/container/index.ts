/**
 * The container's side of a userspace network: finds what the CNI plugin handed over, and applies it to the container's
 * own VPP, or gives the arguments for a DPDK application.
 *
 * ```ts
 * const { found } = (await waitForHandovers({ count: 2 })).unwrap();
 * ealArguments(found.map(({ handover }) => handover)).unwrap(); // ["--vdev=net_virtio_user0,path=...", ...]
 * ```
 *
 * @module
 */
export { defaultAnnotationsFile, parseAnnotations } from "./annotations.js";
export { applyHandover, type Applied } from "./apply.js";
export {
  configure,
  containerOwner,
  waitForHandovers,
  type ConfigureOptions,
  type Report,
  type WaitOptions,
} from "./consumer.js";
export { ealArgument, ealArguments } from "./eal.js";
export { environmentOf, shellLines } from "./env.js";
export { findHandovers, type Places } from "./find.js";
export type { Findings, Found } from "./found.js";
export { ownSandboxId, sandboxIdIn } from "./own-id.js";
export { acknowledge, type Outcome } from "./status.js";
export type { ContainerStatus, Handover } from "../handover/index.js";
