import type { Stats } from "node:fs";
import { dirname } from "node:path";

import { UnreachableError } from "../core/errors.js";
import type { Remote } from "./remote.js";

/** What the one who dials knows of the server, for messages. */
export interface ServerWords {
  /** What should listen there, such as `ovsdb-server`. */
  readonly server: string;
  /** Where its socket may be instead, such as a variable that moves it. */
  readonly whereToLook: string;
}

/** The error for a connection that could not be made, with what to do about it. */
export async function unreachable(
  operation: string,
  remote: Remote,
  error: Error,
  words: ServerWords,
): Promise<UnreachableError> {
  const errno = errorCode(error);
  const hint = await hintFor(remote, errno, words);
  const message = `${operation}: cannot connect to ${remote.text}: ${reasonOf(error)}; ${hint}`;
  return new UnreachableError({ operation, address: remote.text, errno, hint, message, cause: error });
}

/** The operating system's or OpenSSL's code of an error; `UNKNOWN` where it has none. */
export function errorCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}

/** An error's own words. Where a name has several addresses, each says why it failed. */
export function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join(", ");
}

async function hintFor(remote: Remote, errno: string, words: ServerWords): Promise<string> {
  const hint =
    remote.kind === "unix" ? await unixHint(remote.path, errno, words) : inetHint(remote, errno, words);
  return hint ?? tlsHint(errno) ?? `is ${words.server} running and reachable at this address?`;
}

async function unixHint(
  path: string,
  errno: string,
  { server, whereToLook }: ServerWords,
): Promise<string | undefined> {
  switch (errno) {
    case "ENOENT":
      return `no such socket: is ${server} running, and is this where it listens? ${whereToLook}`;
    case "EACCES":
    case "EPERM":
      return accessHint(path);
    case "ECONNREFUSED":
      return (await isSocket(path))
        ? `the socket is there but nobody listens: ${server} has died and left it; start it again`
        : `${path} is not a socket; give the socket that ${server} listens on`;
    case "ENOTSOCK":
    case "ENOTDIR":
      return `${path} is not a socket; give the socket that ${server} listens on`;
    case "EPROTOTYPE":
      return `it is a socket of another type (datagram or seqpacket), so it is not ${server}'s`;
    case "EAGAIN":
      return `${server} is there and accepts no more connections: it hangs or has too many waiting; look at its log`;
    default:
      return undefined;
  }
}

/** Of a module of Node's that a connection which succeeds has no need of; import() makes Node 20 warn, in the CNI plugin. */
const stat = (path: string): Promise<Stats> => process.getBuiltinModule("node:fs/promises").stat(path);

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch {
    return true;
  }
}

async function accessHint(path: string): Promise<string> {
  const user = `this process runs as uid ${process.geteuid?.() ?? "?"}`;
  try {
    const { uid, gid, mode } = await stat(path);
    const rights = (mode & 0o777).toString(8).padStart(4, "0");
    return `${user} and the socket belongs to uid ${uid}, gid ${gid}, mode ${rights}; run as root or as a member of that group`;
  } catch {
    const directory = await closedDirectory(path);
    return `${user} and may not enter ${directory ?? dirname(path)}; run as root or as a member of the directory's group`;
  }
}

/** The topmost directory on the way to `path` that this process may not search. */
async function closedDirectory(path: string): Promise<string | undefined> {
  const directory = dirname(path);
  if (directory === path) return undefined;
  const above = await closedDirectory(directory);
  if (above !== undefined) return above;
  // Not access(2), which asks for the real user and not for the effective one.
  return stat(`${directory}/.`).then(
    () => undefined,
    () => directory,
  );
}

function inetHint(
  remote: Remote & { kind: "tcp" | "ssl" },
  errno: string,
  { server }: ServerWords,
): string | undefined {
  switch (errno) {
    case "ECONNREFUSED":
      return `nobody listens on port ${remote.port}: is ${server} running, and told to listen there (ovs-vsctl set-manager ptcp:${remote.port}, or --remote=p${remote.kind}:${remote.port})?`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${remote.host} has no address: check its spelling and the name service`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return `no answer from ${remote.host}: check the address, the route and the firewall for port ${remote.port}`;
    case "EADDRNOTAVAIL":
    case "EINVAL":
      return "the address cannot be used from here: does the IPv6 address need its %scope?";
    case "ECONNRESET":
      return remote.kind === "ssl"
        ? "the server hung up during the TLS handshake: does it speak TLS on this port (else use tcp:), and does it accept our certificate?"
        : undefined;
    default:
      return undefined;
  }
}

/** What to do about a TLS error, whether it comes while connecting or, with TLS 1.3, soon after. */
export function tlsHint(errno: string): string | undefined {
  switch (errno) {
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
    case "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE":
      return "the server demands a certificate from us: give tls.cert and tls.key";
    case "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA":
    case "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE":
    case "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN":
    case "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE":
    case "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR":
      return "the server does not accept our certificate: it must be signed by the authority in the server's --ca-cert";
    case "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED":
      return "our certificate has expired: renew tls.cert";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return "what answers does not speak TLS: use tcp: for this port";
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
    case "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
      return "the server speaks no TLS 1.2 or later: update it";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "CERT_SIGNATURE_FAILURE":
      return "the server's certificate is not signed by an authority that we trust: give its authority as tls.ca";
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "the server's certificate is out of date: renew it, or set this host's clock";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "the server's certificate bears another name: give it as tls.servername, or leave out tls.verifyHostName";
    default:
      return undefined;
  }
}
