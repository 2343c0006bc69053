import { posix } from "node:path";
import type { Engine, InterfaceSpec } from "../index.js";
import type { Handover } from "../handover/index.js";
import type { AttachmentId } from "./environment.js";
import { code, CniError } from "./errors.js";
import { attachmentKey, interfaceNames } from "./names.js";
import { Defaults, resolveEnds, type Container, type Default, type Ends, type Host } from "./netconf/ends.js";
import type { Loaded } from "./netconf/load.js";
import type { NetConf } from "./netconf/schema.js";
import { checkSocketPath, layoutOf, seenBy, type Layout } from "./paths.js";
import type { Addressing } from "./result.js";

/** A socket's path, as each of the three sees it. */
export interface SocketPaths {
  readonly host: string;
  readonly vswitch: string;
  readonly container: string;
}

/** Which switch an attachment is on. */
export interface SwitchAddress {
  readonly engine: Engine;
  readonly remote: string | undefined;
  readonly datapathType: string | undefined;
}

/** Who may use a socket. */
export interface Permissions {
  readonly owner: string | number | undefined;
  readonly group: string | number | undefined;
  readonly mode: number | undefined;
}

/** All that an ADD will do, worked out before anything is done. */
export interface Plan {
  readonly network: string;
  readonly id: AttachmentId;
  readonly key: string;
  readonly address: SwitchAddress;
  readonly ends: Ends;
  readonly layout: Layout;
  readonly permissions: Permissions;
  readonly mac: string | undefined;
  /** The names that are tried for the interface, in order. */
  readonly names: readonly [string, string];
  readonly socket: (name: string) => SocketPaths;
  readonly spec: (name: string) => InterfaceSpec;
  readonly handover: (name: string, addressing: Addressing) => Handover;
  /** Every default that was applied. */
  readonly defaults: readonly Default[];
}

/** The switch of a configuration: what a command on the network as a whole needs. */
export function switchAddress(conf: NetConf): SwitchAddress {
  const { engine, remote = "", bridge } = conf.host;
  return {
    engine: engine === "vpp" ? "vpp" : "ovs",
    remote: remote === "" ? undefined : remote,
    datapathType: bridge?.datapathType,
  };
}

function permissionsOf(conf: NetConf): Permissions {
  const { socket, vhost } = conf.host;
  const group = socket?.group ?? vhost?.group;
  return {
    owner: socket?.owner === "" ? undefined : socket?.owner,
    group: group === "" ? undefined : group,
    mode: socket?.mode === undefined ? undefined : Number.parseInt(socket.mode, 8),
  };
}

function socketPaths(conf: NetConf, host: Host, layout: Layout): (name: string) => SocketPaths {
  const own = host.iftype === "memif" ? conf.host.memif?.socketfile : conf.host.vhost?.socketfile;
  return (name) => {
    const usual = host.iftype === "memif" ? `memif-${name}.sock` : name;
    const path = posix.join(layout.socketDir, own === undefined || own === "" ? usual : own);
    return {
      host: path,
      vswitch: seenBy("vswitch", conf, path),
      container: seenBy("container", conf, path),
    };
  };
}

const kilo = (bits: number): number => Math.ceil(bits / 1000);

/** What the container sends is what the switch takes in: `egress` of the runtime is the port's ingress. */
function policing(conf: NetConf): InterfaceSpec["ingressPolicing"] {
  const { ingressRate = 0, egressRate = 0, egressBurst = 0 } = conf.runtimeConfig?.bandwidth ?? {};
  if (ingressRate > 0)
    throw new CniError({
      code: code.unsupportedField,
      message: `the runtime's configuration has bandwidth.ingressRate with value ${ingressRate}: only what the container sends can be limited here (egressRate); leave ingressRate out`,
    });
  if (egressRate === 0) return undefined;
  return { rate: kilo(egressRate), ...(egressBurst > 0 && { burst: kilo(egressBurst) }) };
}

/** The switch's end of the container's queues. */
function memifOf(host: Host, socket: string) {
  return {
    type: "memif" as const,
    role: host.memif.role,
    mode: host.memif.mode,
    socket,
    ...(host.id !== 0 && { id: host.id }),
    ...(host.secret !== undefined && { secret: host.secret }),
    ...(host.queues !== undefined && { rxQueues: host.queues, txQueues: host.queues }),
    ...(host.ring !== undefined && { ringSize: host.ring }),
    ...(host.bufferSize !== undefined && { bufferSize: host.bufferSize }),
  };
}

/** Open vSwitch makes a server's socket where it wants, and is not asked. */
const ovsChooses = ({ engine, iftype, vhost }: Host): boolean =>
  engine === "ovs-dpdk" && iftype === "vhostuser" && vhost.mode === "server";

