/**
 * What a user asks for: interfaces, attachments, bridges. The schemas validate at run time, the types are inferred
 * from them, so the two cannot drift apart.
 */
import * as v from "valibot";

const utf8Bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** `sun_path` of unix(7) holds 108 bytes with the closing NUL. */
export const longestSocketPath = 107;

/** `IFNAMSIZ` of netdevice(7) is 16 with the closing NUL. */
export const longestKernelName = 15;

const objectName = v.pipe(
  v.string(),
  v.minLength(1, "at least 1 byte"),
  v.check((name) => utf8Bytes(name) <= 63, "at most 63 bytes"),
  v.regex(/^[^\s/\\\p{Cc}\p{Cs}]+$/u, "no white space, slash, backslash or control character"),
  v.check((name) => name !== "." && name !== "..", "a name other than . and .."),
);

const kernelName = v.pipe(
  objectName,
  v.maxBytes(
    longestKernelName,
    `at most ${longestKernelName} bytes, the kernel's limit for a network device`,
  ),
);

const socketPath = v.pipe(
  v.string(),
  v.check((path) => path.startsWith("/"), "an absolute path"),
  v.check((path) => !path.includes("\0"), "a path without NUL"),
  v.check((path) => !path.endsWith("/"), "a path that names a file"),
  v.check(
    (path) => !path.split("/").some((part) => part === "." || part === ".."),
    "a path without . or .. in it",
  ),
  v.check(
    (path) => utf8Bytes(path) <= longestSocketPath,
    `at most ${longestSocketPath} bytes, the kernel's limit for a unix socket: use a shorter directory`,
  ),
);

const integer = (low: number, high: number) =>
  v.pipe(
    v.number(`an integer from ${low} to ${high}`),
    v.check(
      (value) => Number.isInteger(value) && value >= low && value <= high,
      `an integer from ${low} to ${high}`,
    ),
  );

const powerOfTwo = (low: number, high: number) =>
  v.pipe(
    integer(low, high),
    v.check((value) => (value & (value - 1)) === 0, `a power of two from ${low} to ${high}`),
  );

const macAddress = v.pipe(
  v.string(),
  v.mac48("a MAC address such as 02:00:00:00:00:01"),
  v.check((mac) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0, "a unicast MAC address"),
  v.transform((mac) => mac.replaceAll("-", ":").toLowerCase()),
);

const ipAddress = v.pipe(v.string(), v.ip("an IPv4 or IPv6 address"));

const vlanId = integer(0, 4095);

const vlanModes = [
  "access",
  "trunk",
  "native-tagged",
  "native-untagged",
  "dot1q-tunnel",
] as const satisfies readonly VlanMode[];

const attachmentEntries = {
  /** Name of the bridge (Open vSwitch), or name or number of the bridge domain (VPP). */
  bridge: objectName,
  /**
   * How the port treats VLAN tags, as `vlan_mode` of ovs-vswitchd.conf.db(5). Default: `access` with a `tag`,
   * else `trunk`.
   */
  vlanMode: v.optional(v.picklist(vlanModes)),
  /** The VLAN of an access port, or the native VLAN, 0 to 4095. */
  tag: v.optional(vlanId),
  /** The VLANs that a trunk carries. Default: all. */
  trunks: v.optional(
    v.pipe(
      v.array(vlanId),
      v.check((ids) => new Set(ids).size === ids.length, "each VLAN once"),
      v.readonly(),
    ),
  ),
  /**
   * Whether a bridge that is not there is made. Default: true. It is then ours, and goes when the last of our
   * interfaces leaves it and nobody else's is on it.
   */
  createBridge: v.optional(v.boolean()),
};

const isAccess = (a: { vlanMode?: string | undefined; tag?: number | undefined }): boolean =>
  a.vlanMode === "access" || (a.vlanMode === undefined && a.tag !== undefined);

const attachmentObject = v.strictObject(attachmentEntries);

export const attachmentSchema = v.pipe(
  attachmentObject,
  v.forward(
    v.check(
      (a) => !(isAccess(a) && a.trunks !== undefined),
      "no trunks on an access port: leave out trunks, or set vlanMode to native-tagged or native-untagged",
    ),
    ["trunks"],
  ),
  v.forward(
    v.check(
      (a) => !(a.vlanMode === "trunk" && a.tag !== undefined),
      "no tag on a trunk: leave it out, or set vlanMode to native-tagged",
    ),
    ["tag"],
  ),
  v.forward(
    v.check(
      (a) => !(a.vlanMode !== undefined && a.vlanMode !== "trunk" && a.tag === undefined),
      "a tag: every vlanMode but trunk needs one",
    ),
    ["tag"],
  ),
);

