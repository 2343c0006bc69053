import type * as v from "valibot";
import type { Attachment, BridgeSpec, InterfaceSpec, InterfaceType } from "../index.js";

/*
 * Every field of the library's specs as an option of the command line. The types below are made from the specs: a
 * field that comes there and is not here does not compile, and neither does one that is read as another kind.
 */

type KeysOf<U> = U extends unknown ? keyof U : never;
type ValueOf<U, K> = U extends unknown ? (K extends keyof U ? NonNullable<U[K]> : never) : never;

type Policing = NonNullable<InterfaceSpec["ingressPolicing"]>;
type Own = Exclude<KeysOf<InterfaceSpec>, "type" | "name" | "attach" | "ingressPolicing">;

type Values = { readonly [K in Own]: ValueOf<InterfaceSpec, K> } & {
  readonly [K in keyof Policing as `ingressPolicing.${K}`]-?: NonNullable<Policing[K]>;
} & {
  readonly [K in keyof Attachment as `attach.${K}`]-?: NonNullable<Attachment[K]>;
} & { readonly [K in Exclude<keyof BridgeSpec, "name" | "externalIds">]-?: NonNullable<BridgeSpec[K]> };

/**
 * How an option is read: as it is (`text`); as a number where it is one (`number`); as such with commas between
 * (`numbers`); as `KEY=VALUE`, many times (`pairs`); from a file, because arguments are seen by everybody on the host
 * (`file`); as a flag that says no (`refusal`).
 */
type Kind<K, T> = K extends "secret"
  ? "file"
  : [T] extends [boolean]
    ? "refusal"
    : [T] extends [readonly number[]]
      ? "numbers"
      : [T] extends [Readonly<Record<string, string>>]
        ? "pairs"
        : [T] extends [string]
          ? "text"
          : "number";

/** An option that stands for a field of a spec. */
interface Field<K extends string = string> {
  readonly option: string;
  readonly kind: K;
  /** What it means, its unit and its default; where the types differ, for each. */
  readonly help: string | Partial<Record<InterfaceType, string>>;
}

type Fields = { readonly [K in keyof Values]: Field<Kind<K, Values[K]>> };

const field = <const K extends string>(option: string, kind: K, help: Field["help"]): Field<K> => ({
  option,
  kind,
  help,
});

