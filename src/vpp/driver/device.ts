import { randomBytes } from "node:crypto";
import type { VSwitchError } from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import type {
  AfPacketSpec,
  InterfaceSpec,
  LoopbackSpec,
  MemifSpec,
  TapSpec,
  VhostUserSpec,
  VxlanSpec,
} from "../../core/specs.js";
import { AfPacketCreate, AfPacketCreateV2, AfPacketCreateV3, AfPacketDelete } from "../bindings/af_packet.js";
import { CreateLoopback, CreateLoopbackInstance, DeleteLoopback } from "../bindings/interface.js";
import { MemifCreate, MemifCreateV2, MemifDelete } from "../bindings/memif.js";
import { TapCreateV2, TapCreateV3, TapDeleteV2 } from "../bindings/tapv2.js";
import { CreateVhostUserIf, CreateVhostUserIfV2, DeleteVhostUserIf } from "../bindings/vhost_user.js";
import type { Context } from "./context.js";
import type { InterfaceMark } from "./marks.js";
import { deleteSubs } from "./place.js";
import { unsupported } from "./refusals.js";
import { deleteTunnel, makeTunnel, sameTunnel, tunnelOf } from "./tunnel.js";
import type { Found, World } from "./world.js";

/** The types that this driver makes. */
export type MadeSpec = VhostUserSpec | MemifSpec | TapSpec | LoopbackSpec | AfPacketSpec | VxlanSpec;

export const isMade = (spec: InterfaceSpec): spec is MadeSpec =>
  spec.type === "vhost-user" ||
  spec.type === "memif" ||
  spec.type === "tap" ||
  spec.type === "loopback" ||
  spec.type === "af-packet" ||
  spec.type === "vxlan";

/** All that a new interface is made from. */
export interface Making {
  readonly spec: MadeSpec;
  /**
   * Random where the spec gives none: with it an interface is known again whose creation was not answered, or that has
   * not got its tag yet.
   */
  readonly mac: string;
  /** What its tag says, as it is known before it is made. */
  readonly mark: Omit<InterfaceMark, "isDigest" | "isMaking">;
  /** Its tag until it is finished. */
  readonly makingTag: string;
  /** The unix socket, of a vhost-user or memif interface. */
  readonly socket: string;
  /** The id of a memif's socket. */
  readonly socketId: number;
  /** It was registered for this memif. */
  readonly isNewSocket: boolean;
  /** The number of a loopback or a tunnel. */
  readonly instance: number;
}

/** What making an interface gave. */
interface Made {
  readonly sw_if_index: number;
}

const noAddress4 = "0.0.0.0";
const noAddress6 = "::";
const noMac = "00:00:00:00:00:00";

/** A locally administered address that nothing else has, in VPP's own range for such (`02:fe`). */
export function randomMac(): string {
  return `02:fe:${randomBytes(4)
    .toString("hex")
    .replace(/..(?=.)/gu, "$&:")}`;
}

async function makeMemif(
  context: Context,
  spec: MemifSpec,
  making: Making,
): Promise<Result<Made, VSwitchError>> {
  const request = {
    role: spec.role === "master" ? "MEMIF_ROLE_API_MASTER" : "MEMIF_ROLE_API_SLAVE",
    mode: spec.mode === "ip" ? "MEMIF_MODE_API_IP" : "MEMIF_MODE_API_ETHERNET",
    rx_queues: spec.rxQueues ?? 1,
    tx_queues: spec.txQueues ?? 1,
    id: spec.id ?? 0,
    socket_id: making.socketId,
    ring_size: spec.ringSize ?? 1024,
    buffer_size: spec.bufferSize ?? 2048,
    no_zero_copy: false,
    hw_addr: making.mac,
    secret: spec.secret ?? "",
  } as const;
  return context.has(MemifCreateV2)
    ? context.call(MemifCreateV2, { ...request, use_dma: false })
    : context.call(MemifCreate, request);
}

async function makeVhostUser(
  context: Context,
  spec: VhostUserSpec,
  making: Making,
): Promise<Result<Made, VSwitchError>> {
  const request = {
    is_server: spec.mode === "server",
    sock_filename: making.socket,
    renumber: false,
    disable_mrg_rxbuf: false,
    disable_indirect_desc: false,
    enable_gso: false,
    enable_packed: false,
    custom_dev_instance: 0,
    use_custom_mac: true,
    mac_address: making.mac,
    tag: making.makingTag,
  };
  return context.has(CreateVhostUserIfV2)
    ? context.call(CreateVhostUserIfV2, { ...request, enable_event_idx: false })
    : context.call(CreateVhostUserIf, request);
}

async function makeTap(context: Context, spec: TapSpec, making: Making): Promise<Result<Made, VSwitchError>> {
  const request = {
    use_random_mac: false,
    mac_address: making.mac,
    host_mtu_set: spec.mtu !== undefined,
    host_mtu_size: spec.mtu ?? 0,
    host_mac_addr_set: false,
    host_mac_addr: noMac,
    host_ip4_prefix_set: false,
    host_ip4_prefix: `${noAddress4}/0`,
    host_ip6_prefix_set: false,
    host_ip6_prefix: `${noAddress6}/0`,
    host_ip4_gw_set: false,
    host_ip4_gw: noAddress4,
    host_ip6_gw_set: false,
    host_ip6_gw: noAddress6,
    tap_flags: 0,
    host_namespace_set: false,
    host_namespace: "",
    host_if_name_set: true,
    host_if_name: spec.device ?? spec.name,
    host_bridge_set: false,
    host_bridge: "",
    tag: making.makingTag,
    num_rx_queues: spec.rxQueues ?? 1,
  };
  return context.has(TapCreateV3)
    ? context.call(TapCreateV3, { ...request, num_tx_queues: spec.txQueues ?? 1 })
    : context.call(TapCreateV2, request);
}