const externalIdsSchema = v.pipe(
  v.custom<Record<string, string>>(
    (ids) => typeof ids === "object" && ids !== null && !Array.isArray(ids),
    "an object of strings",
  ),
  v.check(
    // valibot drops these keys, and what is dropped in silence is lost.
    (ids) => !["__proto__", "constructor", "prototype"].some((key) => Object.hasOwn(ids, key)),
    "other keys than __proto__, constructor and prototype",
  ),
  v.record(
    v.pipe(
      v.string(),
      v.minLength(1, "at least 1 character"),
      v.check((key) => !key.startsWith("vswitch-drivers"), "a key that does not begin with vswitch-drivers"),
    ),
    v.string(),
  ),
);

const commonEntries = {
  /** Name of the interface, unique on the switch; 1 to 63 bytes (15 for a kernel device), no white space or slash. */
  name: objectName,
  /**
   * The owner's own key for this interface, kept in the switch, such as a CNI attachment's. Default: the name.
   * `collectGarbage` works from these keys.
   */
  key: v.optional(v.pipe(v.string(), v.minBytes(1, "at least 1 byte"), v.maxBytes(255, "at most 255 bytes"))),
  /** Maximum transmission unit in bytes, 68 to 65535. Default: the switch's. */
  mtu: v.optional(integer(68, 65_535)),
  /** MAC address of the switch's side. Default: the switch chooses. */
  mac: v.optional(macAddress),
  /** Default: `up`. */
  adminState: v.optional(v.picklist(["up", "down"])),
  /** The OpenFlow port number to ask for, 1 to 65279 (Open vSwitch). Another one may be given if it is taken. */
  ofportRequest: v.optional(integer(1, 65_279)),
  /** Limits what the switch takes in from this interface, as `ingress_policing_*` of ovs-vswitchd.conf.db(5). */
  ingressPolicing: v.optional(
    v.strictObject({
      /** kbit/s; 0 is no limit. */
      rate: v.optional(integer(0, 4_294_967_295)),
      /** kbit; 0 is 8000. */
      burst: v.optional(integer(0, 4_294_967_295)),
      /** thousand packets per second; 0 is no limit. */
      kpktsRate: v.optional(integer(0, 4_294_967_295)),
      /** thousand packets; 0 is no burst. */
      kpktsBurst: v.optional(integer(0, 4_294_967_295)),
    }),
  ),
  /** Kept with the interface as they are (Open vSwitch). Keys that begin with `vswitch-drivers` are ours. */
  externalIds: v.optional(externalIdsSchema),
  /** Puts the interface on a bridge in the same step. Default: it is isolated. */
  attach: v.optional(attachmentSchema),
};

const vhostUserObject = v.strictObject({
  ...commonEntries,
  type: v.literal("vhost-user"),
  /** Which end the switch is: `server` makes the socket, `client` connects to the peer's. */
  mode: v.picklist(["server", "client"]),
  /**
   * The socket, an absolute path of at most 107 bytes. Open vSwitch chooses it itself in `server` mode
   * (`<run directory>/<vhost-sock-dir>/<name>`): leave it out and read it from the result.
   */
  socket: v.optional(socketPath),
});

const vhostUserSchema = v.pipe(
  vhostUserObject,
  v.forward(
    v.check(
      (spec) => !(spec.mode === "client" && spec.socket === undefined),
      "the peer's socket: a vhost-user client connects to it",
    ),
    ["socket"],
  ),
);

const memifSchema = v.strictObject({
  ...commonEntries,
  type: v.literal("memif"),
  role: v.picklist(["master", "slave"]),
  /** Default: `ethernet`. */
  mode: v.optional(v.picklist(["ethernet", "ip", "inject-punt"])),
  /** The socket, an absolute path of at most 107 bytes. Several memifs may share one, with other `id`s. */
  socket: socketPath,
  /** Number of this memif on its socket. Default: 0. */
  id: v.optional(integer(0, 4_294_967_295)),
  /** At most 24 bytes; both ends need the same. */
  secret: v.optional(
    v.pipe(v.string(), v.minBytes(1, "at least 1 byte"), v.maxBytes(24, "at most 24 bytes")),
  ),
  /** Default: 1. */
  rxQueues: v.optional(integer(1, 255)),
  /** Default: 1. */
  txQueues: v.optional(integer(1, 255)),
  /** Entries of a ring, a power of two. Default: 1024. */
  ringSize: v.optional(powerOfTwo(64, 32_768)),
  /** Bytes of a buffer. Default: 2048. */
  bufferSize: v.optional(integer(64, 65_535)),
});