/** Whether the switch makes the socket elsewhere, and it has to be linked to where the container has it. */
export const needsLink = (plan: Plan): boolean => ovsChooses(plan.ends.host);

/** Whether the switch makes the socket, so that it is there after ADD. */
export const switchMakesSocket = ({ ends: { host } }: Plan): boolean =>
  host.iftype === "memif" ? host.memif.role === "master" : host.vhost.mode === "server";

interface SpecInput {
  readonly loaded: Loaded;
  readonly id: AttachmentId;
  readonly key: string;
  readonly host: Host;
}

function specOf({ loaded, id, key, host }: SpecInput, name: string, socket: string): InterfaceSpec {
  const { conf } = loaded;
  const ingressPolicing = policing(conf);
  const common = {
    key,
    ...(host.mtu !== undefined && { mtu: host.mtu }),
    ...(host.attach !== undefined && { attach: host.attach }),
    ...(ingressPolicing !== undefined && { ingressPolicing }),
    ...(host.engine === "ovs-dpdk" && {
      externalIds: { "cni-network": conf.name, "cni-container-id": id.containerId, "cni-ifname": id.ifName },
    }),
  };
  if (host.iftype === "memif") return { name, ...common, ...memifOf(host, socket) };
  const { mode } = host.vhost;
  return { type: "vhost-user", name, ...common, mode, ...(!ovsChooses(host) && { socket }) };
}

interface HandoverInput {
  readonly conf: NetConf;
  readonly id: AttachmentId;
  readonly host: Host;
  readonly container: Container;
  readonly mac: string | undefined;
}

function handoverOf(
  { conf, id, host, container, mac }: HandoverInput,
  socket: string,
  addressing: Addressing,
): Handover {
  const common = {
    socket,
    ...(mac !== undefined && { mac }),
    ...(container.mtu !== undefined && { mtu: container.mtu }),
    ...(container.queues !== undefined && { queues: container.queues }),
    ...(container.ring !== undefined && { ringSize: container.ring }),
  };
  const memif = {
    type: "memif" as const,
    ...common,
    ...container.memif,
    id: host.id,
    ...(host.secret !== undefined && { secret: host.secret }),
    ...(container.bufferSize !== undefined && { bufferSize: container.bufferSize }),
  };
  return {
    version: 1,
    network: conf.name,
    containerId: id.containerId,
    ifName: id.ifName,
    engine: container.engine,
    interface: host.iftype === "memif" ? memif : { type: "vhost-user", ...common, ...container.vhost },
    netType: container.netType,
    ...(container.bridge !== undefined && { bridge: container.bridge }),
    addresses: addressing.ips.map(({ address, gateway }) => ({ address, ...(gateway && { gateway }) })),
    routes: addressing.routes.map(({ dst, gw }) => ({ dst, ...(gw && { gw }) })),
    ...(addressing.dns !== undefined && { dns: addressing.dns }),
  };
}

/** The MAC address that the container is asked to have: by the runtime, or by the configuration's `args`. */
const macOf = (conf: NetConf): string | undefined => {
  const mac = conf.runtimeConfig?.mac ?? conf.args?.cni?.mac ?? "";
  if (mac === "") return undefined;
  if (
    /^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/u.test(mac) &&
    (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0
  )
    return mac.replaceAll("-", ":").toLowerCase();
  throw new CniError({
    code: code.invalidConfig,
    message: `the runtime asks for MAC address ${JSON.stringify(mac)}: expected a unicast one such as 02:00:00:00:00:01`,
  });
};

/** Works everything out. Throws a {@link CniError} of code 2 or 7; nothing is done. */
export function planAttachment(loaded: Loaded, id: AttachmentId): Plan {
  const { conf } = loaded;
  const defaults = new Defaults();
  const ends = resolveEnds(conf, defaults);
  const { host, container } = ends;
  const layout = layoutOf(conf, host.iftype, id);
  if (conf.sharedDir === undefined || conf.sharedDir === "")
    defaults.take("sharedDir", undefined, layout.socketDir, "the directory of the Userspace CNI of 2018");
  const key = attachmentKey(conf.name, id);
  const names = interfaceNames(conf.name, id);
  const socket = socketPaths(conf, host, layout);
  const paths = socket(names[0]);
  checkSocketPath("on the host", paths.host);
  checkSocketPath("as the switch sees it", paths.vswitch);
  checkSocketPath("as the container sees it", paths.container);
  const mac = macOf(conf);
  return {
    network: conf.name,
    id,
    key,
    address: switchAddress(conf),
    ends,
    layout,
    permissions: permissionsOf(conf),
    mac,
    names,
    socket,
    spec: (name) => specOf({ loaded, id, key, host }, name, socket(name).vswitch),
    handover: (name, addressing) =>
      handoverOf({ conf, id, host, container, mac }, socket(name).container, addressing),
    defaults: defaults.applied,
  };
}