async function makeAfPacket(
  context: Context,
  spec: AfPacketSpec,
  making: Making,
): Promise<Result<Made, VSwitchError>> {
  const request = { hw_addr: making.mac, use_random_hw_addr: false, host_if_name: spec.device };
  // 0: the sizes that VPP chooses.
  const sizes = { rx_frame_size: 0, tx_frame_size: 0, rx_frames_per_block: 0, tx_frames_per_block: 0 };
  if (context.has(AfPacketCreateV3))
    return context.call(AfPacketCreateV3, {
      ...request,
      ...sizes,
      mode: "AF_PACKET_API_MODE_ETHERNET",
      flags: 0,
    });
  return context.has(AfPacketCreateV2)
    ? context.call(AfPacketCreateV2, { ...request, ...sizes, flags: 0 })
    : context.call(AfPacketCreate, request);
}

async function makeLoopback(context: Context, making: Making): Promise<Result<Made, VSwitchError>> {
  const { mac, instance } = making;
  return context.has(CreateLoopbackInstance)
    ? context.call(CreateLoopbackInstance, { mac_address: mac, is_specified: true, user_instance: instance })
    : context.call(CreateLoopback, { mac_address: mac });
}

/** Makes an interface; gives its index. */
export async function makeDevice(context: Context, making: Making): Promise<Result<number, VSwitchError>> {
  const { spec } = making;
  const made = await ((): Promise<Result<Made, VSwitchError>> => {
    switch (spec.type) {
      case "memif":
        return makeMemif(context, spec, making);
      case "vhost-user":
        return makeVhostUser(context, spec, making);
      case "tap":
        return makeTap(context, spec, making);
      case "af-packet":
        return makeAfPacket(context, spec, making);
      case "loopback":
        return makeLoopback(context, making);
      case "vxlan":
        return makeTunnel(context, spec, making.instance);
    }
  })();
  return made.map(({ sw_if_index: index }) => index);
}

/** The types whose creation sets the tag too. */
export const isBornTagged = ({ type }: MadeSpec): boolean => type === "vhost-user" || type === "tap";

/** What the server's release dropped of a spec, one sentence each. */
export function dropped(context: Context, spec: MadeSpec): readonly string[] {
  if (spec.type === "tap" && (spec.txQueues ?? 1) > 1 && !context.has(TapCreateV3))
    return [
      "txQueues was dropped: this VPP has no tap_create_v3, which came with 22.02, and makes one transmit queue",
    ];
  return [];
}

/** Fields of a spec that no VPP tells afterwards: whether an interface that is there has them nobody can say. */
export function untold(spec: InterfaceSpec): readonly string[] {
  const fields = ["secret", "ringSize", "bufferSize", "rxQueues", "txQueues"] as const;
  return fields.filter((field) => field in spec && Reflect.get(spec, field) !== undefined);
}

/**
 * Finds an interface that was to be made, whether or not it has got its tag; with `finishedTag` also if it has got that: an
 * interface with the same name and MAC address that is finished may be somebody else's who was asked for the same.
 */
export function findMade(world: World, making: Making, finishedTag: string | undefined): Found | undefined {
  return world.interfaces.find((found) => isThis(found, making, finishedTag));
}

function isThis(
  { device, details }: Found,
  { spec, mac, makingTag, socket, socketId, instance }: Making,
  finishedTag: string | undefined,
): boolean {
  const { tag } = details;
  if (tag !== "" && tag !== makingTag && tag !== finishedTag) return false;
  const isIp = spec.type === "memif" && spec.mode === "ip";
  const hasMac = !isIp && spec.type !== "vxlan";
  if (device.type !== spec.type || (hasMac && details.l2_address !== mac)) return false;
  switch (device.type) {
    case "memif":
      // Its socket's id may have become another path's before it was made.
      return (
        spec.type === "memif" &&
        device.details.id === (spec.id ?? 0) &&
        (device.socket === socket || (device.details.socket_id === socketId && (!isIp || tag !== "")))
      );
    case "vhost-user":
      return device.details.sock_filename === socket;
    case "tap":
      return tag !== "";
    case "af-packet":
      return spec.type === "af-packet" && device.details.host_if_name === spec.device;
    case "loopback":
      return device.instance === instance;
    case "vxlan":
      return (
        spec.type === "vxlan" &&
        device.tunnel.instance === instance &&
        sameTunnel(device.tunnel, tunnelOf(spec))
      );
  }
}

/**
 * Deletes an interface of a kind that this driver makes, its sub-interfaces first: VPP deletes them too, but after it has
 * freed the interface's table of VLANs, for which it then makes a new one that stays (`ethernet_delete_interface`).
 */
export async function deleteDevice(
  context: Context,
  { index, name, device, details, subs }: Found,
): Promise<Result<unknown, VSwitchError>> {
  const emptied = await deleteSubs(context, subs);
  if (emptied.isErr()) return emptied;
  const request = { sw_if_index: index };
  switch (device.type) {
    case "memif":
      return context.call(MemifDelete, request);
    case "vhost-user":
      return context.call(DeleteVhostUserIf, request);
    case "tap":
      return context.call(TapDeleteV2, request);
    case "af-packet":
      return context.call(AfPacketDelete, { host_if_name: device.details.host_if_name });
    case "loopback":
      return context.call(DeleteLoopback, request);
    case "vxlan":
      return deleteTunnel(context, device.tunnel);
    case "other": {
      const why = `the interface ${name} (VPP: ${details.interface_name}) is of a kind that this library does not make, or whose plugin does not tell of it: delete it by hand`;
      return Err(unsupported(context.operation, "type", why));
    }
  }
}
