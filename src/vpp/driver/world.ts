import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { AfPacketDump, type AfPacketDetails } from "../bindings/af_packet.js";
import { SwInterfaceDump, type SwInterfaceDetails } from "../bindings/interface.js";
import { BridgeDomainDump, type BridgeDomainDetails } from "../bindings/l2.js";
import { MemifDump, MemifSocketFilenameDump, type MemifDetails } from "../bindings/memif.js";
import { SwInterfaceTapV2Dump, type SwInterfaceTapV2Details } from "../bindings/tapv2.js";
import { SwInterfaceVhostUserDump, type SwInterfaceVhostUserDetails } from "../bindings/vhost_user.js";
import type { DumpMessage } from "../wire/index.js";
import type { Context } from "./context.js";
import { readDomainTag, readInterfaceTag, type DomainMark, type InterfaceMark } from "./marks.js";
import { readTunnels, type FoundTunnel } from "./tunnel.js";
import { isOurSub } from "./vlan.js";

/** VPP's number for "none" and "all". */
export const none = 0xffff_ffff;

/** What VPP knows of an interface by its kind. */
export type Device =
  | { readonly type: "memif"; readonly details: MemifDetails; readonly socket: string | null }
  | { readonly type: "vhost-user"; readonly details: SwInterfaceVhostUserDetails }
  | { readonly type: "tap"; readonly details: SwInterfaceTapV2Details }
  | { readonly type: "af-packet"; readonly details: AfPacketDetails }
  /** `instance`: from VPP's name for it; undefined: somebody renamed it. */
  | { readonly type: "loopback"; readonly instance: number | undefined }
  | { readonly type: "vxlan"; readonly tunnel: FoundTunnel }
  | { readonly type: "other" };

/** An interface as VPP has it. */
export interface Found {
  /** `sw_if_index`: means nothing on another connection. */
  readonly index: number;
  /** Ours from the tag, of others VPP's own. */
  readonly name: string;
  readonly mark: InterfaceMark | undefined;
  readonly details: SwInterfaceDetails;
  readonly device: Device;
  readonly domain: Domain | undefined;
  /** The sub-interfaces that we made for its VLANs: see `vlan.ts`. They are not told as interfaces. */
  readonly subs: readonly Sub[];
}

/** A sub-interface of ours. */
export interface Sub {
  readonly index: number;
  readonly id: number;
  readonly details: SwInterfaceDetails;
  readonly domain: Domain | undefined;
}

/** A bridge domain as VPP has it. */
export interface Domain {
  readonly id: number;
  /** The bridge's: ours from the tag; of others the tag where it is the only one and can be a name, else the number. */
  readonly name: string;
  /** The VLAN of the bridge that it is for; 0: what has no tag. */
  readonly vlan: number;
  readonly mark: DomainMark | undefined;
  readonly details: BridgeDomainDetails;
  /** What is on it, by `sw_if_index`. */
  readonly members: readonly number[];
  /** An on-demand domain that `ensureBridge` made stay: the domain that says so. */
  readonly keptBy: number | undefined;
}

/** A bridge: its own domain and those of its VLANs, of which there is at least one. */
export interface Bridge {
  readonly name: string;
  readonly own: Domain | undefined;
  readonly vlans: readonly Domain[];
}

/** All that a VPP has of what the core API tells of. */
export interface World {
  readonly interfaces: readonly Found[];
  readonly domains: readonly Domain[];
  /** Paths of memif sockets by their ids. */
  readonly sockets: ReadonlyMap<number, string>;
  /** By `sw_if_index`, also of its sub-interfaces. */
  readonly byIndex: ReadonlyMap<number, Found>;
}

/** A dump of a plugin that may not be loaded: then nothing. */
async function ifThere<In, Details>(
  context: Context,
  message: DumpMessage<In, Details, unknown>,
  request: In,
): Promise<Result<readonly Details[], VSwitchError>> {
  return context.has(message) ? context.dump(message, request) : Ok([]);
}

