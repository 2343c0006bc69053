/**
 * The network configuration: every key of the Userspace CNI of 2018 to 2024, and ours. The published JSON Schema is
 * made from this one.
 */
import * as v from "valibot";
import { idPattern } from "../environment.js";
import { supportedVersions } from "../versions.js";
import type { Keys } from "./keys.js";

const integer = (low: number, high: number) =>
  v.pipe(
    v.number(`an integer from ${low} to ${high}`),
    v.integer(`an integer from ${low} to ${high}`),
    v.minValue(low, `an integer from ${low} to ${high}`),
    v.maxValue(high, `an integer from ${low} to ${high}`),
  );

/** Go writes what is not set as "". */
const orEmpty = <const T extends readonly string[]>(...words: T) => v.picklist([...words, ""] as const);

const absolutePath = v.pipe(
  v.string(),
  v.regex(/^(?:\/|$)/u, "an absolute path"),
  v.regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))/u, "a path without . or .. in it"),
  v.regex(/^[^\0]*$/u, "a path without NUL"),
);

const fileName = v.pipe(
  v.string(),
  v.regex(
    /^(?!\.{1,2}$)[^/\0]*$/u,
    "a file name: the directory is chosen by sharedDir, and no path leaves it",
  ),
  v.maxLength(107, "at most 107 bytes, the kernel's limit for a unix socket"),
);

const memif = v.strictObject({
  role: v.optional(
    v.pipe(
      orEmpty("master", "slave"),
      v.description(
        "master makes the socket, slave connects to it. Default in container: the other one than the host's.",
      ),
    ),
  ),
  mode: v.optional(
    v.pipe(
      orEmpty("ethernet", "ip", "inject-punt"),
      v.description("Default: ethernet; in container: the host's."),
    ),
  ),
  socketfile: v.optional(
    v.pipe(
      fileName,
      v.description("Name of the socket in its directory. Default: memif-<12 of the id>-<ifname>.sock."),
    ),
  ),
  id: v.optional(v.pipe(integer(0, 4_294_967_295), v.description("Number on the socket. Default: 0."))),
  secret: v.optional(
    v.pipe(
      v.string(),
      v.maxBytes(24, "at most 24 bytes"),
      v.description("Both ends need the same. Default: none."),
    ),
  ),
});

const vhost = v.strictObject({
  mode: v.optional(
    v.pipe(
      orEmpty("client", "server"),
      v.description(
        "server makes the socket, client connects to it. Default on the host: server; in container: the other one.",
      ),
    ),
  ),
  group: v.optional(
    v.pipe(
      v.string(),
      v.description("Group of the socket and its directory; the older spelling of socket.group."),
    ),
  ),
  socketfile: v.optional(
    v.pipe(fileName, v.description("Name of the socket in its directory. Default: <12 of the id>-<ifname>.")),
  ),
});

const bridge = v.strictObject({
  bridgeName: v.optional(
    v.pipe(v.string(), v.description("Name of the bridge or bridge domain. Default on Open vSwitch: br0.")),
  ),
  bridgeId: v.optional(
    v.pipe(integer(0, 16_777_215), v.description("Number of VPP's bridge domain; bridgeName wins.")),
  ),
  vlanId: v.optional(v.pipe(integer(0, 4095), v.description("The older spelling of vlan; 0 is none."))),
  datapathType: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[a-z][a-z0-9-]*$/u, "a datapath_type such as netdev"),
      v.description("datapath_type of a bridge that is made (Open vSwitch). Default: netdev."),
    ),
  ),
});

const vlanId = integer(0, 4095);

const trunk = v.array(
  v.union(
    [vlanId, v.strictObject({ id: vlanId }), v.strictObject({ minID: vlanId, maxID: vlanId })],
    'a VLAN such as 10, {"id": 10} or {"minID": 10, "maxID": 20}',
  ),
);

const principal = v.union([v.string(), integer(0, 4_294_967_294)], "a name or a number");

const socket = v.strictObject({
  owner: v.optional(v.pipe(principal, v.description("User of the socket and its directory."))),
  group: v.optional(v.pipe(principal, v.description("Group of the socket and its directory."))),
  mode: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^0?[0-7]{3}$/u, "permissions in octal, such as 0660"),
      v.description("Permissions of the socket in octal, such as 0660."),
    ),
  ),
});

