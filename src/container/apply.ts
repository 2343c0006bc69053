import type { Handover } from "../handover/index.js";
import {
  Err,
  Ok,
  UnsupportedError,
  type CallOptions,
  type InterfaceInfo,
  type InterfaceSpec,
  type MemifSpec,
  type Result,
  type VSwitch,
  type VSwitchError,
} from "../index.js";
import { ealArgument } from "./eal.js";

const operation = "applyHandover";

/** What `applyHandover` did. */
export interface Applied {
  readonly interface: InterfaceInfo;
  /** Whether anything was changed. */
  readonly changed: boolean;
  /** What it could not do, with what to do instead; no failure. */
  readonly notes: readonly string[];
}

/** The key of an interface in the container's switch. */
export const keyOf = ({ containerId, ifName }: Handover): string => `${containerId}/${ifName}`;

/** The container's own interface, or why its switch cannot have it. */
export function specOf(handover: Handover): Result<MemifSpec, UnsupportedError> {
  const { ifName, interface: end, netType, bridge } = handover;
  if (end.type !== "memif") {
    const vdev = ealArgument(handover, 0).map((argument) => argument.replace(/^--vdev=/u, "vdev "));
    const instead = vdev.isOk() ? `: put \`${vdev.value}\` in the dpdk section of VPP's startup.conf` : "";
    const message = `${operation}: ${ifName} is a vhost-user interface, whose other end VPP drives by its dpdk plugin only, from its start${instead}`;
    return Err(new UnsupportedError({ operation, feature: "vhost-user in the container's VPP", message }));
  }
  const onBridge = netType === "bridge" && bridge !== undefined;
  return Ok({
    type: "memif",
    name: ifName,
    key: keyOf(handover),
    role: end.role,
    mode: end.mode,
    socket: end.socket,
    id: end.id,
    ...(end.secret !== undefined && { secret: end.secret }),
    ...(end.mac !== undefined && { mac: end.mac }),
    ...(end.mtu !== undefined && { mtu: end.mtu }),
    ...(end.queues !== undefined && { rxQueues: end.queues, txQueues: end.queues }),
    ...(end.ringSize !== undefined && { ringSize: end.ringSize }),
    ...(end.bufferSize !== undefined && { bufferSize: end.bufferSize }),
    ...(onBridge && {
      attach: { bridge: bridge.name, ...(bridge.vlan !== undefined && { tag: bridge.vlan }) },
    }),
  });
}

/** What an older hand-over of this name made is replaced; what others made is not. */
async function create(
  vswitch: VSwitch,
  spec: InterfaceSpec,
  call: CallOptions,
): Promise<Result<{ readonly info: InterfaceInfo; readonly created: boolean }, VSwitchError>> {
  const made = await vswitch.createInterface(spec, call);
  if (made.isOk()) return Ok({ info: made.value, created: made.value.created });
  if (made.error.kind !== "already-exists") return made;
  const gone = await vswitch.deleteInterface(spec.name, call);
  if (gone.isErr()) return gone;
  return (await vswitch.createInterface(spec, call)).map((info) => ({ info, created: true }));
}

const sameAddresses = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((address) => b.includes(address));

/** The routes, as a person can set them: the core API has none. */
function routeNotes(
  { ifName, routes, addresses, netType }: Handover,
  info: InterfaceInfo,
): readonly string[] {
  if (routes.length === 0 || netType !== "interface") return [];
  const device = String(info.native["interface_name"] ?? ifName);
  const commands = routes.map(({ dst, gw }) => {
    const isV6 = dst.includes(":");
    const gateway = gw ?? addresses.find(({ gateway }) => gateway?.includes(":") === isV6)?.gateway;
    return `ip route add ${dst} via ${gateway === undefined ? "" : `${gateway} `}${device}`;
  });
  return [
    `${ifName}: routes are not set, as the core API sets none; VPP's own CLI does: ${commands.join("; ")}`,
  ];
}

/**
 * Makes the container's end of an interface on the container's own switch: the interface, up, with its addresses or on
 * its bridge. Again is no change; an interface of ours of this name that is otherwise is replaced.
 *
 * Errors: `unsupported` (vhost-user, see {@link ealArgument}); those of `createInterface` and `setAddresses`.
 */
export async function applyHandover(
  vswitch: VSwitch,
  handover: Handover,
  call: CallOptions = {},
): Promise<Result<Applied, VSwitchError>> {
  const spec = specOf(handover);
  if (spec.isErr()) return spec;
  const made = await create(vswitch, spec.value, call);
  if (made.isErr()) return made;
  const { info, created } = made.value;
  const wanted = handover.netType === "interface" ? handover.addresses.map(({ address }) => address) : [];
  const readdress = handover.netType === "interface" && !sameAddresses(info.addresses, wanted);
  const addressed = readdress ? await vswitch.setAddresses(info, wanted, call) : Ok(info);
  return addressed.map((now) => ({
    interface: now,
    changed: created || readdress,
    notes: routeNotes(handover, now),
  }));
}
