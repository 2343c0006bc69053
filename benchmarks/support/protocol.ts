/**
 * What a benchmark and a contestant, which is a process of its own in any language, say to each other: one line of
 * text there, one line of JSON back. The contestant takes the times itself, so neither this talk nor the start of its
 * process is in them.
 *
 *     (start)        -> { "versions": { "name": "version", ... } }
 *     open           -> { }                      connect, and fetch what one needs to begin
 *     create NAME    -> { "ofport": 7 | null }   make the port; null where it is not waited for
 *     delete NAME    -> { }
 *     run COUNT NAME -> Measured                 COUNT times create and delete, of NAME0, NAME1, ...
 *     close          -> { }
 *     (end of input) the process ends
 *
 * Instead of any answer: { "error": "why" }.
 */
export interface Measured {
  /** Nanoseconds of each create. */
  readonly createNs: readonly number[];
  /** Nanoseconds of each delete. */
  readonly deleteNs: readonly number[];
  /** CPU time, of user and system, of the process and the processes that it started, in microseconds. */
  readonly cpuUs: number;
}

/** What a contestant is told when it starts, as its arguments in this order. */
export interface Task {
  /** Where ovsdb-server listens, such as `unix:/run/openvswitch/db.sock`. */
  readonly remote: string;
  /** A bridge that is there. */
  readonly bridge: string;
  /** Whether to wait until vswitchd has applied each change and to read what it says. */
  readonly mode: "wait" | "no-wait";
  /** The directory that the vhost-user sockets are said to be in. */
  readonly socketDirectory: string;
}

/** The row that every contestant writes on the interface and the port, besides their names. */
export const portType = "dpdkvhostuserclient";

export function taskOf(argv: readonly string[]): Task {
  const [remote, bridge, mode, socketDirectory] = argv;
  if (remote === undefined || bridge === undefined || socketDirectory === undefined)
    throw new Error("too few arguments");
  if (mode !== "wait" && mode !== "no-wait")
    throw new Error(`the mode is wait or no-wait, not ${String(mode)}`);
  return { remote, bridge, mode, socketDirectory };
}