const queueEntries = {
  queues: v.optional(v.pipe(integer(1, 255), v.description("Queue pairs. Default: 1."))),
  ring: v.optional(
    v.pipe(
      v.picklist(
        [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768],
        "a power of two from 64 to 32768",
      ),
      v.description("Entries of a ring, a power of two. Default: the engine's."),
    ),
  ),
  bufferSize: v.optional(
    v.pipe(integer(64, 65_535), v.description("Bytes of a memif buffer. Default: 2048.")),
  ),
};

const endEntries = {
  iftype: v.optional(
    v.pipe(
      orEmpty("memif", "vhostuser"),
      v.description("Required on the host; the container's is the same."),
    ),
  ),
  netType: v.optional(
    v.pipe(
      orEmpty("bridge", "interface", "none"),
      v.description(
        "bridge: on a bridge; interface: it gets the addresses of IPAM; none: isolated. Default on the host: bridge on Open vSwitch, and on VPP where a bridge is given, else none; in container: interface.",
      ),
    ),
  ),
  memif: v.optional(memif),
  vhost: v.optional(vhost),
  bridge: v.optional(bridge),
  vlan: v.optional(v.pipe(vlanId, v.description("VLAN of the port; with trunk: its native VLAN."))),
  mtu: v.optional(
    v.pipe(integer(68, 65_535), v.description("Default: the top-level mtu, else the switch's.")),
  ),
  ...queueEntries,
};

const hostEnd = v.strictObject({
  engine: v.pipe(
    v.picklist(["vpp", "ovs-dpdk"]),
    v.description("The switch: vpp, or ovs-dpdk for Open vSwitch with DPDK."),
  ),
  ...endEntries,
  trunk: v.optional(v.pipe(trunk, v.description("The VLANs that the port carries tagged."))),
  socket: v.optional(v.pipe(socket, v.description("Who may use the socket."))),
  remote: v.optional(
    v.pipe(
      v.string(),
      v.description(
        "Where the switch listens: unix:PATH, for Open vSwitch also tcp:HOST:PORT. Default: the engine's usual socket.",
      ),
    ),
  ),
});

const containerEnd = v.strictObject({
  engine: v.optional(
    v.pipe(
      orEmpty("vpp", "ovs-dpdk", "dpdk"),
      v.description(
        "Who configures the container's end: its VPP, or a DPDK program. Default: the host's engine.",
      ),
    ),
  ),
  ...endEntries,
});

const pathMapping = v.strictObject({
  host: v.pipe(absolutePath, v.minLength(1), v.description("A directory of the host.")),
  vswitch: v.optional(v.pipe(absolutePath, v.description("The same directory as the switch sees it."))),
  container: v.optional(v.pipe(absolutePath, v.description("The same directory as the container sees it."))),
});

const rate = v.pipe(integer(0, Number.MAX_SAFE_INTEGER));

const runtimeConfig = v.looseObject({
  mac: v.optional(v.string()),
  ips: v.optional(v.array(v.string())),
  bandwidth: v.optional(
    v.strictObject({
      ingressRate: v.optional(rate),
      ingressBurst: v.optional(rate),
      egressRate: v.optional(rate),
      egressBurst: v.optional(rate),
    }),
  ),
  CNIDeviceInfoFile: v.optional(absolutePath),
});

const args = v.looseObject({ cni: v.optional(v.looseObject({ mac: v.optional(v.string()) })) });

const milliseconds = integer(1, 600_000);

export const validAttachmentsKey = "cni.dev/valid-attachments";

const networkNames = "at most 200 letters, digits, dots, underscores and hyphens, a letter or digit first";

