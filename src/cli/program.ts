import type { Readable } from "node:stream";
import type { ConnectOptions, Result, VSwitch, VSwitchError } from "../index.js";
import type { Globals } from "./globals.js";
import type { Output, Stream } from "./output.js";
import type { Style } from "./style.js";

/** Finds a switch and connects to it, as the library's `connect`. */
export type Connect = (options: ConnectOptions) => Promise<Result<VSwitch, VSwitchError>>;

/** All that the program has of the world, so that it can run inside another one. */
export interface Program {
  /** The arguments, without node and the script. */
  readonly argv: readonly string[];
  readonly stdin: Readable;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends what runs; with an {@link Interrupted} as its reason it also says the exit code. */
  readonly signal: AbortSignal;
  readonly connect: Connect;
}

/** What a command is run with. */
export interface Environment extends Program {
  readonly globals: Globals;
  readonly output: Output;
}

/** What a command that went well has to say. */
export interface Report {
  /** For programs: what `--json` prints. */
  readonly data: unknown;
  /** For people, without the last newline; empty: nothing is printed. */
  readonly text: (style: Style, width: number) => string;
  /** Things worth knowing that are no failure; to standard error. */
  readonly notes?: readonly string[];
  /** Whether the exit code is 1 nevertheless: something asked about is broken. */
  readonly failed?: boolean;
  /** Whether a signal of the operating system is how it ends when all is well: the exit code is then 0. */
  readonly endsBySignal?: boolean;
}

/** A command ready to run. `null`: it has printed all itself. */
export type Action = (environment: Environment) => Promise<Result<Report | null, VSwitchError>>;

/** How the parser hands over what is to be run. */
export type Choose = (globals: Globals, action: Action) => void;