/** Reads everything, in one go. */
export async function readWorld(context: Context): Promise<Result<World, VSwitchError>> {
  const all = { sw_if_index: none };
  const [interfaces, domains, sockets, memifs, vhosts, taps, packets, tunnels] = await Promise.all([
    context.dump(SwInterfaceDump, { ...all, name_filter_valid: false, name_filter: "" }),
    context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none }),
    ifThere(context, MemifSocketFilenameDump, {}),
    ifThere(context, MemifDump, {}),
    ifThere(context, SwInterfaceVhostUserDump, all),
    ifThere(context, SwInterfaceTapV2Dump, all),
    ifThere(context, AfPacketDump, {}),
    readTunnels(context),
  ]);
  if (interfaces.isErr()) return interfaces;
  if (domains.isErr()) return domains;
  if (sockets.isErr()) return sockets;
  if (memifs.isErr()) return memifs;
  if (vhosts.isErr()) return vhosts;
  if (taps.isErr()) return taps;
  if (packets.isErr()) return packets;
  if (tunnels.isErr()) return tunnels;
  const paths = new Map(sockets.value.map((socket) => [socket.socket_id, socket.socket_filename]));
  const devices = new Map<number, Device>();
  for (const details of memifs.value)
    devices.set(details.sw_if_index, {
      type: "memif",
      details,
      socket: paths.get(details.socket_id) ?? null,
    });
  for (const details of vhosts.value) devices.set(details.sw_if_index, { type: "vhost-user", details });
  for (const details of taps.value) devices.set(details.sw_if_index, { type: "tap", details });
  for (const details of packets.value) devices.set(details.sw_if_index, { type: "af-packet", details });
  for (const [index, tunnel] of tunnels.value) devices.set(index, { type: "vxlan", tunnel });
  return Ok(join(interfaces.value, domains.value, devices, paths));
}

function groupBy<Key, Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

const loopbackPrefix = "loop";
const loopbackName = /^loop(\d+)$/u;

const other: Device = { type: "other" };
const noSubs: readonly Sub[] = [];

function deviceOf(details: SwInterfaceDetails, devices: ReadonlyMap<number, Device>): Device {
  const known = devices.get(details.sw_if_index);
  if (known !== undefined) return known;
  if (isSub(details)) return other;
  const { interface_name: name, interface_dev_type: type } = details;
  const instance = name.startsWith(loopbackPrefix) ? loopbackName.exec(name)?.[1] : undefined;
  if (instance === undefined && type !== "Loopback") return other;
  return { type: "loopback", instance: instance === undefined ? undefined : Number(instance) };
}

function join(
  interfaces: readonly SwInterfaceDetails[],
  domainDetails: readonly BridgeDomainDetails[],
  devices: ReadonlyMap<number, Device>,
  sockets: ReadonlyMap<number, string>,
): World {
  const domains = joinDomains(domainDetails);
  const domainOf = new Map<number, Domain>();
  for (const domain of domains) for (const index of domain.members) domainOf.set(index, domain);
  const marks = new Map<number, InterfaceMark>();
  for (const { sw_if_index: index, tag } of interfaces) {
    const mark = tag === "" ? undefined : readInterfaceTag(tag);
    if (mark !== undefined) marks.set(index, mark);
  }
  const taken = new Set<string>();
  for (const { name } of marks.values()) taken.add(name);
  const subs = groupBy(
    interfaces.filter((details) => isSub(details) && marks.has(details.sup_sw_if_index) && isOurSub(details)),
    (details) => details.sup_sw_if_index,
  );
  const found: Found[] = [];
  for (const details of interfaces) {
    const index = details.sw_if_index;
    // local0: VPP's placeholder for index 0, which nothing goes through.
    if (index === 0 || subs.get(details.sup_sw_if_index)?.includes(details) === true) continue;
    const mark = marks.get(index);
    const own = details.interface_name;
    // One name, one interface: whoever has no mark of ours has to stand back.
    const name = mark?.name ?? (taken.has(own) ? `${own}#${index}` : own);
    found.push({
      index,
      name,
      mark,
      details,
      device: deviceOf(details, devices),
      domain: domainOf.get(index),
      subs:
        subs.get(index)?.map((sub) => ({
          index: sub.sw_if_index,
          id: sub.sub_id,
          details: sub,
          domain: domainOf.get(sub.sw_if_index),
        })) ?? noSubs,
    });
  }
  const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const byIndex = new Map<number, Found>();
  for (const each of found) {
    byIndex.set(each.index, each);
    for (const sub of each.subs) byIndex.set(sub.index, each);
  }
  return { interfaces: sorted, domains, sockets, byIndex };
}

