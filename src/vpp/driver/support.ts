import { UnsupportedError, type InvalidError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Attachment, InterfaceSpec, InterfaceType } from "../../core/specs.js";
import type { TypeSupport } from "../../core/vswitch.js";
import { AfPacketCreate, AfPacketCreateV2, AfPacketCreateV3 } from "../bindings/af_packet.js";
import { CreateLoopback, CreateLoopbackInstance } from "../bindings/interface.js";
import {
  MemifCreate,
  MemifCreateV2,
  MemifSocketFilenameAddDel,
  MemifSocketFilenameAddDelV2,
} from "../bindings/memif.js";
import { TapCreateV2, TapCreateV3 } from "../bindings/tapv2.js";
import { CreateVhostUserIf, CreateVhostUserIfV2 } from "../bindings/vhost_user.js";
import type { Capability } from "../api/capability.js";
import type { AnyMessage } from "../wire/index.js";
import { invalid, unsupported } from "./refusals.js";
import { longestBridgeName, longestName } from "./marks.js";

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
};

const lacking: Partial<Record<InterfaceType, string>> = {
  internal: "VPP has no interfaces of type internal: use tap, which the kernel sees as a device, or loopback",
  dpdk: "VPP opens its DPDK devices by the dpdk section of its startup.conf, when it starts: not offered",
  patch: "VPP has no patch cables: attach the interfaces to one bridge domain",
  geneve: "geneve tunnels are not offered on VPP",
  vxlan: "vxlan tunnels are not offered on VPP",
};

/** Whether this VPP can make interfaces of a type. */
export function typeSupport(ask: Ask, type: InterfaceType): TypeSupport {
  const needed = needs[type];
  if (needed === undefined) return refused(lacking[type] ?? `${type} is not offered on VPP`);
  for (const alternatives of needed.messages) {
    const answers = alternatives.map((message) => ask(message));
    if (answers.some((answer) => answer?.state === "available")) continue;
    const other = answers.find((answer) => answer?.state === "other-layout");
    if (other !== undefined)
      return refused(
        `this VPP has ${other.message} in another form than any that this release of vswitch-drivers knows`,
      );
    if (needed.plugin === undefined)
      return refused(`this VPP has no ${alternatives.map(({ name }) => name).join(" or ")}`);
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

/** Refuses VLAN settings that VPP's bridge domains do not have. */
export function checkAttachment(
  operation: string,
  owner: string,
  path: string,
  attachment: Attachment,
): Result<void, VSwitchError> {
  const within = path === "" ? "" : `${path}.`;
  for (const field of ["tag", "trunks", "vlanMode"] as const) {
    if (attachment[field] !== undefined) {
      return Err(
        unsupported(
          operation,
          `${within}${field}`,
          `${within}${field}: VLAN settings are not offered on VPP`,
        ),
      );
    }
  }
  return checkBridgeName(operation, owner, `${within}bridge`, attachment.bridge);
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
): Result<void, InvalidError> {
  const number = numberOf(name);
  const isNumber = number !== undefined && number >= 1 && number <= mostDomain && String(number) === name;
  if (number !== undefined && !isNumber)
    return Err(invalid(operation, "bridge", path, `a name, or a number from 1 to ${mostDomain}`, name));
  const most = longestBridgeName(owner);
  if (Buffer.byteLength(name) <= most) return Ok(undefined);
  return Err(
    invalid(
      operation,
      "bridge",
      path,
      `at most ${most} bytes: the bd_tag of VPP keeps it beside the owner ${owner}`,
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
  const unknown = unsupportedField(spec);
  if (unknown !== undefined)
    return Err(unsupported(operation, unknown.path, `${what}: ${unknown.path}: ${unknown.why}`));
  const support = typeSupport(ask, spec.type);
  if (!support.supported) {
    const message = `${operation}: ${what}: ${support.why}`;
    return Err(new UnsupportedError({ operation, feature: spec.type, message }));
  }
  const most = longestName(owner, spec.key === spec.name ? undefined : spec.key);
  if (Buffer.byteLength(spec.name) > most) {
    const expected = `at most ${most} bytes: the interface's tag in VPP keeps it beside the owner ${owner}${spec.key === undefined ? "" : " and the key"}`;
    return Err(invalid(operation, "spec", "name", expected, JSON.stringify(spec.name)));
  }
  return spec.attach === undefined ? Ok(undefined) : checkAttachment(operation, owner, "attach", spec.attach);
}
