import type { EnumType, Field, FixedShape, IntegerName, Type, UnionType } from "./model.js";

/*
 * What the JSON of a release does not say and every client has to know.
 */

/** The member of an enumeration that means an arm of a union. */
interface KnownUnion {
  /** Fields of this union in this structure... */
  readonly structure: string;
  readonly fields: readonly string[];
  /** ...are discriminated by this field. */
  readonly discriminator: string;
  /** Which member means which arm; by arm. */
  readonly cases: (arm: string) => string;
}

/**
 * Discriminators of unions, said by the JSON only since 26.06 (VPP: commit b84c8091f68), and for `mprefix` nowhere:
 * `src/vnet/ip/ip_types.api`, `punt.api`, `src/plugins/lisp/lisp_types.api`, `src/vnet/flow/flow_types.api`.
 */
const knownUnions: readonly KnownUnion[] = [
  { structure: "address", fields: ["un"], discriminator: "af", cases: addressFamily },
  { structure: "mprefix", fields: ["grp_address", "src_address"], discriminator: "af", cases: addressFamily },
  {
    structure: "punt",
    fields: ["punt"],
    discriminator: "type",
    cases: (arm) => `PUNT_API_TYPE_${arm.toUpperCase()}`,
  },
  {
    structure: "eid",
    fields: ["address"],
    discriminator: "type",
    cases: (arm) => `EID_TYPE_API_${arm.toUpperCase()}`,
  },
  {
    structure: "flow_rule",
    fields: ["flow"],
    discriminator: "type",
    cases: (arm) => `FLOW_TYPE_${arm.toUpperCase()}`,
  },
  {
    structure: "flow_rule_v2",
    fields: ["flow"],
    discriminator: "type",
    cases: (arm) => `FLOW_TYPE_${arm.toUpperCase()}_V2`,
  },
];

function addressFamily(arm: string): string {
  return `ADDRESS_${arm.toUpperCase()}`;
}

/** The field that discriminates a union field, where the JSON does not say. */
export function knownDiscriminator(structure: string, field: string): string | undefined {
  return knownUnions.find((known) => known.structure === structure && known.fields.includes(field))
    ?.discriminator;
}

/** The enumeration member that means an arm, where the JSON does not say. */
export function knownCase(structure: string, field: string, arm: string): string | undefined {
  return knownUnions
    .find((known) => known.structure === structure && known.fields.includes(field))
    ?.cases(arm);
}

/**
 * Whether an enumeration is meant as a set of flags. `enumflags` came with 21.01; before and beside it, flags are
 * declared as `enum`, told by their name or by having nothing but single bits.
 */
export function isFlags(name: string, values: readonly number[]): boolean {
  if (/(^|_)flags(_|$)/.test(name)) return true;
  const bits = values.filter((value) => value !== 0);
  return bits.length >= 3 && bits.every((value) => value > 0 && Number.isInteger(Math.log2(value)));
}

/** A type that people write as text. */
export type TextForm = "mac" | "ip4" | "ip6" | "address" | "prefix" | "ip4-prefix" | "ip6-prefix";

/**
 * What text a type can be given as, from its name and its make-up: `mac_address`, `ip4_address`, `ip6_address`,
 * `address`, `prefix`, `ip4_prefix` and `ip6_prefix` of `src/vnet/ethernet/ethernet_types.api` and
 * `src/vnet/ip/ip_types.api`. A type of that name that is made otherwise has none.
 */
export function textForm(type: Type): TextForm | undefined {
  if (type.kind === "alias") return aliasForm(type.name, type.target, type.shape);
  if (type.kind !== "struct") return undefined;
  const [first, second, ...more] = type.fields;
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  if (type.name === "address") return isAddress(first, second) ? "address" : undefined;
  if (
    !isOne(first) ||
    !isOne(second) ||
    resolve(second.type).kind !== "scalar" ||
    second.counts !== undefined
  ) {
    return undefined;
  }
  const length = resolve(second.type);
  if (length.kind !== "scalar" || length.name !== "u8") return undefined;
  const form = textForm(first.type);
  if (type.name === "prefix" && form === "address") return "prefix";
  if (type.name === "ip4_prefix" && form === "ip4") return "ip4-prefix";
  if (type.name === "ip6_prefix" && form === "ip6") return "ip6-prefix";
  return undefined;
}

