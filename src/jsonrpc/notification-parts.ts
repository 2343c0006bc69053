import type { PartsReader } from "./message-parts.js";

/** What takes notifications, long ones as they come. */
export interface NotificationParts {
  /** How the names of their methods begin. */
  readonly methods: string;
  /** How many brackets of the message are open at most where it is cut; the message's own is the first. */
  readonly depth: number;
  /** Whether the objects at that depth are read as lists: see `PartialText`. */
  readonly isListed?: boolean;
  /**
   * Takes the first part: the params, as far as they have come. Of a `whole` notification that is all of them, and `end` is
   * told before anything else happens.
   */
  readonly begin: (method: string, params: unknown, extent: "whole" | "part") => void;
  /** Takes a later part of the params, in the form of those of `ResultParts`. */
  readonly take: (params: unknown) => void;
  /** The notification is complete. Told before any message that came after it. */
  readonly end: () => void;
}

/**
 * Reads notifications in parts, as ovsdb-server begins them; from another server they may come in another form, and
 * whole. `begin` takes a first part, which is a message; it may end the connection.
 */
export function notificationReader(
  { methods, depth, isListed = false, take, end }: NotificationParts,
  begin: (message: unknown) => void,
  isLive: () => boolean,
): PartsReader {
  let hasBegun = false;
  const next = (part: unknown): void => {
    if (!hasBegun) begin(part);
    else if (typeof part === "object" && part !== null && "" in part) take(part[""]);
    hasBegun = true;
  };
  return {
    prefixes: [Buffer.from(`{"id":null,"method":"${methods}`)],
    depth,
    isListed,
    take: (part) => {
      next(part);
      return isLive();
    },
    finish: (last) => {
      next(last);
      hasBegun = false;
      if (isLive()) end();
    },
  };
}
