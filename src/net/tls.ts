import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import {
  connect,
  createSecureContext,
  createServer,
  type ConnectionOptions,
  type SecureContext,
  type Server,
  type TLSSocket,
} from "node:tls";

import { InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { errorCode } from "./unreachable.js";

/**
 * How to speak TLS over `ssl:` remotes. Each of the three is a file's path or PEM text; files are read anew for
 * every connection, so a renewed certificate is taken up by the next one.
 */
export interface TlsOptions {
  /** Who may have signed the server's certificate. Default: the authorities that Node trusts. */
  readonly ca?: string | undefined;
  /** Our certificate. ovsdb-server asks for one unless it runs with `--ca-cert=none`. Needs `key`. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
  /**
   * Whether the server's certificate must also bear its host name. Default: false, as in Open vSwitch's own tools
   * (lib/stream-ssl.c): the certificates of ovs-pki name no hosts, and whoever holds any certificate that `ca` has
   * signed is trusted. Say true with an authority that signs for more than your switches.
   */
  readonly verifyHostName?: boolean | undefined;
  /** The name to ask for (SNI) and to verify. Default: the host of the remote, where it is a name. */
  readonly servername?: string | undefined;
}

const parts = ["ca", "cert", "key"] as const;
type Part = (typeof parts)[number];

/** How to begin a TLS connection to `address`, once the files are read and found to be usable. */
export async function tlsOpener(
  address: ConnectionOptions & { readonly host: string },
  tls: TlsOptions,
  operation: string,
): Promise<Result<() => TLSSocket, InvalidError>> {
  const pem = await readFiles(tls, operation);
  if (pem.isErr()) return pem;

  let secureContext: SecureContext;
  try {
    secureContext = createSecureContext({ ...pem.value, minVersion: "TLSv1.2" });
  } catch (error) {
    const why = `OpenSSL does not take the certificate or the key: ${messageOf(error)}; check that both are PEM, belong together, and that the key has no passphrase`;
    return Err(
      invalidTls(operation, "cert", "a certificate and its key in PEM form", "something else", why, error),
    );
  }
  const servername = tls.servername ?? (isIP(address.host) === 0 ? address.host : undefined);
  const options: ConnectionOptions = {
    ...address,
    secureContext,
    ...(servername !== undefined && { servername }),
    ...(tls.verifyHostName !== true && { checkServerIdentity: () => undefined }),
  };
  return Ok(() => connect(options));
}

type Pem = { readonly [part in Part]?: string };

async function readFiles(tls: TlsOptions, operation: string): Promise<Result<Pem, InvalidError>> {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [absent, given] = tls.key === undefined ? (["key", "cert"] as const) : (["cert", "key"] as const);
    const why = `tls.${given} is given without tls.${absent}; a certificate and its key go together`;
    return Err(invalidTls(operation, absent, "a file's path or PEM text", "undefined", why));
  }

  const pem: { [part in Part]?: string } = {};
  for (const part of parts) {
    const given = tls[part];
    if (given === undefined) continue;
    const text = await readPem(given, part, operation);
    if (text.isErr()) return text;
    pem[part] = text.value;
  }
  return Ok(pem);
}

/** A server that trusts only peers with a certificate of `ca`'s, as Open vSwitch's own do; not listening yet. */
export async function tlsServer(
  tls: TlsOptions,
  operation: string,
  onSocket: (socket: TLSSocket) => void,
): Promise<Result<Server, InvalidError>> {
  if (tls.cert === undefined) {
    const why = "to listen for TLS takes a certificate and its key";
    return Err(invalidTls(operation, "cert", "a file's path or PEM text", "undefined", why));
  }
  const pem = await readFiles(tls, operation);
  if (pem.isErr()) return pem;
  try {
    return Ok(
      createServer(
        { ...pem.value, minVersion: "TLSv1.2", requestCert: true, rejectUnauthorized: true },
        onSocket,
      ),
    );
  } catch (error) {
    const why = `OpenSSL does not take the certificate or the key: ${messageOf(error)}`;
    return Err(
      invalidTls(operation, "cert", "a certificate and its key in PEM form", "something else", why, error),
    );
  }
}

async function readPem(given: string, part: Part, operation: string): Promise<Result<string, InvalidError>> {
  if (given.includes("-----BEGIN")) return Ok(given);
  // What is given as a key by mistake may be the secret itself, so it is not shown.
  const shown = part === "key" ? "the file" : `the file ${given}`;
  const refuse = (why: string): Result<never, InvalidError> =>
    Err(invalidTls(operation, part, "a file that holds PEM, or PEM text", shown, `${shown} ${why}`));
  let text: string;
  try {
    text = await readFile(given, "utf8");
  } catch (error) {
    return refuse(`cannot be read (${error instanceof Error ? errorCode(error) : "UNKNOWN"})`);
  }
  if (!text.includes("-----BEGIN")) {
    return refuse('holds no PEM block ("-----BEGIN ..."); convert it with openssl');
  }
  return Ok(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function invalidTls(
  operation: string,
  part: Part,
  expected: string,
  got: string,
  why: string,
  cause?: unknown,
): InvalidError {
  const message = `${operation}: tls.${part}: ${why}`;
  return new InvalidError({ operation, path: `tls.${part}`, expected, got, message, cause });
}
