/** The documents of the old Userspace CNI, read as hand-overs. */
import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { validate } from "../core/validate.js";
import { oldMemifSocketFile, oldVhostSocketFile, type Handover } from "../handover/index.js";
import type { InvalidError, Result } from "../index.js";

const text = v.optional(v.string(), "");
const optional = v.optional(v.nullable(v.string()));

const endSchema = v.object({
  engine: text,
  iftype: text,
  netType: text,
  memif: v.optional(v.object({ role: text, mode: text, socketfile: text }), {}),
  vhost: v.optional(v.object({ mode: text, socketfile: text }), {}),
  bridge: v.optional(
    v.object({ bridgeName: text, bridgeId: v.optional(v.number(), 0), vlanId: v.optional(v.number(), 0) }),
    {},
  ),
});

const resultSchema = v.object({
  ips: v.optional(v.nullable(v.array(v.object({ address: v.string(), gateway: optional }))), []),
  routes: v.optional(v.nullable(v.array(v.object({ dst: v.string(), gw: optional }))), []),
  dns: v.optional(
    v.nullable(
      v.object({
        nameservers: v.optional(v.array(v.string())),
        domain: v.optional(v.string()),
        search: v.optional(v.array(v.string())),
        options: v.optional(v.array(v.string())),
      }),
    ),
  ),
});

type End = v.InferOutput<typeof endSchema>;
type IpResult = v.InferOutput<typeof resultSchema>;

const configurationSchema = v.object({
  containerId: v.string(),
  ifName: v.string(),
  name: text,
  config: endSchema,
  ipResult: v.optional(v.nullable(resultSchema), {}),
});

const remoteSchema = v.object({ name: text, host: endSchema });
const addDataSchema = v.object({
  containerId: v.string(),
  ifName: v.string(),
  ipResult: v.optional(v.nullable(resultSchema), {}),
});

/** The directories of the sockets, for documents that name a file only, or none. */
export interface SocketFolders {
  readonly memif: string;
  readonly vhost: string;
  /** The memif socket of all, whatever the document says: the old plugin's variable `USERSPACE_MEMIF_SOCKFILE`. */
  readonly memifSocket?: string | undefined;
}

interface Known {
  readonly containerId: string;
  readonly ifName: string;
  readonly network: string;
  readonly end: End;
  readonly result: IpResult | null;
  readonly folders: SocketFolders;
}

/** A file name in a directory; a path stays what it is. What the old plugin wrote never had a slash. */
const inFolder = (folder: string, file: string): string => (isAbsolute(file) ? file : join(folder, file));

function interfaceOf({ containerId, ifName, end, folders }: Known): unknown {
  const { iftype, memif, vhost } = end;
  if (iftype === "memif") {
    return {
      type: "memif",
      socket:
        folders.memifSocket ??
        inFolder(folders.memif, memif.socketfile || oldMemifSocketFile(containerId, ifName)),
      role: memif.role,
      mode: memif.mode || "ethernet",
      id: 0,
    };
  }
  return {
    type: iftype === "vhostuser" ? "vhost-user" : iftype,
    socket: inFolder(folders.vhost, vhost.socketfile || oldVhostSocketFile(containerId, ifName)),
    // Empty was the old plugin's word for a socket that Open vSwitch makes.
    mode: vhost.mode || "client",
  };
}

const bridgeOf = ({ bridgeName, bridgeId, vlanId }: End["bridge"]): unknown =>
  bridgeName === "" && bridgeId === 0
    ? undefined
    : { name: bridgeName || String(bridgeId), ...(vlanId !== 0 && { vlan: vlanId }) };

/** As a document of the new form, not yet checked. */
function translate(known: Known): unknown {
  const { containerId, ifName, network, end, result } = known;
  const bridge = bridgeOf(end.bridge);
  return {
    version: 1,
    network: network || "unknown",
    containerId,
    ifName,
    // Later releases left it empty: the switch on the host was the only one that could be meant.
    engine: end.engine || (end.iftype === "memif" ? "vpp" : "ovs-dpdk"),
    interface: interfaceOf(known),
    netType: end.netType || ((result?.ips ?? []).length > 0 ? "interface" : "none"),
    ...(bridge !== undefined && { bridge }),
    addresses: (result?.ips ?? []).map(({ address, gateway }) => ({ address, ...(gateway && { gateway }) })),
    routes: (result?.routes ?? []).map(({ dst, gw }) => ({ dst, ...(gw && { gw }) })),
    ...(result?.dns && { dns: result.dns }),
  };
}

type Read = (source: string, document: unknown) => Result<Handover, InvalidError>;

/** A `configData-` file, or a member of the list in the annotation. */
export function readConfiguration(
  source: string,
  document: unknown,
  folders: SocketFolders,
  read: Read,
): Result<Handover, InvalidError> {
  return validate("readHandover", source, configurationSchema, document).andThen(
    ({ containerId, ifName, name, config, ipResult }) =>
      read(source, translate({ containerId, ifName, network: name, end: config, result: ipResult, folders })),
  );
}

/** A `remote-` file and its `addData-` file. */
export function readRemote(
  source: string,
  documents: { readonly remote: unknown; readonly addData: unknown },
  folders: SocketFolders,
  read: Read,
): Result<Handover, InvalidError> {
  return validate("readHandover", source, remoteSchema, documents.remote).andThen(({ name, host }) =>
    validate("readHandover", source, addDataSchema, documents.addData).andThen(
      ({ containerId, ifName, ipResult }) =>
        read(source, translate({ containerId, ifName, network: name, end: host, result: ipResult, folders })),
    ),
  );
}