/** The options by where their values go in a spec. */
const fields: Fields = {
  mode: field("mode", "text", {
    "vhost-user": "which end the switch is: the server makes the socket, the client connects to the peer's",
    memif: "what it carries (default: ethernet)",
  }),
  socket: field("socket", "text", {
    "vhost-user":
      "the socket, an absolute path; needed with --mode client. Open vSwitch chooses that of a server itself",
    memif: "the socket, an absolute path; memifs with other --id may share it",
  }),
  role: field("role", "text", "the master makes the socket, the slave connects to it"),
  id: field("id", "number", "number of this memif on its socket (default: 0)"),
  secret: field(
    "secret-file",
    "file",
    "file with the secret that both ends know, at most 24 bytes; -: standard input",
  ),
  rxQueues: field("rx-queues", "number", "receive queues (default: 1)"),
  txQueues: field("tx-queues", "number", "transmit queues (default: 1)"),
  ringSize: field("ring-size", "number", "entries of a ring, a power of two (default: 1024)"),
  bufferSize: field("buffer-size", "number", "size of a buffer in bytes (default: 2048)"),
  device: field("device", "text", {
    tap: "the kernel's name of the device (default: NAME)",
    "af-packet": "the kernel device that the switch opens",
  }),
  devargs: field("devargs", "text", "the device as DPDK names it: a PCI address or a --vdev text"),
  rxDescriptors: field(
    "rx-descriptors",
    "number",
    "receive descriptors, a power of two (default: the switch's)",
  ),
  txDescriptors: field(
    "tx-descriptors",
    "number",
    "transmit descriptors, a power of two (default: the switch's)",
  ),
  peer: field("peer", "text", "name of the other end, a patch too; it may come later"),
  remote: field("remote-ip", "text", "address of the other end, or flow: a flow sets it for each packet"),
  local: field("local-ip", "text", "our address (default: the route decides)"),
  vni: field("vni", "number", "virtual network identifier, or flow (default: 0)"),
  dstPort: field("dst-port", "number", {
    vxlan: "UDP port of the other end (default: 4789)",
    geneve: "UDP port of the other end (default: 6081)",
  }),
  mtu: field("mtu", "number", "maximum transmission unit in bytes (default: the switch's)"),
  mac: field("mac", "text", "MAC address of the switch's side (default: the switch chooses)"),
  adminState: field("admin-state", "text", "(default: up)"),
  key: field("key", "text", "your own key for it, which `vswitch gc` goes by (default: NAME)"),
  externalIds: field(
    "external-id",
    "pairs",
    "KEY=VALUE to keep with it, as external_ids; may be given many times",
  ),
  ofportRequest: field(
    "ofport-request",
    "number",
    "OpenFlow port number to ask for (default: the switch chooses)",
  ),
  "attach.bridge": field(
    "bridge",
    "text",
    "the bridge to put it on in the same step (default: it is isolated)",
  ),
  "attach.vlanMode": field(
    "vlan-mode",
    "text",
    "how VLAN tags are treated (default: access with --tag, else trunk)",
  ),
  "attach.tag": field("tag", "number", "VLAN of an access port, or the native VLAN"),
  "attach.trunks": field("trunks", "numbers", "VLANs of a trunk, with commas between (default: all)"),
  "attach.createBridge": field(
    "no-create-bridge",
    "refusal",
    "fail where the bridge is not there, do not make it",
  ),
  "ingressPolicing.rate": field(
    "ingress-policing-rate",
    "number",
    "what may come in, in kbit/s (default: no limit)",
  ),
  "ingressPolicing.burst": field("ingress-policing-burst", "number", "burst in kbit (default: 8000)"),
  "ingressPolicing.kpktsRate": field(
    "ingress-policing-kpkts-rate",
    "number",
    "what may come in, in thousand packets per second (default: no limit)",
  ),
  "ingressPolicing.kpktsBurst": field(
    "ingress-policing-kpkts-burst",
    "number",
    "burst in thousand packets (default: none)",
  ),
  failMode: field("fail-mode", "text", "what it does without an OpenFlow controller (default: standalone)"),
};

const byPath: ReadonlyMap<string, Field> = new Map<string, Field>(Object.entries(fields));

/** A field as a schema has it. */
export interface SpecField extends Field {
  /** Where its value goes, such as `attach.tag`. */
  readonly path: string;
  readonly required: boolean;
  /** The texts that are accepted; empty where that is no short list. */
  readonly choices: readonly string[];
}

type Schema = v.GenericSchema;
const isOptional = (schema: Schema): schema is v.OptionalSchema<Schema, undefined> =>
  schema.type === "optional";
const isPicklist = (schema: Schema): schema is v.PicklistSchema<readonly string[], undefined> =>
  schema.type === "picklist";

/** A schema whose fields become options. */
export type ObjectSchema = Schema & { readonly entries: Readonly<Record<string, Schema>> };
const isObject = (schema: Schema): schema is ObjectSchema => schema.type === "strict_object";

/** The fields of a spec's schema, but for those that are arguments. `prefix` is where the schema stands in the spec. */
export function fieldsOf(schema: ObjectSchema, prefix = ""): readonly SpecField[] {
  return Object.entries(schema.entries).flatMap(([key, entry]) => {
    const inner = isOptional(entry) ? entry.wrapped : entry;
    const path = prefix + key;
    if (isObject(inner)) return fieldsOf(inner, `${path}.`);
    const known = byPath.get(path);
    if (known === undefined) return [];
    const required = prefix === "" && !isOptional(entry);
    return [{ ...known, path, required, choices: isPicklist(inner) ? inner.options : [] }];
  });
}

/**
 * Which option stands for a place in a spec, as the user writes it; `undefined`: none does. `prefix` is where the spec
 * that an error speaks of stands in an interface's.
 */
export const optionIn =
  (prefix = "") =>
  (path: string): string | undefined => {
    if (path === "name") return "NAME";
    if (path === "bridge") return "BRIDGE";
    const parts = (prefix + path).split(".");
    // A place within a value, such as `attach.trunks.0`, is that value's.
    const places = parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
    const known = places.map((place) => byPath.get(place)).find((found) => found !== undefined);
    return known === undefined ? undefined : `--${known.option}`;
  };
