import { ConflictError } from "../../core/errors.js";
import type { Context } from "./context.js";
import type { MadeSpec } from "./device.js";
import { collide, tunnelOf } from "./tunnel.js";
import type { World } from "./world.js";

/** The unix socket of an interface that is to be made. */
export const socketOf = (context: Context, spec: MadeSpec): string | undefined => {
  if (spec.type === "memif") return spec.socket;
  if (spec.type === "vhost-user") return spec.socket ?? `${context.socketDirectory}/${spec.name}.sock`;
  return undefined;
};

/** Refuses what VPP would refuse, or take for something else. */
export function occupied(
  context: Context,
  spec: MadeSpec,
  world: World,
): { readonly error: ConflictError; readonly isNameless: boolean } | undefined {
  const { operation } = context;
  const socket = socketOf(context, spec);
  for (const { name, device, details } of world.interfaces) {
    let taken: string | undefined;
    if (device.type === "vhost-user" && device.details.sock_filename === socket)
      taken = `the socket ${socket}`;
    if (device.type === "memif" && spec.type === "memif" && device.socket === socket) {
      const isMaster = device.details.role !== "MEMIF_ROLE_API_SLAVE";
      if (isMaster !== (spec.role === "master")) taken = `the socket ${socket}, in the other role,`;
      else if (device.details.id === (spec.id ?? 0)) taken = `id ${spec.id ?? 0} on the socket ${socket}`;
    }
    if (device.type === "memif" && spec.type === "vhost-user" && device.socket === socket)
      taken = `the socket ${socket}`;
    if (
      device.type === "af-packet" &&
      spec.type === "af-packet" &&
      device.details.host_if_name === spec.device
    )
      taken = `the device ${spec.device}`;
    if (
      device.type === "tap" &&
      spec.type === "tap" &&
      device.details.host_if_name === (spec.device ?? spec.name)
    )
      taken = `the device ${device.details.host_if_name}`;
    if (device.type === "vxlan" && spec.type === "vxlan" && collide(device.tunnel, tunnelOf(spec)))
      taken = `VNI ${device.tunnel.vni} to ${device.tunnel.remote}`;
    if (taken === undefined) continue;
    const message = `${operation}: ${spec.type} interface ${spec.name}: the interface ${name} has ${taken} already: use another`;
    const error = new ConflictError({ operation, object: `interface ${spec.name}`, message });
    return { error, isNameless: details.tag === "" };
  }
  return undefined;
}
