import * as v from "valibot";

const count = (most: number) =>
  v.optional(
    v.pipe(
      v.number(`an integer from 1 to ${most}`),
      v.check(
        (value) => Number.isInteger(value) && value >= 1 && value <= most,
        `an integer from 1 to ${most}`,
      ),
    ),
  );

/** Checks {@link Limits}. */
export const limitsSchema = v.strictObject({
  maxMessageBytes: count(64 * 1024 * 1024),
  maxInFlight: count(10_000),
  maxClients: count(10_000),
  graceMs: count(600_000),
});

/** How much a service takes on. Beyond it, it refuses; it does not slow down others. */
export interface Limits {
  /** The longest message of a client, in bytes. A longer one is answered with an error and ends the connection. Default: 1 MiB. */
  readonly maxMessageBytes: number;
  /** Requests of one client that run at a time, and watches that it holds. Default: 64. */
  readonly maxInFlight: number;
  /** Clients at a time. Default: 256. */
  readonly maxClients: number;
  /** How long `close` lets running requests go on before it cancels them, in milliseconds. Default: 5000. */
  readonly graceMs: number;
}

/** The limits where nobody says otherwise. */
export const defaultLimits: Limits = {
  maxMessageBytes: 1_048_576,
  maxInFlight: 64,
  maxClients: 256,
  graceMs: 5000,
};
