import { describe, expect, it } from "vitest";

import { unreachable } from "../../src/net/unreachable.js";
import { theRemote } from "../support/scripted-peer.js";

const words = { server: "ovsdb-server", whereToLook: "Look elsewhere." };

/** The hint for a code that no test can have the operating system or a peer produce at will. */
async function hintFor(text: string, code: string): Promise<string> {
  const error = Object.assign(new Error(`connect ${code}`), { code });
  const result = await unreachable("connect", theRemote(text), error, words);
  expect(result).toMatchObject({ kind: "unreachable", errno: code, address: text, cause: error });
  expect(result.message).toBe(`connect: cannot connect to ${text}: connect ${code}; ${result.hint}`);
  return result.hint;
}

describe("unreachable", () => {
  it.each([
    ["tcp:switch-1", "ENOTFOUND", /the name switch-1 has no address/],
    ["tcp:switch-1", "EAI_AGAIN", /check its spelling and the name service/],
    [
      "tcp:10.0.0.1",
      "ETIMEDOUT",
      /no answer from 10\.0\.0\.1: check the address, the route and the firewall/,
    ],
    ["ssl:10.0.0.1:7", "EHOSTUNREACH", /firewall for port 7/],
    ["tcp:10.0.0.1", "ENETUNREACH", /the route/],
    ["tcp:[fe80::1]", "EINVAL", /%scope/],
    ["unix:/run/x", "ENOTSOCK", /\/run\/x is not a socket/],
    ["unix:/run/x", "EPERM", /this process runs as uid \d+/],
    ["ssl:10.0.0.1", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", /demands a certificate from us/],
    ["ssl:10.0.0.1", "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", /our certificate has expired/],
    ["ssl:10.0.0.1", "ERR_SSL_UNSUPPORTED_PROTOCOL", /no TLS 1\.2 or later/],
    ["ssl:10.0.0.1", "CERT_HAS_EXPIRED", /out of date: renew it, or set this host's clock/],
    ["tcp:10.0.0.1", "EWHATEVER", /is ovsdb-server running and reachable/],
    ["unix:/run/x", "EWHATEVER", /is ovsdb-server running and reachable/],
  ])("says for %s and %s what to do", async (text, code, hint) => {
    expect(await hintFor(text, code)).toMatch(hint);
  });

  it("has a code for an error that has none", async () => {
    const result = await unreachable("connect", theRemote("tcp:h"), new Error("odd"), words);
    expect(result).toMatchObject({ errno: "UNKNOWN" });
  });
});
