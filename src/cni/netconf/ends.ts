import type { Attachment } from "../../core/specs.js";
import { code, CniError } from "../errors.js";
import type { ContainerEnd, HostEnd, NetConf } from "./schema.js";

/** A default that was applied, for `explain`. */
export interface Default {
  readonly key: string;
  readonly value: unknown;
  readonly why: string;
}

/** Takes what is given, or a default and a note of it. "" is as good as nothing: Go writes it so. */
export class Defaults {
  readonly applied: Default[] = [];

  take<T>(key: string, given: T | "" | undefined, fallback: T, why: string): T {
    if (given !== undefined && given !== "") return given;
    this.applied.push({ key, value: fallback, why });
    return fallback;
  }
}

export type Iftype = "memif" | "vhostuser";
export type NetType = "bridge" | "interface" | "none";

/** The two ends of the socket: who makes it. */
export interface MemifEnd {
  readonly role: "master" | "slave";
  readonly mode: "ethernet" | "ip" | "inject-punt";
}
export interface VhostEnd {
  readonly mode: "client" | "server";
}

interface Common {
  readonly netType: NetType;
  readonly memif: MemifEnd;
  readonly vhost: VhostEnd;
  readonly mtu: number | undefined;
  readonly queues: number | undefined;
  readonly ring: number | undefined;
  readonly bufferSize: number | undefined;
}

export interface Host extends Common {
  readonly engine: HostEnd["engine"];
  readonly iftype: Iftype;
  /** Where `netType` is `bridge`. */
  readonly attach: Attachment | undefined;
  readonly id: number;
  readonly secret: string | undefined;
}

export interface Container extends Common {
  readonly engine: "vpp" | "ovs-dpdk" | "dpdk";
  readonly bridge: { readonly name: string; readonly vlan?: number } | undefined;
}

export interface Ends {
  readonly host: Host;
  readonly container: Container;
}

const invalid = (message: string): CniError => new CniError({ code: code.invalidConfig, message });

function bridgeName(end: HostEnd | ContainerEnd): string | undefined {
  const { bridgeName: name = "", bridgeId = 0 } = end.bridge ?? {};
  if (name !== "") return name;
  return end.engine !== "ovs-dpdk" && bridgeId !== 0 ? String(bridgeId) : undefined;
}

function vlanOf(end: HostEnd | ContainerEnd, where: string): number | undefined {
  const { vlanId = 0 } = end.bridge ?? {};
  const old = vlanId === 0 ? undefined : vlanId;
  if (end.vlan !== undefined && old !== undefined && end.vlan !== old)
    throw invalid(`${where}.vlan is ${end.vlan} and ${where}.bridge.vlanId is ${old}: leave one out`);
  return end.vlan ?? old;
}

function trunksOf({ trunk }: HostEnd): readonly number[] | undefined {
  if (trunk === undefined) return undefined;
  const ids = trunk.flatMap((item) => {
    if (typeof item === "number") return [item];
    if ("id" in item) return [item.id];
    if (item.minID > item.maxID)
      throw invalid(`host.trunk has minID ${item.minID} above maxID ${item.maxID}: swap them`);
    return Array.from({ length: item.maxID - item.minID + 1 }, (_, nth) => item.minID + nth);
  });
  return [...new Set(ids)].toSorted((a, b) => a - b);
}

function attachmentOf(end: HostEnd, bridge: string): Attachment {
  const tag = vlanOf(end, "host");
  const trunks = trunksOf(end);
  return {
    bridge,
    ...(tag !== undefined && { tag }),
    ...(trunks !== undefined && { trunks }),
    ...(tag !== undefined && trunks !== undefined && { vlanMode: "native-untagged" as const }),
  };
}

function hostNetType(end: HostEnd, defaults: Defaults): NetType {
  if (end.engine === "ovs-dpdk")
    return defaults.take("host.netType", end.netType, "bridge", "a port of Open vSwitch is on a bridge");
  return bridgeName(end) === undefined
    ? defaults.take("host.netType", end.netType, "none", "no bridge is given")
    : defaults.take("host.netType", end.netType, "bridge", "a bridge is given");
}

function hostAttachment(end: HostEnd, netType: NetType, defaults: Defaults): Attachment | undefined {
  const vlans = end.vlan ?? end.trunk;
  if (netType !== "bridge") {
    if (vlans === undefined) return undefined;
    throw invalid(
      `host.vlan and host.trunk are for a bridge, and host.netType is ${netType}: leave them out`,
    );
  }
  const given = bridgeName(end);
  if (given !== undefined) return attachmentOf(end, given);
  if (end.engine === "ovs-dpdk")
    return attachmentOf(
      end,
      defaults.take("host.bridge.bridgeName", undefined, "br0", "the usual bridge of Open vSwitch"),
    );
  throw invalid(
    "host.netType is bridge and no bridge is given: set host.bridge.bridgeName, or host.bridge.bridgeId to a number from 1",
  );
}

