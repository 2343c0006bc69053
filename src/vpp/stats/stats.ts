import * as v from "valibot";

import { Deadline, longestTimer, type CallOptions } from "../../core/call.js";
import type { InvalidError, UnsupportedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { validate } from "../../core/validate.js";
import { exact, numbers, sum } from "./numbers.js";
import { findSegment, unsupported } from "./process.js";
import type { ReadError, Segment } from "./segment.js";
import type { DirectoryEntry } from "./structures.js";

/** Which VPP's statistics to open. */
export interface VppStatsOptions {
  /** The path of a unix socket that it listens on: its stats socket or its API socket. Default: `/run/vpp/stats.sock`. */
  readonly socket?: string | undefined;
  /** Its process, where it is known (`vpe_pid` of `control_ping`), so that it need not be looked for. */
  readonly pid?: number | undefined;
}

/**
 * The counters of one interface by VPP's names, with `_` for `-`: `drops`, `punt`, `ip4`, `ip6`, `rx_no_buf`, `rx_miss`,
 * `rx_error`, `tx_error`, ...; those that count packets and bytes as `rx_packets`, `rx_bytes`, `rx_unicast_packets`, ... They
 * count from the interface's creation or from `clear interfaces`. A number where it is exact, else a bigint.
 */
export type InterfaceCounters = Readonly<Record<string, number | bigint>>;

/** Why statistics could not be read. */
export type VppStatsError = InvalidError | ReadError;

const optionsSchema = v.strictObject({
  socket: v.optional(v.pipe(v.string(), v.startsWith("/", "an absolute path")), "/run/vpp/stats.sock"),
  pid: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(longestTimer))),
});

/** The deadline of a read that is given none: VPP changes its directory in microseconds. */
const readMs = 1000;

/**
 * Opens the statistics of a VPP on this host, 19.08 or later. VPP passes their memory over a seqpacket socket as a file
 * descriptor, which Node can do neither of; here it is opened by way of `/proc/PID/fd`, which takes root, or VPP's own user.
 * It stays that VPP's: after a restart, open it anew.
 *
 * @returns `unsupported` where that way is closed, and what to do
 *
 * @example
 * ```ts
 * const stats = (await openVppStats()).unwrap();
 * const counters = (await stats.interfaceCounters()).unwrap();
 * console.log(counters.get(1)?.["rx_packets"]);
 * stats.close();
 * ```
 */
export async function openVppStats(
  options: VppStatsOptions = {},
): Promise<Result<VppStats, InvalidError | UnsupportedError>> {
  const given = validate("openVppStats", "options", optionsSchema, options);
  if (given.isErr()) return given;
  const found = findSegment(given.value.socket, given.value.pid);
  return found.isErr() ? found : openSegment(found.value);
}

/** @internal Opens a segment by the path of its memory. */
export async function openSegment(path: string): Promise<Result<VppStats, UnsupportedError>> {
  // Loaded here: only who reads statistics pays for what takes their structures apart.
  const { Segment } = await import("./segment.js");
  try {
    const segment = new Segment(path);
    const { fault } = segment;
    if (fault === undefined) return Ok(new VppStats(segment));
    segment.close();
    return Err(unsupported(fault));
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    return Err(unsupported(`${path}: ${cause.message}; run as root or as VPP's user`, cause));
  }
}

/** The statistics of one VPP. Close it when done: it holds a file. */
export class VppStats implements Disposable {
  readonly #segment: Segment;

  /** @internal */
  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** The names of all that is counted, such as `/if/rx` and `/sys/heartbeat`. */
  names(options: CallOptions = {}): Promise<Result<readonly string[], VppStatsError>> {
    return this.#read("names", options, (directory) =>
      [...directory].filter(([name]) => name !== "").map(([name]) => name),
    );
  }

  /** One number, such as `/sys/heartbeat`, always an integer. Undefined where there is none of this name. */
  scalar(
    name: string,
    options: CallOptions = {},
  ): Promise<Result<number | bigint | undefined, VppStatsError>> {
    return this.#read("scalar", options, (directory) => {
      const entry = directory.get(name);
      return entry?.kind === "scalar" ? exact(entry.value) : undefined;
    });
  }

  /**
   * The counters of interfaces, by `sw_if_index`.
   *
   * @param wanted - only these; those that are not there are left out
   */
  interfaceCounters(
    wanted?: Iterable<number>,
    options: CallOptions = {},
  ): Promise<Result<ReadonlyMap<number, InterfaceCounters>, VppStatsError>> {
    const only = wanted === undefined ? undefined : new Set(wanted);
    return this.#read("interfaceCounters", options, (directory) => {
      const counters = new Map<number, Record<string, number | bigint>>();
      for (const index of this.#present(directory)) {
        if (only === undefined || only.has(index)) counters.set(index, {});
      }
      for (const entry of directory.values()) this.#add(entry, counters);
      return counters;
    });
  }

  /** Closes the file. Idempotent. */
  close(): void {
    this.#segment.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #read<T>(
    operation: string,
    options: CallOptions,
    read: (directory: ReadonlyMap<string, DirectoryEntry>) => T,
  ): Promise<Result<T, VppStatsError>> {
    const started = Deadline.start(operation, options, readMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const result = await this.#segment.consistent(operation, deadline, read);
    return result;
  }

  /** The interfaces that are there: those that have a name. */
  #present(directory: ReadonlyMap<string, DirectoryEntry>): readonly number[] {
    const entry = directory.get("/if/names");
    if (entry?.kind !== "names") return [];
    return [...this.#segment.pointers(entry.value).entries()]
      .filter(([, pointer]) => pointer !== 0n)
      .map(([index]) => index);
  }

  /** Adds what one entry counts of these interfaces, over all threads: each thread has a vector of its own. */
  #add({ name, kind, value }: DirectoryEntry, counters: Map<number, Record<string, number | bigint>>): void {
    const isCombined = kind === "combined";
    if (!name.startsWith("/if/") || (kind !== "simple" && !isCombined)) return;
    const word = name.slice("/if/".length).replaceAll("-", "_");
    const words = isCombined ? [`${word}_packets`, `${word}_bytes`] : [word];
    for (const thread of this.#segment.pointers(value)) {
      const width = words.length;
      const count = this.#segment.length(thread, 8 * width);
      if (count === 0) continue;
      const at = numbers(this.#segment.bytes(thread, count * 8 * width));
      for (const [index, record] of counters) {
        if (index >= count) continue;
        for (const [part, key] of words.entries())
          record[key] = sum(record[key] ?? 0, at(index * width + part));
      }
    }
  }
}
