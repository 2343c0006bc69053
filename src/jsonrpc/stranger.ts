/**
 * Says what bytes are that should begin a JSON object. Where they are the first that the peer has sent, it is most
 * likely no JSON-RPC server at all, and what it is can often be told.
 */
export function describeJunk(bytes: Uint8Array, isFirst: boolean): string {
  const shown = JSON.stringify(Buffer.from(bytes.subarray(0, 24)).toString("latin1"));
  if (!isFirst) return `between two messages it sent ${shown}`;
  const stranger = recognise(bytes);
  return `this is not an OVSDB server, which speaks JSON-RPC: it began with ${shown}${stranger}`;
}

function recognise(bytes: Uint8Array): string {
  const begin = Buffer.from(bytes.subarray(0, 8)).toString("latin1");
  if (begin.startsWith("HTTP/")) return "; it is an HTTP server";
  // A record of TLS: an alert or a handshake, of version 3.x (RFC 8446 section 5.1).
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03) return "; it speaks TLS: use ssl:";
  if (begin.startsWith("SSH-")) return "; it is an SSH server";
  if (begin.startsWith("[")) return "; a JSON array is no JSON-RPC 1.0 message";
  // The version and the type of an OpenFlow hello.
  if ((bytes[0] ?? 0) >= 1 && (bytes[0] ?? 0) <= 6 && bytes[1] === 0) return "; it may speak OpenFlow";
  return "";
}
