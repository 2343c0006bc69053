import { isIP, isIPv6 } from "node:net";
import type { VSwitchError } from "../../core/errors.js";
import { Ok, type Result } from "../../core/result.js";
import type { InterfaceSpec, VxlanSpec } from "../../core/specs.js";
import {
  VxlanAddDelTunnel,
  VxlanAddDelTunnelV2,
  VxlanAddDelTunnelV3,
  VxlanTunnelDump,
  VxlanTunnelV2Dump,
} from "../bindings/vxlan.js";
import type { AnyMessage } from "../wire/index.js";
import type { Context } from "./context.js";
import { normalIp } from "./ip.js";

/* VXLAN tunnels. VPP finds one by its addresses, port and VNI, for which there is never a second. */

/** Where a tunnel goes. */
export interface Tunnel {
  readonly local: string;
  readonly remote: string;
  readonly vni: number;
  /** The UDP port of both ends. */
  readonly port: number;
}

/** A tunnel as VPP has it. */
export interface FoundTunnel extends Tunnel {
  /** The number in VPP's name for it. */
  readonly instance: number;
  /** The table that its packets are routed by. */
  readonly table: number;
  readonly mcastIndex: number;
}

/** RFC 7348, section 5. */
const vxlanPort = 4789;

/** What VPP uses for IPv6 unless it is told a port (`UDP_DST_PORT_vxlan6`). */
const vxlan6Port = 4790;

const none = 0xffff_ffff;

/** The tunnel that is wanted. What {@link refusedTunnel} refuses is not asked for. */
export const tunnelOf = ({ local = "", remote, vni, dstPort = vxlanPort }: VxlanSpec): Tunnel => ({
  local: normalIp(local),
  remote: normalIp(remote),
  vni: typeof vni === "number" ? vni : 0,
  port: dstPort,
});

/** The spec with its addresses as VPP tells them. */
export const normalTunnel = (spec: VxlanSpec): VxlanSpec => ({
  ...spec,
  remote: normalIp(spec.remote),
  ...(spec.local !== undefined && { local: normalIp(spec.local) }),
});

/** Whether VPP has room for one of two tunnels only: of IPv6 the own address does not count (`vnet_vxlan_add_del_tunnel`). */
export const collide = (a: Tunnel, b: Tunnel): boolean =>
  a.remote === b.remote && a.vni === b.vni && a.port === b.port && (isIPv6(a.remote) || a.local === b.local);

export const sameTunnel = (a: Tunnel, b: Tunnel): boolean => a.local === b.local && collide(a, b);

const isMulticast = (address: string): boolean =>
  isIPv6(address) ? normalIp(address).startsWith("ff") : /^2(?:2[4-9]|3\d)\./u.test(address);

/** What VPP cannot do of a tunnel; `has`: whether it has a message. */
export function refusedTunnel(
  spec: InterfaceSpec,
  has: (message: AnyMessage) => boolean,
): { readonly path: string; readonly why: string } | undefined {
  if (spec.type !== "vxlan") return undefined;
  const { remote, vni, dstPort, attach } = spec;
  if (remote === "flow" || vni === "flow") {
    const why = "VPP has no flows that could choose it for each packet: give it here";
    return { path: remote === "flow" ? "remote" : "vni", why };
  }
  if (isMulticast(remote))
    return { path: "remote", why: "multicast tunnels are not offered on VPP: give the address of one host" };
  const fixed = isIPv6(remote) ? vxlan6Port : vxlanPort;
  if (!has(VxlanAddDelTunnelV3) && !has(VxlanAddDelTunnelV2) && (dstPort ?? vxlanPort) !== fixed) {
    const why = `this VPP has no vxlan_add_del_tunnel_v2 and uses port ${fixed} with ${isIPv6(remote) ? "IPv6" : "IPv4"}: give dstPort ${fixed}`;
    return { path: "dstPort", why };
  }
  if (attach !== undefined && hasVlan(attach)) return { path: "attach", why: noVlans };
  return undefined;
}

