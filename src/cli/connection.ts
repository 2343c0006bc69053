import { defaultTimeoutMs, type CallOptions, type ChangeOptions, type Result } from "../index.js";
import type { ConnectOptions, VSwitch, VSwitchError } from "../index.js";
import { engines } from "./globals.js";
import { inOptions } from "./in-options.js";
import type { Action, Environment, Report } from "./program.js";

/** A connected switch, and the options with which its verbs are called. */
export interface Session {
  readonly vswitch: VSwitch;
  readonly environment: Environment;
  /** For a verb that reads. */
  readonly call: () => CallOptions;
  /** For a verb that changes. */
  readonly change: () => ChangeOptions;
}

/** What `connect` is given for these global options. */
export function connectOptions(
  { globals, env, signal }: Omit<Environment, "output">,
  call: CallOptions,
): ConnectOptions {
  const { privateKey: key, certificate: cert, caCert: ca } = globals;
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  const engine = engines.find((name) => name === globals.engine);
  const owner = globals.owner ?? (env["VSWITCH_OWNER"] || undefined);
  return {
    ...(engine !== undefined && { engine }),
    ...(globals.db !== undefined && { remote: globals.db }),
    ...(owner !== undefined && { owner }),
    ...(globals.datapathType !== undefined && { datapathType: globals.datapathType }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...call,
    signal,
  };
}

/** Which option stands for a part of what `connect` is given. */
export const optionOf: Readonly<Record<string, string>> = {
  engine: "--engine",
  remote: "--db",
  owner: "--owner",
  datapathType: "--datapath-type",
  timeoutMs: "--timeout",
  "tls.key": "--private-key",
  "tls.cert": "--certificate",
  "tls.ca": "--ca-cert",
};

/** Connects as the global options say. */
export async function connect(
  environment: Omit<Environment, "output">,
  call: CallOptions,
): Promise<Result<VSwitch, VSwitchError>> {
  const connected = await environment.connect(connectOptions(environment, call));
  return inOptions(connected, (path) => optionOf[path]);
}

/** One deadline for all that a command does: each call is given what is left of it. */
export function clock({ globals, signal }: Environment): () => CallOptions {
  const timeoutMs = globals.timeout ?? defaultTimeoutMs;
  const endsAt = performance.now() + timeoutMs;
  return () => ({ signal, timeoutMs: Math.max(1, Math.ceil(endsAt - performance.now())) });
}

/** A command that runs `verb` on a connection of its own. */
export const onSwitch =
  (verb: (session: Session) => Promise<Result<Report | null, VSwitchError>>): Action =>
  async (environment) => {
    const call = clock(environment);
    const connected = await connect(environment, call());
    if (connected.isErr()) return connected;
    await using vswitch = connected.value;
    const wait = environment.globals.noWait === true ? { wait: false } : {};
    return await verb({ vswitch, environment, call, change: () => ({ ...call(), ...wait }) });
  };

/** As {@link onSwitch}, for a command whose input is read and checked before anything is connected. */
export const withInput =
  <T>(
    prepare: (environment: Environment) => Promise<Result<T, VSwitchError>>,
    verb: (session: Session, input: T) => Promise<Result<Report | null, VSwitchError>>,
  ): Action =>
  async (environment) => {
    const input = await prepare(environment);
    if (input.isErr()) return input;
    return await onSwitch((session) => verb(session, input.value))(environment);
  };
