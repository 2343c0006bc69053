import type { SessionRemote } from "./remotes.js";

/** How a session behaves. */
export interface SessionOptions {
  /** The call that the session is of, for messages. */
  readonly operation: string;
  readonly database: string;
  readonly remotes: readonly SessionRemote[];
  readonly cid: string | undefined;
  readonly leaderOnly: boolean;
  readonly shuffle: boolean;
  readonly changeAware: boolean;
  /** Off: each remote is tried once, and the first loss is the end. */
  readonly retry: boolean;
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
  /** How long a connection may take to be made; by default as long as the wait before it, at least 1 s. */
  readonly dialMs: number | undefined;
  readonly handshakeMs: number;
  readonly noProgressMs: number;
  /** Gives a number from 0 up to 1. */
  readonly random: () => number;
}
