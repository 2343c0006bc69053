import { Deadline, type CallOptions } from "../core/call.js";
import {
  defaultTimeoutMs,
  DisconnectedError,
  Err,
  Ok,
  type ConnectOptions,
  type Result,
  type VSwitch,
  type VSwitchError,
} from "../index.js";

/** Connects to a switch, as the library's `connect`. */
export type Connect = (options: ConnectOptions) => Promise<Result<VSwitch, VSwitchError>>;

type Connected = Result<VSwitch, VSwitchError>;

/** A connection and how many calls run on it. */
interface Line {
  readonly vswitch: VSwitch;
  calls: number;
}

/**
 * One switch as one owner, shared by many callers: its connection is made when it is first wanted, by one of them for
 * all, and again when it has died.
 */
export class SharedSwitch {
  readonly #open: () => Promise<Connected>;
  readonly #log: (line: string) => void;
  #line: Line | undefined;
  #opening: Promise<Result<Line, VSwitchError>> | undefined;
  #closed = false;
  /** When it was last wanted, for who has to choose which one to give up. */
  usedAt = performance.now();

  constructor(open: () => Promise<Connected>, log: (line: string) => void) {
    this.#open = open;
    this.#log = log;
  }

  /** Sees that there is a connection, and gives it to look at. */
  async connected(call: CallOptions | undefined): Promise<Connected> {
    return (await this.#get(call)).map(({ vswitch }) => vswitch);
  }

  /** Runs a verb on the connection that lives now. */
  async use<T>(
    call: CallOptions | undefined,
    verb: (vswitch: VSwitch) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    const got = await this.#get(call);
    if (got.isErr()) return got;
    const line = got.value;
    line.calls += 1;
    try {
      const done = await verb(line.vswitch);
      if (done.isErr() && (done.error.kind === "disconnected" || done.error.kind === "protocol"))
        this.#giveUp(line);
      return done;
    } finally {
      line.calls -= 1;
      await this.#hangUp(line);
    }
  }

  async #get(call: CallOptions | undefined): Promise<Result<Line, VSwitchError>> {
    this.usedAt = performance.now();
    if (this.#closed) return Err(closed());
    if (this.#line !== undefined) return Ok(this.#line);
    const started = Deadline.start("connect", call, defaultTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    this.#opening ??= this.#connect();
    return await deadline.wait(this.#opening, () => "connecting to the switch", "not-sent");
  }

  async #connect(): Promise<Result<Line, VSwitchError>> {
    const connected = await this.#open();
    this.#opening = undefined;
    if (connected.isErr()) {
      // The caller's mistake is for the caller.
      if (connected.error.kind !== "invalid") this.#log(connected.error.message);
      return connected;
    }
    const vswitch = connected.value;
    if (this.#closed) {
      await vswitch.close();
      return Err(closed());
    }
    this.#log(`connected to engine ${vswitch.engine} as ${vswitch.owner}`);
    this.#line = { vswitch, calls: 0 };
    return Ok(this.#line);
  }

  /** This connection has died: who comes next gets a new one. */
  #giveUp(line: Line): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    this.#log(`the connection to engine ${line.vswitch.engine} has ended; the next request connects again`);
  }

  /** Closes a connection that was given up, once the last call on it has ended. */
  async #hangUp(line: Line): Promise<void> {
    if (this.#line !== line && line.calls === 0) await line.vswitch.close();
  }

  /** Ends the connection; calls that run end with `disconnected`. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const line = this.#line;
    this.#line = undefined;
    await line?.vswitch.close();
  }
}

const closed = (): DisconnectedError =>
  new DisconnectedError({
    operation: "connect",
    outcome: "not-sent",
    message: "connect: the service is ending; try again when it runs",
  });