function aliasForm(name: string, target: Type, shape: FixedShape): TextForm | undefined {
  if (shape.kind === "one") return textForm(target);
  if (shape.kind !== "array" || target.kind !== "scalar" || target.name !== "u8") return undefined;
  if (name === "mac_address" && shape.length === 6) return "mac";
  if (name === "ip4_address" && shape.length === 4) return "ip4";
  if (name === "ip6_address" && shape.length === 16) return "ip6";
  return undefined;
}

/** The type behind aliases that stand for one value. */
export function resolve(type: Type): Type {
  let resolved = type;
  while (resolved.kind === "alias" && resolved.shape.kind === "one") resolved = resolved.target;
  return resolved;
}

function isOne(field: Field): boolean {
  return field.shape.kind === "one";
}

function isAddress(af: Field, un: Field): boolean {
  const family = resolve(af.type);
  const union = resolve(un.type);
  return (
    isOne(af) &&
    isOne(un) &&
    family.kind === "enum" &&
    isFamily(family) &&
    union.kind === "union" &&
    isIp(union)
  );
}

function isFamily(type: EnumType): boolean {
  const value = (name: string): number | undefined =>
    type.members.find((member) => member.name === name)?.value;
  return value("ADDRESS_IP4") === 0 && value("ADDRESS_IP6") === 1;
}

function isIp(type: UnionType): boolean {
  const [ip4, ip6, ...more] = type.arms;
  return (
    more.length === 0 &&
    ip4 !== undefined &&
    ip6 !== undefined &&
    textForm(ip4.type) === "ip4" &&
    textForm(ip6.type) === "ip6" &&
    type.size.least === 16
  );
}

/** What carries the address family of an `address` or `prefix`. */
export function familyOf(type: Type): IntegerName {
  const struct = resolve(type);
  const first = struct.kind === "struct" ? struct.fields[0] : undefined;
  if (first === undefined) return "u8";
  const family = resolve(first.type);
  return family.kind === "enum" ? family.scalar : familyOf(first.type);
}

/** Whether a list of this type is bytes: a `Uint8Array`, not an array. */
export function isBytes(type: Type): boolean {
  const item = resolve(type);
  return item.kind === "scalar" && item.name === "u8";
}

/** Messages that hand out or take raw pointers of VPP's own memory, or that speak about shared memory. */
const unsafe: ReadonlyMap<string, string> = new Map([
  ["rpc_call", "makes VPP call a function at any address"],
  ["rpc_call_reply", "answers rpc_call"],
  ["cli", "passes addresses in VPP's shared memory"],
  ["cli_reply", "answers cli"],
  ["get_node_graph", "passes addresses in VPP's shared memory"],
  ["get_node_graph_reply", "answers get_node_graph"],
  ["memclnt_create", "registers a client of the shared memory transport"],
  ["memclnt_create_reply", "answers memclnt_create"],
  ["memclnt_create_v2", "registers a client of the shared memory transport"],
  ["memclnt_create_v2_reply", "answers memclnt_create_v2"],
  ["memclnt_delete", "ends a client of the shared memory transport"],
  ["memclnt_delete_reply", "answers memclnt_delete"],
  ["memclnt_rx_thread_suspend", "is for clients inside VPP's shared memory"],
  ["memclnt_read_timeout", "is for clients inside VPP's shared memory"],
  ["rx_thread_exit", "is for clients inside VPP's shared memory"],
  ["sock_init_shm", "sets up shared memory"],
  ["sock_init_shm_reply", "answers sock_init_shm"],
  ["trace_plugin_msg_ids", "is for message traces only"],
]);

/** Why a message is not for clients of the socket; undefined for the others (VPP: `src/vlibmemory/memclnt_api.c`). */
export function whyUnsafe(message: string): string | undefined {
  return unsafe.get(message);
}
