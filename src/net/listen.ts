import { lstat, unlink } from "node:fs/promises";
import { connect, createServer, isIPv6, type Server, type Socket } from "node:net";
import { isAbsolute, join } from "node:path";

import { InvalidError, UnreachableError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { unixPathFault, type Remote } from "./remote.js";
import { SocketStream, type ByteStream } from "./stream.js";
import type { TlsOptions } from "./tls.js";
import { errorCode } from "./unreachable.js";

/** Where this side listens, in Open vSwitch's words: `punix:PATH`, `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]`. */
export type ListenAddress =
  | { readonly kind: "unix"; readonly path: string; readonly text: string }
  | {
      readonly kind: "tcp" | "ssl";
      /** Default: all addresses of this host. */
      readonly host: string | undefined;
      readonly port: number;
      readonly text: string;
    };

/** Something that listens. */
export interface Listener {
  /** The port it got; 0 for a unix socket. */
  readonly port: number;
  /** Listens no more. What was accepted stays; what is still at its TLS handshake is dropped. */
  close(): void;
}

/** Whether a remote makes this side listen. */
export function isPassive(text: string): boolean {
  return /^p(?:unix|tcp|ssl):/.test(text);
}

/** Reads a passive remote (ovsdb(7), "Connection Methods"). */
export function parseListenAddress(text: string, operation: string): Result<ListenAddress, InvalidError> {
  const refuse = (expected: string, why: string): Result<never, InvalidError> =>
    Err(
      new InvalidError({
        operation,
        path: "remote",
        expected,
        got: text,
        message: `${operation}: the remote ${JSON.stringify(text)} cannot be used: ${why}`,
      }),
    );
  const [, scheme = "", rest = ""] = /^p(unix|tcp|ssl):(.*)$/s.exec(text) ?? [];
  if (scheme === "unix") {
    if (rest === "") return refuse("punix:PATH", "the path is empty");
    const path = isAbsolute(rest) ? rest : join(process.env["OVS_RUNDIR"] ?? "/var/run/openvswitch", rest);
    const fault = unixPathFault(path);
    return fault === undefined ? Ok({ kind: "unix", path, text }) : refuse(fault.expected, fault.why);
  }
  const [, digits = "", , given = ""] = /^(\d{0,5})(:(.*))?$/s.exec(rest.trimEnd()) ?? [rest, "x"];
  const port = digits === "" ? 6640 : Number(digits);
  if (!(port >= 0 && port <= 65_535))
    return refuse("a port from 0 to 65535", `${JSON.stringify(rest)} begins with no port`);
  const host = /^\[(.*)\]$/.exec(given)?.[1] ?? given;
  if (host.includes(":") ? !isIPv6(host) : !/^[\w.-]{0,253}$/.test(host)) {
    return refuse(
      "an address of this host, an IPv6 address in brackets",
      `${JSON.stringify(host)} is no address`,
    );
  }
  return Ok({ kind: scheme === "ssl" ? "ssl" : "tcp", host: host === "" ? undefined : host, port, text });
}

/** How to listen. */
export interface ListenOptions {
  /** The call on whose behalf it is, for messages. */
  readonly operation: string;
  /** For `pssl:`: our certificate and key, and who may have signed that of the peer, which has to show one. */
  readonly tls?: TlsOptions | undefined;
  /** Takes a connection, which is its own to destroy from then on. */
  readonly accept: (stream: ByteStream) => void;
}

/** Listens at an address. */
export async function listen(
  address: ListenAddress,
  { operation, tls, accept }: ListenOptions,
): Promise<Result<Listener, InvalidError | UnreachableError>> {
  /** Who has connected and not done the TLS handshake yet. */
  const strangers = new Map<string, Socket>();
  const onSocket = (socket: Socket): void => {
    strangers.delete(endsOf(socket));
    if (address.kind !== "unix") socket.setNoDelay(true);
    accept(new SocketStream(socket, peerOf(socket, address)));
  };
  let server: Server;
  if (address.kind === "ssl") {
    const { tlsServer } = await import("./tls.js");
    const made = await tlsServer(tls ?? {}, operation, onSocket);
    if (made.isErr()) return made;
    server = made.value;
    server.on("connection", (socket) => {
      const ends = endsOf(socket);
      strangers.set(ends, socket);
      socket.once("close", () => {
        if (strangers.get(ends) === socket) strangers.delete(ends);
      });
    });
  } else server = createServer(onSocket);
  let failed = await begin(server, address);
  if (failed !== undefined && errorCode(failed) === "EADDRINUSE" && (await isLeftBehind(address))) {
    failed = await begin(server, address);
  }
  if (failed !== undefined) return Err(cannotListen(operation, address, failed));
  // What comes later concerns one connection that could not be accepted.
  server.on("error", () => undefined);
  const bound = server.address();
  return Ok({
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    close: () => {
      server.close();
      // Node.js waits two minutes for a handshake, and the process with it.
      for (const socket of strangers.values()) socket.destroy();
    },
  });
}

/** Begins to listen. Gives why it cannot. */
function begin(server: Server, address: ListenAddress): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const onError = (error: Error): void => resolve(error);
    server.once("error", onError);
    server.listen(address.kind === "unix" ? { path: address.path } : where(address), () => {
      server.off("error", onError);
      resolve(undefined);
    });
  });
}

/** Whether the socket was a dead process's, and is out of the way now. Open vSwitch's own programs remove any file there. */
async function isLeftBehind(address: ListenAddress): Promise<boolean> {
  if (address.kind !== "unix") return false;
  const { path } = address;
  // Whatever else is there refuses connections too, and is somebody's.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return false;
  const answer = await new Promise<string>((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve("connected"));
    socket.once("error", (error) => resolve(errorCode(error)));
    socket.once("close", () => resolve("closed"));
    socket.setTimeout(knockMs, () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
  if (answer !== "ECONNREFUSED") return answer === "ENOENT";
  return await unlink(path).then(
    () => true,
    () => false,
  );
}

const knockMs = 1000;

function where({ host, port }: { readonly host: string | undefined; readonly port: number }): {
  port: number;
  host?: string;
} {
  return host === undefined ? { port } : { port, host };
}

/** What tells a TCP connection from every other one. */
const endsOf = ({ localAddress, remoteAddress, remotePort }: Socket): string =>
  `${localAddress} ${remoteAddress} ${remotePort}`;

function peerOf(socket: Socket, address: ListenAddress): Remote {
  if (address.kind === "unix") return { kind: "unix", path: address.path, text: address.text };
  const { remoteAddress: host = "?", remotePort: port = 0 } = socket;
  return { kind: address.kind, host, port, text: `${address.text} (${host}:${port})` };
}

function cannotListen(operation: string, { text }: ListenAddress, error: Error): UnreachableError {
  const errno = errorCode(error);
  const hint =
    errno === "EADDRINUSE"
      ? "something listens there already: choose another address"
      : "choose an address of this host that this process may listen on";
  const message = `${operation}: cannot listen on ${text}: ${error.message}; ${hint}`;
  return new UnreachableError({ operation, address: text, errno, hint, message, cause: error });
}