const tapObject = v.strictObject({
  ...commonEntries,
  type: v.literal("tap"),
  /** The kernel's name of the device. Default: `name`. Open vSwitch knows no other. */
  device: v.optional(kernelName),
  /** VPP. Default: 1. */
  rxQueues: v.optional(integer(1, 255)),
  /** VPP. Default: 1. */
  txQueues: v.optional(integer(1, 255)),
});

const tapSchema = v.pipe(
  tapObject,
  v.forward(
    v.check(
      (spec) => !(spec.device === undefined && utf8Bytes(spec.name) > longestKernelName),
      `at most ${longestKernelName} bytes, the kernel's limit for a network device: shorten it, or give device`,
    ),
    ["name"],
  ),
);

const internalSchema = v.strictObject({ ...commonEntries, type: v.literal("internal"), name: kernelName });

const loopbackSchema = v.strictObject({ ...commonEntries, type: v.literal("loopback") });

const afPacketSchema = v.strictObject({
  ...commonEntries,
  type: v.literal("af-packet"),
  /** The kernel device that the switch opens. */
  device: kernelName,
});

const dpdkSchema = v.strictObject({
  ...commonEntries,
  type: v.literal("dpdk"),
  /** The device as DPDK names it: a PCI address or a `--vdev` text. */
  devargs: v.pipe(v.string(), v.minBytes(1, "at least 1 byte"), v.maxBytes(4096, "at most 4096 bytes")),
  /** `n_rxq`. Default: 1. */
  rxQueues: v.optional(integer(1, 65_535)),
  /** `n_rxq_desc`, a power of two. Default: the switch's. */
  rxDescriptors: v.optional(powerOfTwo(1, 4096)),
  /** `n_txq_desc`, a power of two. Default: the switch's. */
  txDescriptors: v.optional(powerOfTwo(1, 4096)),
});

const patchObject = v.strictObject({
  ...commonEntries,
  type: v.literal("patch"),
  /** Name of the other end, a `patch` too; it may come later. */
  peer: objectName,
});

const patchSchema = v.pipe(
  patchObject,
  v.forward(
    v.check((spec) => spec.peer !== spec.name, "another interface than this one"),
    ["peer"],
  ),
);

const tunnelEntries = {
  ...commonEntries,
  /** The other end's address, or `flow`: a flow sets it for each packet (Open vSwitch). */
  remote: v.union([ipAddress, v.literal("flow")], "an IPv4 or IPv6 address, or flow"),
  /** Our address. Default: the route decides; VPP has to be told. */
  local: v.optional(ipAddress),
  /** Virtual network identifier, 0 to 16777215, or `flow`. Default: 0. */
  vni: v.optional(
    v.union([integer(0, 16_777_215), v.literal("flow")], "an integer from 0 to 16777215, or flow"),
  ),
  /** UDP port of the other end, and on VPP of this one. Default: 4789 for vxlan, 6081 for geneve. */
  dstPort: v.optional(integer(1, 65_535)),
};

const vxlanSchema = v.strictObject({ ...tunnelEntries, type: v.literal("vxlan") });

const geneveSchema = v.strictObject({ ...tunnelEntries, type: v.literal("geneve") });

const interfaceSchemas = {
  "vhost-user": vhostUserSchema,
  memif: memifSchema,
  tap: tapSchema,
  internal: internalSchema,
  loopback: loopbackSchema,
  "af-packet": afPacketSchema,
  dpdk: dpdkSchema,
  patch: patchSchema,
  vxlan: vxlanSchema,
  geneve: geneveSchema,
} as const;

export const interfaceSpecSchema = v.variant("type", [
  interfaceSchemas["vhost-user"],
  interfaceSchemas.memif,
  interfaceSchemas.tap,
  interfaceSchemas.internal,
  interfaceSchemas.loopback,
  interfaceSchemas["af-packet"],
  interfaceSchemas.dpdk,
  interfaceSchemas.patch,
  interfaceSchemas.vxlan,
  interfaceSchemas.geneve,
]);

