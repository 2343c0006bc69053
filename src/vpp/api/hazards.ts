import { ConflictError, UnsupportedError } from "../../core/errors.js";

/** Why a request must not go out. */
export type Hazard = ConflictError | UnsupportedError;

/** What is known of one server that makes requests dangerous. One for each connection: a restart forgets. */
export class Hazards {
  /** Sockets whose first memif master failed. */
  readonly #brokenSockets = new Set<unknown>();

  /** The guard of a message; undefined for the harmless, nearly all. */
  guard(message: string): Guard | undefined {
    return message === "memif_create" || message === "memif_create_v2"
      ? new MemifCreateGuard(message, this.#brokenSockets)
      : undefined;
  }
}

/** Looks at the requests of one message and at what became of them. */
export interface Guard {
  /** Why this request must not be sent. */
  check(request: unknown): Hazard | undefined;
  /** What VPP answered to a request. */
  note(request: unknown, retval: number): void;
}

/** `memif_create_if` of `src/plugins/memif/memif.c`, seen on 20.05 and 26.06. */
class MemifCreateGuard implements Guard {
  readonly #message: string;
  readonly #brokenSockets: Set<unknown>;

  constructor(message: string, brokenSockets: Set<unknown>) {
    this.#message = message;
    this.#brokenSockets = brokenSockets;
  }

  check(request: unknown): Hazard | undefined {
    return this.#checkMode(field(request, "mode")) ?? this.#checkSocket(field(request, "socket_id"));
  }

  note(request: unknown, retval: number): void {
    if (retval === bindFailed) this.#brokenSockets.add(field(request, "socket_id"));
  }

  /** VPP makes no hardware interface for any other mode and then looks it up: it dies. */
  #checkMode(mode: unknown): Hazard | undefined {
    if (workingModes.has(mode)) return undefined;
    return new UnsupportedError({
      operation: this.#message,
      feature: `memif mode ${String(mode)}`,
      message: `${this.#message}: no VPP up to 26.06 implements memif mode ${String(mode)}, and asking for it ends VPP; use MEMIF_MODE_API_ETHERNET or MEMIF_MODE_API_IP. Nothing was sent`,
    });
  }

  /**
   * A master that cannot bind its socket leaves the socket's count of users at -1. The next one is then reported as made
   * and nobody can connect to it; the one after that ends VPP.
   */
  #checkSocket(socketId: unknown): Hazard | undefined {
    if (!this.#brokenSockets.has(socketId)) return undefined;
    return new ConflictError({
      operation: this.#message,
      object: `memif socket ${String(socketId)}`,
      message: `${this.#message}: VPP could not bind memif socket ${String(socketId)} before and is left with a broken record of it, so another memif on it would not work and could end VPP; make the socket's directory, and use another socket_id. Nothing was sent`,
    });
  }
}

/** Left out is 0, Ethernet. */
const workingModes: ReadonlySet<unknown> = new Set([
  undefined,
  0,
  1,
  "MEMIF_MODE_API_ETHERNET",
  "MEMIF_MODE_API_IP",
]);

/** SYSCALL_ERROR_4. */
const bindFailed = -14;

function field(request: unknown, name: string): unknown {
  return typeof request === "object" && request !== null ? Reflect.get(request, name) : undefined;
}