const isSub = (details: SwInterfaceDetails): boolean => details.sup_sw_if_index !== details.sw_if_index;

const canBeName = /^(?!\d+$)[^\s/\\\p{Cc}]{1,63}$/u;

function joinDomains(details: readonly BridgeDomainDetails[]): readonly Domain[] {
  const tags = new Map<string, number>();
  for (const { bd_tag: tag } of details) tags.set(tag, (tags.get(tag) ?? 0) + 1);
  const keepers = new Map<string, number>();
  const domains: Domain[] = [];
  for (const each of details) {
    const mark = readDomainTag(each.bd_tag);
    if (mark?.kind === "kept") keepers.set(`${mark.owner}/${mark.name}`, each.bd_id);
  }
  for (const each of details) {
    // 0 is where VPP keeps what is on no bridge.
    if (each.bd_id === 0) continue;
    const mark = readDomainTag(each.bd_tag);
    if (mark?.kind === "kept") continue;
    const isName = canBeName.test(each.bd_tag) && tags.get(each.bd_tag) === 1;
    domains.push({
      id: each.bd_id,
      name: mark?.name ?? (isName ? each.bd_tag : String(each.bd_id)),
      vlan: mark?.vlan ?? 0,
      mark,
      details: each,
      members: each.sw_if_details.map(({ sw_if_index: index }) => index),
      keptBy: mark?.kind === "on-demand" ? keepers.get(`${mark.owner}/${mark.name}`) : undefined,
    });
  }
  return domains.toSorted((a, b) => (a.name === b.name ? a.vlan - b.vlan : a.name < b.name ? -1 : 1));
}

/** Only the domains. */
export async function readDomains(context: Context): Promise<Result<readonly Domain[], VSwitchError>> {
  const read = await context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none });
  return read.map(joinDomains);
}

/** The interface of a name; undefined: there is none. */
export const findInterface = (world: World, name: string): Found | undefined =>
  world.interfaces.find((found) => found.name === name);

/** The bridges that domains make up, by name. */
export function bridgesOf(domains: readonly Domain[]): readonly Bridge[] {
  return [...groupBy(domains, ({ name }) => name)].flatMap(([name, all]) => {
    const vlans = all.filter(({ vlan }) => vlan !== 0);
    // Others may have made a second domain of our name: it is a bridge of its own.
    const [own, ...more] = all.filter(({ vlan }) => vlan === 0);
    return [{ name, own, vlans }, ...more.map((other) => ({ name, own: other, vlans: [] }))];
  });
}

/** The bridge of a name, or of its own domain's number. */
export function findBridge(domains: readonly Domain[], name: string): Bridge | undefined {
  const bridges = bridgesOf(domains);
  return (
    bridges.find((bridge) => bridge.name === name) ??
    bridges.find(({ own }) => own !== undefined && String(own.id) === name)
  );
}

/** The domain of a bridge that is for one of its VLANs. */
export const domainFor = ({ own, vlans }: Bridge, vlan: number): Domain | undefined =>
  vlan === 0 ? own : vlans.find((domain) => domain.vlan === vlan);

/** The domains that an interface is in, with its sub-interfaces. */
export const domainsOf = ({ domain, subs }: Found): readonly Domain[] =>
  [domain, ...subs.map((sub) => sub.domain)].filter((each) => each !== undefined);

/** The name of the bridge that an interface is on. */
export const bridgeNameOf = (found: Found): string | undefined => domainsOf(found)[0]?.name;

/** One interface as it is now; undefined: it is gone. Index 0 would mean all. */
export async function readDetails(
  context: Context,
  index: number,
): Promise<Result<SwInterfaceDetails | undefined, VSwitchError>> {
  const read = await context.dump(SwInterfaceDump, {
    sw_if_index: index,
    name_filter_valid: false,
    name_filter: "",
  });
  if (read.isErr()) return Err(read.error);
  return Ok(read.value.find((details) => details.sw_if_index === index));
}
