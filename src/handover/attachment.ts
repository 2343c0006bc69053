/**
 * What a container is told of an interface that was made for it: one JSON document an interface, written by the CNI
 * plugin, read by whoever configures the container's end.
 */
import * as v from "valibot";
import type { InvalidError } from "../core/errors.js";
import type { Result } from "../core/result.js";
import { validate } from "../core/validate.js";

const text = v.pipe(v.string(), v.minLength(1, "at least 1 character"));
const count = v.pipe(v.number(), v.integer("an integer"), v.minValue(0, "an integer of at least 0"));

const commonEntries = {
  /** The socket as the container sees it. */
  socket: text,
  /** The container's MAC address; absent: it chooses. */
  mac: v.optional(text),
  mtu: v.optional(count),
  /** Queue pairs. Default: 1. */
  queues: v.optional(count),
  /** Entries of a ring. Default: the engine's. */
  ringSize: v.optional(count),
};

const memif = v.object({
  type: v.literal("memif"),
  ...commonEntries,
  /** The container's role: `slave` connects to the switch's socket, `master` makes it. */
  role: v.picklist(["master", "slave"]),
  mode: v.picklist(["ethernet", "ip", "inject-punt"]),
  /** Number of the memif on its socket. */
  id: count,
  secret: v.optional(text),
  bufferSize: v.optional(count),
});

const vhostUser = v.object({
  type: v.literal("vhost-user"),
  ...commonEntries,
  /** Which end of the socket the container is: `client` connects to the switch's, `server` makes it. */
  mode: v.picklist(["client", "server"]),
});

const route = v.object({
  /** A prefix such as `0.0.0.0/0`. */
  dst: text,
  /** Next hop; absent: the gateway of an address of the same family. */
  gw: v.optional(text),
});

export const handoverSchema = v.object({
  /** Of this form. A reader refuses others. */
  version: v.literal(1),
  network: text,
  containerId: text,
  /** The name that the runtime gave the interface, such as `net1`. */
  ifName: text,
  /** Who should configure it, as the network configuration has it: `vpp`, `ovs-dpdk`, or other. */
  engine: text,
  interface: v.variant("type", [memif, vhostUser]),
  /** What the container does with it: give it the addresses, put it on a bridge of its own, or nothing. */
  netType: v.picklist(["interface", "bridge", "none"]),
  /** The container's own bridge, where `netType` is `bridge`. */
  bridge: v.optional(v.object({ name: text, vlan: v.optional(count) })),
  addresses: v.array(
    v.object({
      /** With prefix length, such as `192.0.2.2/24`. */
      address: text,
      gateway: v.optional(text),
    }),
  ),
  routes: v.array(route),
  dns: v.optional(
    v.object({
      nameservers: v.optional(v.array(v.string())),
      domain: v.optional(v.string()),
      search: v.optional(v.array(v.string())),
      options: v.optional(v.array(v.string())),
    }),
  ),
});

/** What a container is told of one interface. */
export interface Handover extends v.InferOutput<typeof handoverSchema> {}

/** The name of its file, in the directory that the container shares with the host. */
export const handoverFile = (ifName: string): string => `attachment-${ifName}.json`;

/** Checks a document that was read. Errors: `invalid`. */
export function readHandover(source: string, document: unknown): Result<Handover, InvalidError> {
  return validate("readHandover", source, handoverSchema, document);
}
