import { UnsupportedError, type InvalidError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Attachment, InterfaceSpec, InterfaceType, VlanMode } from "../../core/specs.js";
import type { TypeSupport } from "../../core/vswitch.js";
import { AfPacketCreate, AfPacketCreateV2, AfPacketCreateV3 } from "../bindings/af_packet.js";
import { CreateLoopback, CreateLoopbackInstance, CreateSubif, DeleteSubif } from "../bindings/interface.js";
import { L2InterfaceVlanTagRewrite } from "../bindings/l2.js";
import {
  MemifCreate,
  MemifCreateV2,
  MemifSocketFilenameAddDel,
  MemifSocketFilenameAddDelV2,
} from "../bindings/memif.js";
import { TapCreateV2, TapCreateV3 } from "../bindings/tapv2.js";
import { CreateVhostUserIf, CreateVhostUserIfV2 } from "../bindings/vhost_user.js";
import {
  VxlanAddDelTunnel,
  VxlanAddDelTunnelV2,
  VxlanAddDelTunnelV3,
  VxlanTunnelDump,
  VxlanTunnelV2Dump,
} from "../bindings/vxlan.js";
import type { Capability } from "../api/capability.js";
import type { AnyMessage } from "../wire/index.js";
import { invalid, unsupported } from "./refusals.js";
import { longestBridgeName, longestName } from "./marks.js";
import { localFault, refusedTunnel } from "./tunnel.js";
import { layoutOf, refusedVlan } from "./vlan.js";

/** What the server can do with a message; undefined: there is no connection. */
export type Ask = (message: AnyMessage) => Capability | undefined;

const supported: TypeSupport = { supported: true, experimental: false, why: "" };
const refused = (why: string): TypeSupport => ({ supported: false, experimental: false, why });

interface Needs {
  /** Of each list one message, the newest first. */
  readonly messages: readonly (readonly AnyMessage[])[];
  /** The file of the plugin that brings them; undefined: VPP itself. */
  readonly plugin?: string;
}

const needs: Partial<Record<InterfaceType, Needs>> = {
  memif: {
    messages: [
      [MemifCreateV2, MemifCreate],
      [MemifSocketFilenameAddDelV2, MemifSocketFilenameAddDel],
    ],
    plugin: "memif_plugin.so",
  },
  "vhost-user": { messages: [[CreateVhostUserIfV2, CreateVhostUserIf]], plugin: "vhost_plugin.so" },
  tap: { messages: [[TapCreateV3, TapCreateV2]], plugin: "tap_plugin.so" },
  "af-packet": {
    messages: [[AfPacketCreateV3, AfPacketCreateV2, AfPacketCreate]],
    plugin: "af_packet_plugin.so",
  },
  loopback: { messages: [[CreateLoopbackInstance], [CreateLoopback]] },
  vxlan: {
    messages: [
      [VxlanAddDelTunnelV3, VxlanAddDelTunnelV2, VxlanAddDelTunnel],
      [VxlanTunnelV2Dump, VxlanTunnelDump],
    ],
    plugin: "vxlan_plugin.so",
  },
};

const lacking: Partial<Record<InterfaceType, string>> = {
  internal: "VPP has no interfaces of type internal: use tap, which the kernel sees as a device, or loopback",
  dpdk: "VPP opens its DPDK devices by the dpdk section of its startup.conf, when it starts: not offered",
  patch: "VPP has no patch cables: attach the interfaces to one bridge domain",
  geneve: "geneve tunnels are not offered on VPP",
};

/** What is wrong with messages of which none can be used. */
const lacks = (answer: Capability | undefined, alternatives: readonly AnyMessage[]): string =>
  answer?.state === "other-layout"
    ? `this VPP has ${answer.message} in another form than any that this release of vswitch-drivers knows`
    : `this VPP has no ${alternatives.map(({ name }) => name).join(" or ")}`;

/** Whether this VPP can make interfaces of a type. */
export function typeSupport(ask: Ask, type: InterfaceType): TypeSupport {
  const needed = needs[type];
  if (needed === undefined) return refused(lacking[type] ?? `${type} is not offered on VPP`);
  for (const alternatives of needed.messages) {
    const answers = alternatives.map((message) => ask(message));
    if (answers.some((answer) => answer?.state === "available")) continue;
    const other = answers.find((answer) => answer?.state === "other-layout");
    if (other !== undefined || needed.plugin === undefined) return refused(lacks(other, alternatives));
    return refused(
      `VPP runs without ${needed.plugin}: load it (plugins { plugin ${needed.plugin} { enable } } in startup.conf, on some distributions from the package vpp-plugin-core) and restart VPP`,
    );
  }
  return supported;
}

interface Fault {
  readonly path: string;
  readonly why: string;
}

