import { createHash } from "node:crypto";
import type { MemifSpec } from "../core/specs.js";

/*
 * A memif of Open vSwitch is a virtual device of DPDK. Its arguments are those of DPDK's memif driver
 * (doc/guides/nics/memif.rst): role, id, socket, socket-abstract, bsize, rsize (log2 of the ring), mac, secret.
 */

/** A name for the virtual device: unique for each interface name, in the characters that EAL takes. */
const deviceName = (name: string): string =>
  `net_memif_${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;

/** `options:dpdk-devargs` of a memif. */
export function memifDevargs(spec: MemifSpec): string {
  const args = [
    deviceName(spec.name),
    `role=${spec.role === "master" ? "server" : "client"}`,
    `id=${spec.id ?? 0}`,
    `socket=${spec.socket}`,
    "socket-abstract=no",
    ...(spec.bufferSize === undefined ? [] : [`bsize=${spec.bufferSize}`]),
    ...(spec.ringSize === undefined ? [] : [`rsize=${Math.log2(spec.ringSize)}`]),
    ...(spec.secret === undefined ? [] : [`secret=${spec.secret}`]),
  ];
  return args.join(",");
}

/** Whether devargs are of a memif, and its socket. */
export function memifSocket(devargs: string): string | null {
  if (!devargs.startsWith("net_memif")) return null;
  const socket = devargs.split(",").find((arg) => arg.startsWith("socket="));
  return socket?.slice("socket=".length) ?? null;
}
