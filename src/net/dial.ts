import { connect, type NetConnectOpts, type Socket, type TcpNetConnectOpts } from "node:net";

import { Deadline, gaveUp, hasStopped, unwatchStop, watchStop, type Stop } from "../core/call.js";
import { InvalidError, UnreachableError, type AbortedError, type TimeoutError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { unixPathFault, type Remote } from "./remote.js";
import { ReadBuffer, SocketStream, type ByteStream } from "./stream.js";
import type { TlsOptions } from "./tls.js";
import { unreachable, type ServerWords } from "./unreachable.js";

export type { TlsOptions } from "./tls.js";

/** How to dial. */
export interface DialOptions {
  /** The call on whose behalf it is, for messages. */
  readonly operation: string;
  /** Gives up when it fires. There is no other deadline. */
  readonly signal: Stop;
  /** For `ssl:` remotes. */
  readonly tls?: TlsOptions | undefined;
  /** What should listen there, for messages. Default: `the server`. */
  readonly server?: string | undefined;
  /** Where its unix socket may be instead, for messages. Default: about Open vSwitch's run directory. */
  readonly whereToLook?: string | undefined;
}

/** Why there is no connection. Nothing was sent. */
export type DialError = InvalidError | UnreachableError | TimeoutError | AbortedError;

/** Between the addresses of one name: long enough for a far host, where Node's own 250 ms are not. */
const addressAttemptMs = 1000;

/** Connects to `remote`. The stream is the caller's to destroy. */
export async function dial(remote: Remote, options: DialOptions): Promise<Result<ByteStream, DialError>> {
  const { operation, signal } = options;
  const open = remote.kind === "ssl" ? await secureOpener(remote, options) : plainOpener(remote, operation);
  if (open.isErr()) return open;
  if (hasStopped(signal)) return Err(notDialled(remote, options));

  const outcome = await opened(open.value, remote, signal);
  if (outcome instanceof SocketStream) return Ok(outcome);
  if (outcome === "aborted") return Err(notDialled(remote, options));
  return Err(await unreachable(operation, remote, outcome, serverWords(options)));
}

type InetRemote = Exclude<Remote, { readonly kind: "unix" }>;

/** A connection that has begun. */
interface Begun {
  readonly socket: Socket;
  readonly buffer?: ReadBuffer;
}

function beginPlain(address: NetConnectOpts): Begun {
  const buffer = new ReadBuffer();
  const socket = connect({ ...address, onread: buffer.onread });
  // Nobody reads yet: a server may speak first.
  return { socket: socket.pause(), buffer };
}

/** How to begin a connection to `remote`, once its address is found to be usable. */
function plainOpener(remote: Remote, operation: string): Result<() => Begun, InvalidError> {
  if (remote.kind !== "unix") return Ok(() => beginPlain(addressOf(remote)));
  const { path, text } = remote;
  const fault = unixPathFault(path);
  if (fault === undefined) return Ok(() => beginPlain({ path }));
  const message = `${operation}: cannot connect to ${text}: ${fault.why}`;
  return Err(new InvalidError({ operation, path: "remote", expected: fault.expected, got: path, message }));
}

/** The same where certificates have to be usable too. */
async function secureOpener(
  remote: InetRemote,
  { operation, tls }: DialOptions,
): Promise<Result<() => Begun, InvalidError>> {
  // Loaded here: node:tls takes 2 ms to load, which a short-lived process should not pay for a unix socket.
  const { tlsOpener } = await import("./tls.js");
  const open = await tlsOpener(addressOf(remote), tls ?? {}, operation);
  return open.map((begin) => () => ({ socket: begin() }));
}

function addressOf({ host, port }: InetRemote): TcpNetConnectOpts & { host: string } {
  return { host, port, autoSelectFamilyAttemptTimeout: addressAttemptMs };
}

/** The stream once it is connected, or why it is not; then the socket is gone. */
function opened(open: () => Begun, remote: Remote, signal: Stop): Promise<SocketStream | Error | "aborted"> {
  return new Promise((resolve) => {
    const { socket, buffer } = open();
    const ready = remote.kind === "ssl" ? "secureConnect" : "connect";
    const settle = (outcome: SocketStream | Error | "aborted"): void => {
      unwatchStop(signal, onAbort);
      socket.off(ready, onReady);
      if (!(outcome instanceof SocketStream)) socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => settle("aborted");
    const onReady = (): void => {
      // Requests are short and answered one by one: waiting to fill a segment would delay each.
      if (remote.kind !== "unix") socket.setNoDelay(true);
      const stream = new SocketStream(socket, remote, buffer);
      socket.off("error", onError);
      settle(stream);
    };
    // Stays after a failure: an aborted handshake may report once more.
    const onError = (error: Error): void => settle(error);
    socket.once(ready, onReady);
    socket.on("error", onError);
    watchStop(signal, onAbort);
  });
}

/** How to dial several. */
export interface DialAnyOptions extends DialOptions {
  /**
   * How long each remote gets, in milliseconds, where there are several; one that never answers would use up the
   * time of all. Default: 1000, as in lib/reconnect.c.
   */
  readonly attemptMs?: number | undefined;
}

/** Connects to the first of `remotes` that answers, tried in turn. The error names each. */
export function dialAny(
  remotes: readonly Remote[],
  options: DialAnyOptions,
): Promise<Result<ByteStream, DialError>> {
  const [only] = remotes;
  return only !== undefined && remotes.length === 1 ? dial(only, options) : dialEach(remotes, options);
}

async function dialEach(
  remotes: readonly Remote[],
  options: DialAnyOptions,
): Promise<Result<ByteStream, DialError>> {
  const { operation, signal, attemptMs } = options;
  if (remotes.length === 0) {
    const message = `${operation}: there is no remote to connect to; give at least one`;
    return Err(new InvalidError({ operation, path: "remote", expected: "a remote", got: "none", message }));
  }
  const caller = signal instanceof Deadline ? signal.signal : signal;
  const failures: UnreachableError[] = [];
  for (const remote of remotes) {
    const attempt = Deadline.start(operation, { signal: caller, timeoutMs: attemptMs }, 1000);
    if (attempt.isErr()) return attempt;
    using deadline = attempt.value;
    const dialled = await dial(remote, { ...options, signal: deadline });
    if (dialled.isOk() || caller.aborted || dialled.error instanceof InvalidError) return dialled;
    failures.push(
      dialled.error instanceof UnreachableError
        ? dialled.error
        : await unreachable(operation, remote, noAnswer, serverWords(options)),
    );
  }
  return Err(noneAnswered(operation, failures));
}

const noAnswer: Error = Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });

function noneAnswered(operation: string, failures: readonly UnreachableError[]): UnreachableError {
  const codes = new Set(failures.map(({ errno }) => errno));
  const hint = failures.map((failure) => `${failure.address}: ${failure.hint}`).join("; ");
  const each = failures.map(({ address, errno }) => `${address} (${errno})`).join(", ");
  return new UnreachableError({
    operation,
    address: failures.map(({ address }) => address).join(","),
    errno: [...codes].join(","),
    hint,
    message: `${operation}: cannot connect to any of ${each}; ${hint}`,
    cause: new AggregateError(failures),
  });
}

function serverWords(options: DialOptions): ServerWords {
  return {
    server: options.server ?? "the server",
    whereToLook:
      options.whereToLook ??
      "Open vSwitch keeps its sockets in /var/run/openvswitch unless OVS_RUNDIR says otherwise, OVN in /var/run/ovn",
  };
}

function notDialled(remote: Remote, { operation, signal }: DialOptions): TimeoutError | AbortedError {
  const doing = `connecting to ${remote.text}`;
  if (signal instanceof Deadline) return signal.failure(doing, "not-sent");
  return gaveUp(signal, { operation, doing, outcome: "not-sent" });
}
