import * as v from "valibot";

/*
 * What is remembered of an attachment: enough to take everything away again when the configuration has changed
 * meanwhile. No index or number of the switch is in it: those change when it restarts.
 */

const traces = v.object({
  /** The names that the interface may have; the mark in the switch decides. */
  names: v.array(v.string()),
  /** The socket on the host, and which of the two may have made it. */
  sockets: v.array(v.string()),
  /** The same socket as the switch sees it. */
  switchSockets: v.optional(v.array(v.string())),
  /** Files of the hand-over. */
  files: v.array(v.string()),
  /** Directories that go when they are empty, innermost first. */
  directories: v.array(v.string()),
});

const pod = v.object({
  namespace: v.string(),
  name: v.string(),
  uid: v.optional(v.string()),
  /** How its API server is reached; none: by the service account. */
  kubeconfig: v.optional(v.string()),
});

export const recordSchema = v.object({
  version: v.literal(1),
  /** `adding`: an ADD began and is not known to have ended; `added`: it ended well. */
  state: v.picklist(["adding", "added"]),
  network: v.string(),
  containerId: v.string(),
  ifName: v.string(),
  switch: v.object({
    engine: v.picklist(["ovs", "vpp", "memory"]),
    remote: v.optional(v.string()),
    datapathType: v.optional(v.string()),
  }),
  traces,
  /** The IPAM plugin, with the configuration that it was given. */
  ipam: v.optional(v.object({ type: v.string(), config: v.record(v.string(), v.unknown()) })),
  /** Of the configuration: tells a repeated ADD from another one. */
  fingerprint: v.string(),
  /** What ADD gave, in the form of 1.1.0. */
  result: v.optional(v.record(v.string(), v.unknown())),
  /** The pod whose annotations were written. */
  pod: v.optional(pod),
  /** Whether the IPAM plugin refused ADD, so that there is no address to give back. */
  ipamRefused: v.optional(v.boolean()),
});

/** What is added to a record whose ADD ended well. */
export const endSchema = v.object({ result: v.record(v.string(), v.unknown()) });

/** What is added to a record whose ADD the IPAM plugin refused. */
export const refusalSchema = v.object({ ipamRefused: v.literal(true) });

export type AttachmentRecord = v.InferOutput<typeof recordSchema>;
export type RecordedPod = v.InferOutput<typeof pod>;
export type Traces = v.InferOutput<typeof traces>;
