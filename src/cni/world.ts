import type { ConnectOptions, Result, VSwitch, VSwitchError } from "../index.js";
import type { Environment } from "./environment.js";
import type { Log } from "./log.js";

/** All that a command has of the world, so that it can run inside a test or a service. */
export interface World {
  readonly env: Environment;
  /** Ends what runs; what was done so far is undone. */
  readonly signal: AbortSignal;
  /** Ends the undoing, at the end of the command's time. */
  readonly undoSignal: AbortSignal;
  /** When the command ends at the latest, in milliseconds since the epoch: what it holds by then is nobody's. */
  readonly endsAt: number;
  readonly connect: (options: ConnectOptions) => Promise<Result<VSwitch, VSwitchError>>;
  readonly log: Log;
}
