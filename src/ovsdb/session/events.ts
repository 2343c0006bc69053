import type { IncompatibleError, InvalidError, NotFoundError, RejectedError } from "../../core/errors.js";
import type { SessionRemote } from "./remotes.js";
import type { Where } from "./conditions.js";
import type { ServerRow } from "./server-row.js";

/** Where a session stands. */
export type SessionState =
  /** Waits before it tries the next remote. */
  | "waiting"
  | "connecting"
  /** A passive remote: waits for the server to connect. */
  | "listening"
  /** Connected; asks what the server is and reads the rows. */
  | "synchronizing"
  /** Up to date. */
  | "monitoring"
  /** Connected, but the database is not what the program was written for. Goes on when the server changes. */
  | "incompatible"
  | "closed";

/** The monitor methods, from the newest on: each is tried when the one before it is refused. */
export type MonitorMethod = "monitor_cond_since" | "monitor_cond" | "monitor";

export type TimerName = "wait" | "progress";

/** Why a database is not what the program was written for. */
export type Unusable = IncompatibleError | InvalidError;

/** What happens to a session. `now` is in milliseconds on a clock that never goes back. */
export type SessionEvent =
  | { readonly kind: "start" }
  | {
      readonly kind: "timer";
      readonly timer: TimerName;
      /** Moves as the answer to the monitor request comes, and by nothing else. */
      readonly arrived: number;
      readonly now: number;
    }
  | { readonly kind: "connected"; readonly now: number }
  | { readonly kind: "dial-failed"; readonly reason: string; readonly error: Error; readonly now: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly error: Error; readonly now: number }
  /** `_Server`'s schema came, or the server has no `_Server`. */
  | { readonly kind: "server-schema"; readonly present: boolean }
  | { readonly kind: "server-rows"; readonly rows: readonly ServerRow[]; readonly now: number }
  | { readonly kind: "schema"; readonly changed: boolean }
  | {
      readonly kind: "schema-refused";
      readonly error: RejectedError | NotFoundError;
      readonly now: number;
    }
  /** The database is not what the program was written for. */
  | { readonly kind: "unusable"; readonly error: Unusable }
  | { readonly kind: "monitored"; readonly lastId: string | undefined; readonly now: number }
  | { readonly kind: "monitor-refused"; readonly error: RejectedError; readonly now: number }
  | { readonly kind: "updated"; readonly lastId: string | undefined }
  | { readonly kind: "conditions-held" }
  | { readonly kind: "conditions-refused"; readonly error: RejectedError }
  | { readonly kind: "monitor-canceled"; readonly monitor: "server" | "data" }
  /** Something came that cannot be right. */
  | { readonly kind: "inconsistent"; readonly error: Error; readonly now: number }
  | {
      readonly kind: "set-remotes";
      readonly remotes: readonly SessionRemote[];
      readonly cid: string | undefined;
      readonly now: number;
    }
  | { readonly kind: "force-reconnect"; readonly now: number }
  | { readonly kind: "reset-min-index" }
  | { readonly kind: "conditions-set" }
  | { readonly kind: "close" };

/** What is to be done about it. */
export type SessionEffect =
  | { readonly do: "dial"; readonly remote: SessionRemote; readonly timeoutMs: number }
  | { readonly do: "listen"; readonly remote: SessionRemote }
  /** Ends the connection, the attempt at one, or the listening. */
  | { readonly do: "hang-up" }
  | { readonly do: "set-timer"; readonly timer: TimerName; readonly ms: number }
  | { readonly do: "clear-timer"; readonly timer: TimerName }
  | { readonly do: "get-server-schema" }
  | { readonly do: "monitor-server" }
  /** Tells the server whether a change of the database is to end the monitors rather than the connection. */
  | { readonly do: "change-aware"; readonly isAware: boolean }
  | { readonly do: "get-schema" }
  | {
      readonly do: "monitor";
      readonly method: MonitorMethod;
      readonly lastId: string;
      readonly conditions: ReadonlyMap<string, Where>;
    }
  | { readonly do: "change-conditions"; readonly conditions: ReadonlyMap<string, Where> }
  | { readonly do: "cancel-monitor"; readonly monitor: "server" | "data" }
  /** The changes of conditions up to that number hold, or failed. */
  | { readonly do: "settle-conditions"; readonly upTo: number; readonly error: RejectedError | undefined }
  /** It stands there now. With `closed` it is over, by the error or by this side. */
  | {
      readonly do: "tell-state";
      readonly state: SessionState;
      readonly reason: string;
      /** The remote that it is connected to, tries, or tried last. */
      readonly remote: string | undefined;
      readonly error: Error | undefined;
    };