const schemaByType = new Map<unknown, v.GenericSchema<unknown, InterfaceSpec>>(
  Object.entries(interfaceSchemas),
);

/**
 * The schema of specs of this one's type, which is found faster so than by `interfaceSpecSchema`; that one itself, which
 * says what is wrong, where there is no such type.
 */
export function schemaOfSpec(spec: unknown): v.GenericSchema<unknown, InterfaceSpec> {
  const hasType = typeof spec === "object" && spec !== null && "type" in spec;
  return (hasType ? schemaByType.get(spec.type) : undefined) ?? interfaceSpecSchema;
}

export const bridgeSpecSchema = v.strictObject({
  /** Name of the bridge (Open vSwitch, where it is a kernel device too), or name or number of the domain (VPP). */
  name: objectName,
  /** What Open vSwitch does without a controller, as `fail_mode` of ovs-vswitchd.conf.db(5). Default: `standalone`. */
  failMode: v.optional(v.picklist(["standalone", "secure"])),
  /** Kept with the bridge as they are (Open vSwitch). Keys that begin with `vswitch-drivers` are ours. */
  externalIds: v.optional(externalIdsSchema),
});

/** A vhost-user port: shared memory with a virtual machine or container, over a unix socket. */
export interface VhostUserSpec extends v.InferOutput<typeof vhostUserObject> {}
/** A shared memory packet interface (memif) to another process. */
export interface MemifSpec extends v.InferOutput<typeof memifSchema> {}
/** A tap device of the kernel. */
export interface TapSpec extends v.InferOutput<typeof tapObject> {}
/** A port of the switch that the host's kernel sees as a network device (Open vSwitch). */
export interface InternalSpec extends v.InferOutput<typeof internalSchema> {}
/** A loopback interface (VPP). */
export interface LoopbackSpec extends v.InferOutput<typeof loopbackSchema> {}
/** A device of the kernel, opened with AF_PACKET (VPP). */
export interface AfPacketSpec extends v.InferOutput<typeof afPacketSchema> {}
/** A device that DPDK drives (Open vSwitch). */
export interface DpdkSpec extends v.InferOutput<typeof dpdkSchema> {}
/** One end of a cable between two bridges of the switch (Open vSwitch). */
export interface PatchSpec extends v.InferOutput<typeof patchObject> {}
/** A VXLAN tunnel, RFC 7348. */
export interface VxlanSpec extends v.InferOutput<typeof vxlanSchema> {}
/** A Geneve tunnel, RFC 8926. */
export interface GeneveSpec extends v.InferOutput<typeof geneveSchema> {}

/** What `createInterface` makes, discriminated on `type`. */
export type InterfaceSpec =
  | VhostUserSpec
  | MemifSpec
  | TapSpec
  | InternalSpec
  | LoopbackSpec
  | AfPacketSpec
  | DpdkSpec
  | PatchSpec
  | VxlanSpec
  | GeneveSpec;

/** The `type` of an {@link InterfaceSpec}. */
export type InterfaceType = InterfaceSpec["type"];

/** Where and how an interface sits on a bridge. */
export interface Attachment extends v.InferOutput<typeof attachmentObject> {}

/** What `ensureBridge` makes. */
export interface BridgeSpec extends v.InferOutput<typeof bridgeSpecSchema> {}

/** How a port treats VLAN tags: see {@link Attachment}. */
export type VlanMode = "access" | "trunk" | "native-tagged" | "native-untagged" | "dot1q-tunnel";

/** Every VLAN mode of the core API with what `of` says of it. */
export const byVlanMode = <T>(of: (mode: VlanMode) => T): Record<VlanMode, T> => ({
  access: of("access"),
  trunk: of("trunk"),
  "native-tagged": of("native-tagged"),
  "native-untagged": of("native-untagged"),
  "dot1q-tunnel": of("dot1q-tunnel"),
});

/** Every interface type of the core API with what `of` says of it, in the order of the documentation. */
export const byInterfaceType = <T>(of: (type: InterfaceType) => T): Record<InterfaceType, T> => ({
  "vhost-user": of("vhost-user"),
  memif: of("memif"),
  tap: of("tap"),
  internal: of("internal"),
  loopback: of("loopback"),
  "af-packet": of("af-packet"),
  dpdk: of("dpdk"),
  patch: of("patch"),
  vxlan: of("vxlan"),
  geneve: of("geneve"),
});
