import * as v from "valibot";

/**
 * What benchmarks/vpp.ts and a client, which is a process of its own in any language, say to each other: one line of
 * text there, one line of JSON back. The client takes the times itself, so neither this talk nor the start of its process
 * is in them.
 *
 *     (start)           -> { "versions": { "name": "version", ... } }
 *     connect COUNT     -> Measured   connect and leave, COUNT times; only the connecting is timed
 *     open              -> { }
 *     ping WINDOW COUNT -> Measured   COUNT times control_ping, WINDOW of them under way at a time; one time for all
 *     dump COUNT        -> Measured   sw_interface_dump of all, COUNT times, every one of the details decoded
 *     close             -> { }
 *     bytes             -> { "MESSAGE": "hex", ... }   value 7 of each of vpp-samples.ts, id 500, otherwise zero header
 *     codec COUNT       -> { "MESSAGE": { "encodeNs": 1, "decodeNs": 1 }, ... }   CPU time of one, over COUNT
 *     (end of input)       the process ends
 *
 * Instead of any answer: { "error": "why" }; instead of Measured: { "cannot": "why" } for what a client does not do.
 */
export interface Measured {
  /** Nanoseconds, of each or of all together. */
  readonly ns: readonly number[];
  /** CPU time, of user and system, of the whole process meanwhile, in microseconds. */
  readonly cpuUs: number;
  /** How many details the last dump had. */
  readonly details?: number | undefined;
}

/** The CPU time of one message, in nanoseconds. */
export interface CodecTimes {
  readonly encodeNs: number;
  readonly decodeNs: number;
}

export const done = v.object({});
export const measured: v.GenericSchema<unknown, Measured | { readonly cannot: string }> = v.union([
  v.object({ cannot: v.string() }),
  v.object({ ns: v.array(v.number()), cpuUs: v.number(), details: v.optional(v.number()) }),
]);
export const bytesOfSamples = v.record(v.string(), v.string());
export const codecTimes: v.GenericSchema<unknown, Readonly<Record<string, CodecTimes>>> = v.record(
  v.string(),
  v.object({ encodeNs: v.number(), decodeNs: v.number() }),
);

/** The message id of encoded samples. */
export const sampleId = 500;