/** Fields of the core API that VPP has no place for. */
function unsupportedField(spec: InterfaceSpec): Fault | undefined {
  if (spec.ofportRequest !== undefined)
    return { path: "ofportRequest", why: "VPP has no OpenFlow ports: leave it out" };
  if (spec.ingressPolicing !== undefined)
    return { path: "ingressPolicing", why: "policing is not offered on VPP: leave it out" };
  if (spec.externalIds !== undefined && Object.keys(spec.externalIds).length > 0)
    return { path: "externalIds", why: "VPP keeps no external ids: leave them out, or use key" };
  // `memif_create_if` of VPP's memif.c undoes an interface that it has not made: tried on 20.05.1 and 26.06, both end.
  if (spec.type === "memif" && spec.mode === "inject-punt")
    return {
      path: "mode",
      why: "no VPP up to 26.06 implements memif mode inject-punt, and asking for it ends VPP",
    };
  if (spec.type === "memif" && spec.mode === "ip" && spec.mac !== undefined)
    return { path: "mac", why: "a memif of mode ip has no MAC address: leave it out" };
  if (spec.type === "memif" && spec.mode === "ip" && spec.attach !== undefined)
    return {
      path: "attach",
      why: "a memif of mode ip carries no Ethernet and cannot be on a bridge: leave out attach, or use mode ethernet",
    };
  return undefined;
}

/** Of each list one message, the newest first: what sub-interfaces take. All releases from 20.05 on have them. */
const vlanMessages = [CreateSubif, DeleteSubif, L2InterfaceVlanTagRewrite];

/** Whether this VPP can carry out a way of treating VLANs. */
export function vlanSupport(ask: Ask, vlanMode: VlanMode): TypeSupport {
  const refusal = refusedVlan({ vlanMode, tag: 1, trunks: vlanMode === "dot1q-tunnel" ? [] : [1] });
  if (refusal !== undefined) return refused(refusal.why);
  for (const message of vlanMessages) {
    const answer = ask(message);
    if (answer?.state === "available") continue;
    return refused(`VLANs: ${lacks(answer, [message])}`);
  }
  return supported;
}

/** Refuses an attachment that this VPP cannot carry out. */
export function checkAttachment(
  operation: string,
  owner: string,
  path: string,
  attachment: Attachment,
  ask: Ask,
): Result<void, VSwitchError> {
  const within = path === "" ? "" : `${path}.`;
  const refusal = refusedVlan(attachment);
  if (refusal !== undefined) {
    const field = `${within}${refusal.field}`;
    return Err(unsupported(operation, field, `${field}: ${refusal.why}`));
  }
  const { untagged, subs } = layoutOf(attachment);
  if (subs.size > 0) {
    const support = vlanSupport(ask, "access");
    const field = `${within}${attachment.tag === undefined ? "trunks" : "tag"}`;
    if (!support.supported) return Err(unsupported(operation, field, `${field}: ${support.why}`));
  }
  const hasVlans = subs.size > 0 || untagged !== 0;
  return checkBridgeName(operation, owner, `${within}bridge`, attachment.bridge, hasVlans);
}

/** The highest number of a bridge domain (VPP: `L2_BD_ID_MAX`). */
export const mostDomain = 0xff_ffff;

/** The number that a bridge's name is; undefined: it is none. */
export const numberOf = (name: string): number | undefined =>
  /^\d+$/u.test(name) ? Number(name) : undefined;

/** Refuses names that no domain of ours could carry. */
export function checkBridgeName(
  operation: string,
  owner: string,
  path: string,
  name: string,
  hasVlans: boolean,
): Result<void, InvalidError> {
  const number = numberOf(name);
  const isNumber = number !== undefined && number >= 1 && number <= mostDomain && String(number) === name;
  if (number !== undefined && !isNumber)
    return Err(invalid(operation, "bridge", path, `a name, or a number from 1 to ${mostDomain}`, name));
  const most = longestBridgeName(owner, hasVlans);
  if (Buffer.byteLength(name) <= most) return Ok(undefined);
  return Err(
    invalid(
      operation,
      "bridge",
      path,
      `at most ${most} bytes: the bd_tag of VPP keeps it beside the owner ${owner}${hasVlans ? " and the VLAN" : ""}`,
      JSON.stringify(name),
    ),
  );
}

/** Refuses, before anything is sent, what this VPP cannot do. */
export function checkSpec(
  operation: string,
  owner: string,
  spec: InterfaceSpec,
  ask: Ask,
): Result<void, VSwitchError> {
  const what = `${spec.type} interface ${spec.name}`;
  const refuse = ({ path, why }: Fault): Result<void, VSwitchError> =>
    Err(unsupported(operation, path, `${what}: ${path}: ${why}`));
  const unknown = unsupportedField(spec);
  if (unknown !== undefined) return refuse(unknown);
  const support = typeSupport(ask, spec.type);
  if (!support.supported) {
    const message = `${operation}: ${what}: ${support.why}`;
    return Err(new UnsupportedError({ operation, feature: spec.type, message }));
  }
  const tunnel = refusedTunnel(spec, (message) => ask(message)?.state === "available");
  if (tunnel !== undefined) return refuse(tunnel);
  const local = localFault(spec);
  if (local !== undefined) {
    const given = "local" in spec && spec.local !== undefined ? spec.local : "left out";
    return Err(invalid(operation, what, "local", local.expected, given));
  }
  const most = longestName(owner, spec.key === spec.name ? undefined : spec.key);
  if (Buffer.byteLength(spec.name) > most) {
    const expected = `at most ${most} bytes: the interface's tag in VPP keeps it beside the owner ${owner}${spec.key === undefined ? "" : " and the key"}`;
    return Err(invalid(operation, "spec", "name", expected, JSON.stringify(spec.name)));
  }
  return spec.attach === undefined
    ? Ok(undefined)
    : checkAttachment(operation, owner, "attach", spec.attach, ask);
}
