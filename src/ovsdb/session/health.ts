import { channel } from "node:diagnostics_channel";
import type { SessionState } from "./events.js";

/** How a database's session is, as plain data. */
export interface Health {
  readonly state: SessionState;
  /** Why it stands there, in words. */
  readonly reason: string;
  /** The remote that it is connected to, tries, or tried last. */
  readonly remote: string | undefined;
  /** What the server says of the database; `undefined` without a connection, and from servers before 2.9. */
  readonly server:
    | {
        readonly model: "standalone" | "clustered" | "relay";
        readonly leader: boolean;
        /** The cluster's id, and the server's own in it. */
        readonly cid: string | undefined;
        readonly sid: string | undefined;
        /** How far the server's log goes. */
        readonly index: number | undefined;
      }
    | undefined;
  /** How often it has become up to date with a server. */
  readonly generation: number;
  /** How many of those times all rows had to be read, and how often the differences were enough. */
  readonly fullLoads: number;
  readonly fastResyncs: number;
  /** How many notifications have changed rows. */
  readonly changes: number;
  /** Bytes that came over the present connection. */
  readonly receivedBytes: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
}

/**
 * What sessions tell the whole process (node:diagnostics_channel): `vswitch-drivers:ovsdb:state`, with the database's
 * name and its {@link Health}, and `vswitch-drivers:ovsdb:inconsistent`, with the database's name and the error.
 */
const states = channel("vswitch-drivers:ovsdb:state");
const inconsistencies = channel("vswitch-drivers:ovsdb:inconsistent");

export function publishState(database: string, health: () => Health): void {
  if (states.hasSubscribers) states.publish({ database, health: health() });
}

export function publishInconsistency(database: string, error: Error): void {
  if (inconsistencies.hasSubscribers) inconsistencies.publish({ database, error });
}
