import { isIPv6 } from "node:net";
import { isAbsolute, join } from "node:path";

import { InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";

/** Where a server listens, in Open vSwitch's words. `text` is what the user wrote, for messages. */
export type Remote =
  | { readonly kind: "unix"; readonly path: string; readonly text: string }
  | { readonly kind: "tcp" | "ssl"; readonly host: string; readonly port: number; readonly text: string };

/** What a remote may leave out. */
export interface RemoteDefaults {
  /** Where a relative `unix:` path begins. Default: `OVS_RUNDIR`, else `/var/run/openvswitch`, as in lib/dirs.c. */
  readonly runDirectory?: string;
  /** The port of `tcp:` and `ssl:`. Default: 6640, which IANA gave to OVSDB. */
  readonly port?: number;
}

/** `sun_path` holds 108 bytes with its final NUL (unix(7)); Node cuts a longer path without a word. */
const longestUnixPath = 107;

const forms = "unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]";

/**
 * Reads remotes as Open vSwitch writes them (ovsdb(7), "Connection Methods"): `unix:PATH`, `tcp:HOST[:PORT]`,
 * `ssl:HOST[:PORT]`, an IPv6 address in brackets and with `%scope` where it needs one; several with commas.
 * A comma starts a new remote only before `letters:`, so a path may hold one (lib/ovsdb-session.c).
 */
export function parseRemotes(
  text: string,
  operation: string,
  defaults: RemoteDefaults = {},
): Result<readonly Remote[], InvalidError> {
  const remotes: Remote[] = [];
  for (const part of splitRemotes(text)) {
    const remote = parseRemote(part, operation, defaults);
    if (remote.isErr()) return remote;
    remotes.push(remote.value);
  }
  return Ok(remotes);
}

/** The remotes of a list, unread. */
export function splitRemotes(text: string): readonly string[] {
  if (!text.includes(",")) return [text.trimStart()];
  return text.split(/,(?=[ \t]*[a-z]+:)/).map((part) => part.trimStart());
}

function parseRemote(
  text: string,
  operation: string,
  defaults: RemoteDefaults,
): Result<Remote, InvalidError> {
  const refuse = (expected: string, why: string): Result<never, InvalidError> =>
    Err(invalidRemote(operation, text, expected, why));

  const scheme = /^([a-z]+):/.exec(text)?.[1] ?? "";
  switch (scheme) {
    case "unix":
      return parseUnix(text, operation, defaults);
    case "tcp":
    case "ssl":
      return parseInet(scheme, text, operation, defaults);
    case "punix":
    case "ptcp":
    case "pssl":
      return refuse(
        forms,
        `it makes this side listen, which takes openDatabase: let the server listen on ${text}, and give the form without the p here`,
      );
    case "cid":
      return refuse(forms, "pinning a cluster by its id takes openDatabase; leave it out");
    default: {
      const remedy = isAbsolute(text) ? `for a socket write unix:${text}` : `write ${forms}`;
      return refuse(forms, text === "" ? `it is empty; ${remedy}` : remedy);
    }
  }
}

function parseUnix(text: string, operation: string, defaults: RemoteDefaults): Result<Remote, InvalidError> {
  const given = text.slice("unix:".length);
  if (given === "") return Err(invalidRemote(operation, text, "unix:PATH", "the path is empty"));
  const runDirectory = defaults.runDirectory ?? process.env["OVS_RUNDIR"] ?? "/var/run/openvswitch";
  const path = isAbsolute(given) ? given : join(runDirectory, given);
  const fault = unixPathFault(path);
  if (fault !== undefined) return Err(invalidRemote(operation, text, fault.expected, fault.why));
  return Ok({ kind: "unix", path, text });
}

/** What keeps a path from being the address of a socket. */
export function unixPathFault(path: string): { readonly expected: string; readonly why: string } | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes > longestUnixPath) {
    return {
      expected: `a path of at most ${longestUnixPath} bytes`,
      why: `the path has ${bytes} bytes and a socket address holds ${longestUnixPath}; use a shorter path, for example by a symbolic link to the directory`,
    };
  }
  if (path.includes("\0")) return { expected: "a path without NUL", why: "the path holds a NUL character" };
  return undefined;
}

function parseInet(
  kind: "tcp" | "ssl",
  text: string,
  operation: string,
  defaults: RemoteDefaults,
): Result<Remote, InvalidError> {
  const refuse = (expected: string, why: string): Result<never, InvalidError> =>
    Err(invalidRemote(operation, text, expected, why));

  const [givenHost, givenPort] = splitHostAndPort(text.slice(kind.length + 1).trimEnd());
  const host = /^\[(.*)\]$/.exec(givenHost)?.[1] ?? givenHost;
  if (host === "") return refuse(`${kind}:HOST[:PORT]`, "the host is empty");
  if (host.includes(":") ? !isIPv6(host) : !/^[\w.-]{1,253}$/.test(host)) {
    return refuse(
      "a host name, an IPv4 address, or an IPv6 address in brackets",
      `${JSON.stringify(host)} is not a host; put brackets around an IPv6 address: ${kind}:[ADDRESS]:PORT`,
    );
  }

  if (givenPort === "") return Ok({ kind, host, port: defaults.port ?? 6640, text });
  const port = /^\d{1,5}$/.test(givenPort) ? Number(givenPort) : 0;
  if (port < 1 || port > 65_535) {
    return refuse("a port from 1 to 65535", `${JSON.stringify(givenPort)} is not a port`);
  }
  return Ok({ kind, host, port, text });
}

/** As lib/socket-util.c: with more than one colon outside brackets it is an IPv6 address and no port. */
function splitHostAndPort(text: string): readonly [host: string, port: string] {
  const colons = [
    ...text.replaceAll(/\[[^\]]*\]/g, (bracketed) => "x".repeat(bracketed.length)).matchAll(/:/g),
  ];
  const colon = colons[0]?.index;
  if (colon === undefined || colons.length > 1) return [text, ""];
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function invalidRemote(operation: string, text: string, expected: string, why: string): InvalidError {
  return new InvalidError({
    operation,
    path: "remote",
    expected,
    got: text,
    message: `${operation}: the remote ${JSON.stringify(text)} cannot be used: ${why}`,
  });
}