/** What is wrong with a tunnel's own address, which VPP does not choose by the route. */
export function localFault(spec: InterfaceSpec): { readonly expected: string } | undefined {
  if (spec.type !== "vxlan") return undefined;
  const { remote, local = "" } = spec;
  if (isIP(local) === isIP(remote) && normalIp(local) !== normalIp(remote)) return undefined;
  const version = isIPv6(remote) ? "IPv6" : "IPv4";
  return { expected: `an ${version} address of VPP's own: it does not choose one by the route to ${remote}` };
}

/** Whether an attachment is about VLANs. */
export const hasVlan = (attachment: {
  readonly tag?: number | undefined;
  readonly trunks?: readonly number[] | undefined;
  readonly vlanMode?: string | undefined;
}): boolean =>
  attachment.tag !== undefined ||
  attachment.vlanMode !== undefined ||
  (attachment.trunks !== undefined && attachment.trunks.length > 0);

/** A VXLAN packet goes to its bridge domain at once (`vxlan_input`), past the sub-interfaces that would part VLANs. */
export const noVlans =
  "VPP parts no VLANs on a vxlan tunnel: leave out tag, trunks and vlanMode, and give each VLAN a tunnel of its own";

interface Made {
  readonly sw_if_index: number;
}

function send(
  context: Context,
  isAdd: boolean,
  { local, remote, vni, port, instance, table, mcastIndex }: FoundTunnel,
): Promise<Result<Made, VSwitchError>> {
  const request = {
    is_add: isAdd,
    instance,
    src_address: local,
    dst_address: remote,
    mcast_sw_if_index: mcastIndex,
    encap_vrf_id: table,
    // To the bridge domain.
    decap_next_index: none,
    vni,
  };
  const ports = { src_port: port, dst_port: port };
  if (context.has(VxlanAddDelTunnelV3))
    return context.call(VxlanAddDelTunnelV3, { ...request, ...ports, is_l3: false });
  return context.has(VxlanAddDelTunnelV2)
    ? context.call(VxlanAddDelTunnelV2, { ...request, ...ports })
    : context.call(VxlanAddDelTunnel, request);
}

/** Makes a tunnel. It is up from the beginning. */
export const makeTunnel = (
  context: Context,
  spec: VxlanSpec,
  instance: number,
): Promise<Result<Made, VSwitchError>> =>
  send(context, true, { ...tunnelOf(spec), instance, table: 0, mcastIndex: none });

export const deleteTunnel = (context: Context, tunnel: FoundTunnel): Promise<Result<unknown, VSwitchError>> =>
  send(context, false, tunnel);

/** All tunnels, by `sw_if_index`; none where the plugin is not loaded. */
export async function readTunnels(
  context: Context,
): Promise<Result<ReadonlyMap<number, FoundTunnel>, VSwitchError>> {
  const all = { sw_if_index: none };
  if (context.has(VxlanTunnelV2Dump)) {
    const read = await context.dump(VxlanTunnelV2Dump, all);
    return read.map((tunnels) => byIndex(tunnels.map((each) => ({ ...each, port: each.src_port }))));
  }
  if (!context.has(VxlanTunnelDump)) return Ok(new Map());
  const read = await context.dump(VxlanTunnelDump, all);
  return read.map((tunnels) =>
    byIndex(tunnels.map((each) => ({ ...each, port: isIPv6(each.dst_address) ? vxlan6Port : vxlanPort }))),
  );
}

interface TunnelDetails {
  readonly sw_if_index: number;
  readonly instance: number;
  readonly src_address: string;
  readonly dst_address: string;
  readonly mcast_sw_if_index: number;
  readonly encap_vrf_id: number;
  readonly vni: number;
  readonly port: number;
}

const byIndex = (tunnels: readonly TunnelDetails[]): ReadonlyMap<number, FoundTunnel> =>
  new Map(
    tunnels.map((each) => [
      each.sw_if_index,
      {
        local: normalIp(each.src_address),
        remote: normalIp(each.dst_address),
        vni: each.vni,
        port: each.port,
        instance: each.instance,
        table: each.encap_vrf_id,
        mcastIndex: each.mcast_sw_if_index,
      },
    ]),
  );
