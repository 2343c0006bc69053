import type { NotificationObject } from "jsonrpc-lite";

import type { ConnectionClosed } from "./call-errors.js";
import type { ResultParts } from "./pending-calls.js";

/** How a connection behaves. */
export interface JsonRpcOptions {
  /** The longest message that the peer may send, in bytes. Default: 256 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Over tcp and tls: after how many milliseconds of silence the peer is asked for a sign of life, and after how many
   * more it counts as lost. 0: never. At least 1000. Default: 5000, as in Open vSwitch.
   */
  readonly probeIntervalMs?: number | undefined;
}

/** What a call takes besides its method and parameters. */
export interface JsonRpcCallOptions {
  /** The verb on whose behalf it is, for messages. */
  readonly operation: string;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up after so many milliseconds, 1 to 2147483647. */
  readonly timeoutMs: number;
  /** Takes the result as it comes; the call then gives `undefined`. */
  readonly parts?: ResultParts | undefined;
}

/** What a connection tells. */
export interface JsonRpcEvents {
  /** The peer has sent a notification, of a method that nobody takes by `takeNotifications`. */
  readonly notification: [NotificationObject];
  /** The connection is over, for the given reason. Comes once, and nothing comes after it. */
  readonly close: [ConnectionClosed];
}