function hostMemif(end: HostEnd, defaults: Defaults): MemifEnd {
  const { role, mode } = end.memif ?? {};
  if (end.iftype === "memif" && (role === undefined || role === ""))
    throw invalid("host.memif.role is not set: expected master (the switch makes the socket) or slave");
  return {
    role: role === "slave" ? "slave" : "master",
    mode:
      end.iftype === "memif"
        ? defaults.take("host.memif.mode", mode, "ethernet", "the usual mode")
        : "ethernet",
  };
}

function resolveHost(conf: NetConf, defaults: Defaults): Host {
  const end = conf.host;
  const { iftype } = end;
  if (iftype === undefined || iftype === "")
    throw invalid("host.iftype is not set: expected memif or vhostuser");
  const netType = hostNetType(end, defaults);
  if (netType === "interface" && end.engine === "ovs-dpdk")
    throw invalid(
      "host.netType is interface, and Open vSwitch gives its ports no addresses: use bridge or none; the container's end gets the addresses of IPAM",
    );
  const mode = end.vhost?.mode;
  const vhost: VhostEnd = {
    mode:
      iftype === "vhostuser"
        ? defaults.take("host.vhost.mode", mode, "server", "the switch makes the socket")
        : "server",
  };
  return {
    engine: end.engine,
    iftype,
    netType,
    memif: hostMemif(end, defaults),
    vhost,
    attach: hostAttachment(end, netType, defaults),
    mtu: end.mtu ?? conf.mtu,
    queues: end.queues,
    ring: end.ring,
    bufferSize: end.bufferSize,
    id: end.memif?.id ?? 0,
    secret: end.memif?.secret === "" ? undefined : end.memif?.secret,
  };
}

function containerMemif(end: ContainerEnd, host: Host, defaults: Defaults): MemifEnd {
  if (host.iftype !== "memif") return host.memif;
  const other = host.memif.role === "master" ? "slave" : "master";
  const role = defaults.take("container.memif.role", end.memif?.role, other, "the other one than the host's");
  if (role === host.memif.role)
    throw invalid(
      `host.memif.role and container.memif.role are both ${role}: one end makes the socket, the other connects; make one of them ${other}`,
    );
  const mode = defaults.take("container.memif.mode", end.memif?.mode, host.memif.mode, "as the host's");
  return { role, mode };
}

function containerVhost(end: ContainerEnd, host: Host, defaults: Defaults): VhostEnd {
  if (host.iftype !== "vhostuser") return host.vhost;
  const other = host.vhost.mode === "client" ? "server" : "client";
  const mode = defaults.take("container.vhost.mode", end.vhost?.mode, other, "the other one than the host's");
  if (mode === host.vhost.mode)
    throw invalid(
      `host.vhost.mode and container.vhost.mode are both ${mode}: one end makes the socket, the other connects; make one of them ${other}`,
    );
  return { mode };
}

function containerBridge(end: ContainerEnd, netType: NetType): Container["bridge"] {
  if (netType !== "bridge") return undefined;
  const name = bridgeName(end);
  if (name === undefined)
    throw invalid("container.netType is bridge and no bridge is given: set container.bridge.bridgeName");
  const vlan = vlanOf(end, "container");
  return { name, ...(vlan !== undefined && { vlan }) };
}

function resolveContainer(conf: NetConf, host: Host, defaults: Defaults): Container {
  const end = conf.container ?? {};
  const iftype = defaults.take("container.iftype", end.iftype, host.iftype, "as the host's");
  if (iftype !== host.iftype)
    throw invalid(
      `host.iftype is ${host.iftype} and container.iftype is ${iftype}: both ends of one socket are of one type; leave container.iftype out`,
    );
  const engine = defaults.take("container.engine", end.engine, host.engine, "as the host's");
  const netType = defaults.take(
    "container.netType",
    end.netType,
    "interface",
    "it gets the addresses of IPAM",
  );
  return {
    engine,
    netType,
    memif: containerMemif(end, host, defaults),
    vhost: containerVhost(end, host, defaults),
    bridge: containerBridge({ ...end, engine }, netType),
    mtu: end.mtu ?? host.mtu,
    queues: end.queues ?? host.queues,
    ring: end.ring ?? host.ring,
    bufferSize: end.bufferSize ?? host.bufferSize,
  };
}

/** Both ends with every default applied. Throws a {@link CniError} of code 7 on what cannot work. */
export function resolveEnds(conf: NetConf, defaults: Defaults): Ends {
  const host = resolveHost(conf, defaults);
  return { host, container: resolveContainer(conf, host, defaults) };
}