/** What every command needs. */
const commonEntries = {
  cniVersion: v.optional(
    v.pipe(
      v.picklist([...supportedVersions, ""]),
      v.description("Version of the CNI specification. Default: 0.1.0."),
    ),
  ),
  name: v.pipe(
    v.string("the name of the network"),
    v.regex(idPattern, networkNames),
    v.maxLength(200, networkNames),
    v.description("Name of the network."),
  ),
  type: v.pipe(v.string("the name of the plugin"), v.description('Name of the plugin: "userspace".')),
  ifName: v.optional(
    v.pipe(
      v.string(),
      v.description("Accepted and not used: the runtime names the interface, by CNI_IFNAME."),
    ),
  ),
  host: v.pipe(hostEnd, v.description("The switch's end.")),
  container: v.optional(
    v.pipe(containerEnd, v.description("The container's end. Default: made from the host's.")),
  ),
  ipam: v.optional(
    v.pipe(v.looseObject({ type: v.optional(v.string()) }), v.description("The IPAM plugin and its keys.")),
  ),
  dns: v.optional(v.looseObject({})),
  mtu: v.optional(v.pipe(integer(68, 65_535), v.description("MTU of both ends."))),
  sharedDir: v.optional(
    v.pipe(
      absolutePath,
      v.description("Sockets and data lie in <sharedDir>/<12 of the id>/. Default: the directories of 2018."),
    ),
  ),
  paths: v.optional(
    v.pipe(
      v.array(pathMapping),
      v.description(
        "How the switch and the container see directories of the host. Default: as the host does.",
      ),
    ),
  ),
  stateDir: v.optional(
    v.pipe(absolutePath, v.description("What the plugin remembers. Default: /var/lib/cni/userspace.")),
  ),
  kubeconfig: v.optional(
    v.pipe(
      absolutePath,
      v.description(
        "Kubeconfig of an account that may get and patch pods: the container's data goes into the pod's annotations too. Needs @kubernetes/client-node on the host. Default: none.",
      ),
    ),
  ),
  podAnnotations: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "Whether the pod is annotated; true without kubeconfig: by the service account of the pod that the plugin runs in. Default: true with kubeconfig, else false.",
      ),
    ),
  ),
  kubernetesTimeoutMs: v.optional(
    v.pipe(milliseconds, v.description("How long annotating the pod may take. Default: 15000.")),
  ),
  logFile: v.optional(v.pipe(absolutePath, v.description("Default: none."))),
  logLevel: v.optional(
    v.pipe(v.string(), v.description("panic, error, warning, info, debug or verbose. Default: warning.")),
  ),
  ipamTimeoutMs: v.optional(
    v.pipe(milliseconds, v.description("How long the IPAM plugin may take. Default: 30000.")),
  ),
  vswitchTimeoutMs: v.optional(
    v.pipe(milliseconds, v.description("How long a step on the switch may take. Default: 10000.")),
  ),
  commandTimeoutMs: v.optional(
    v.pipe(
      milliseconds,
      v.description(
        "How long a command may take, a quarter of it kept for taking back what it did. Less than the runtime waits. Default: 90000.",
      ),
    ),
  ),
  capabilities: v.optional(v.record(v.string(), v.boolean())),
  runtimeConfig: v.optional(runtimeConfig),
  args: v.optional(args),
};

/** Keys that no user writes: the runtime adds them. */
const runtimeEntries = {
  prevResult: v.optional(v.looseObject({})),
  [validAttachmentsKey]: v.optional(v.array(v.looseObject({ containerID: v.string(), ifname: v.string() }))),
};

/** What an administrator writes. */
export const plainSchema = v.object(commonEntries);

/** Other plugins and runtimes have keys beside ours: those are left alone. */
export const netconfSchema = v.looseObject({ ...commonEntries, ...runtimeEntries });

/** What DEL needs. */
export const commonSchema = v.looseObject({
  name: commonEntries.name,
  ipam: commonEntries.ipam,
  stateDir: commonEntries.stateDir,
  logFile: commonEntries.logFile,
  logLevel: commonEntries.logLevel,
  ipamTimeoutMs: commonEntries.ipamTimeoutMs,
  vswitchTimeoutMs: commonEntries.vswitchTimeoutMs,
  commandTimeoutMs: commonEntries.commandTimeoutMs,
});

/** Which switch it is. */
export const switchSchema = v.object({ engine: hostEnd.entries.engine, remote: hostEnd.entries.remote });

export type CommonConf = v.InferOutput<typeof commonSchema>;
export type NetConf = v.InferOutput<typeof netconfSchema>;
export type HostEnd = NetConf["host"];
export type ContainerEnd = NonNullable<NetConf["container"]>;

const leaf = (schema: { readonly entries: object }): Keys =>
  Object.fromEntries(Object.keys(schema.entries).map((key) => [key, null]));

const endKeys: Keys = {
  ...leaf(hostEnd),
  memif: leaf(memif),
  vhost: leaf(vhost),
  bridge: leaf(bridge),
  socket: leaf(socket),
  trunk: [{ id: null, minID: null, maxID: null }],
};

/** The spelling of every key that is matched without regard to case. */
export const netconfKeys: Keys = {
  ...leaf(netconfSchema),
  host: endKeys,
  container: endKeys,
  ipam: { type: null },
  dns: {},
  capabilities: {},
  paths: [leaf(pathMapping)],
  runtimeConfig: {
    mac: null,
    ips: null,
    bandwidth: leaf(runtimeConfig.entries.bandwidth.wrapped),
    CNIDeviceInfoFile: null,
  },
  args: { cni: { mac: null } },
  prevResult: {},
  [validAttachmentsKey]: [{ containerID: null, ifname: null }],
};
