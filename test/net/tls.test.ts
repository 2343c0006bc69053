import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { dial, type TlsOptions } from "../../src/net/dial.js";
import { tlsHint, errorCode } from "../../src/net/unreachable.js";
import { startOvsdbServer, type OvsdbServer } from "../support/openvswitch.js";
import { makeCertificates, type Certificates } from "../support/openvswitch/tls.js";
import { ScriptedPeer, theRemote } from "../support/scripted-peer.js";

let server: OvsdbServer;
let certificates: Certificates;
let strangers: Certificates;

beforeAll(async () => {
  server = await startOvsdbServer({ listen: ["ssl", "tcp"] });
  if (server.certificates === undefined) throw new Error("no certificates");
  certificates = server.certificates;
  const folder = join(server.dir, "strangers");
  mkdirSync(folder);
  strangers = await makeCertificates(folder);
});

afterAll(() => server.stop());

/** What a client of this server should be given. */
const proper = (): TlsOptions => ({
  ca: certificates.authority,
  cert: certificates.client.certificate,
  key: certificates.client.key,
});

const connect = (tls: TlsOptions, text = server.remotes.ssl ?? "") =>
  dial(theRemote(text), { operation: "connect", signal: new AbortController().signal, tls });

/** The server's answer to `list_dbs` over TLS, or why the connection ended. */
async function listDbs(tls: TlsOptions, text?: string): Promise<string | Error | undefined> {
  const stream = (await connect(tls, text)).unwrap();
  const answer = await new Promise<string | Error | undefined>((resolve) => {
    stream.start({ data: (chunk) => resolve(chunk.toString()), close: resolve });
    stream.write('{"id":1,"method":"list_dbs","params":[]}');
  });
  stream.destroy();
  return answer;
}

describe("dial of an ssl: remote", () => {
  it("talks to ovsdb-server with certificates from files", async () => {
    expect(await listDbs(proper())).toContain('"Open_vSwitch"');
  });

  it("takes PEM text in place of files", async () => {
    const { ca = "", cert = "", key = "" } = proper();
    const [caText, certText, keyText] = [ca, cert, key].map((file) => readFileSync(file, "utf8"));
    expect(await listDbs({ ca: caText, cert: certText, key: keyText })).toContain('"Open_vSwitch"');
  });

  it("reads the files anew for each connection", async () => {
    const ca = join(server.dir, "renewed.pem");
    writeFileSync(ca, readFileSync(strangers.authority));
    expect((await connect({ ...proper(), ca })).unwrapErr()).toMatchObject({ kind: "unreachable" });
    writeFileSync(ca, readFileSync(certificates.authority));
    expect(await listDbs({ ...proper(), ca })).toContain('"Open_vSwitch"');
  });

  it("marks the connection as one that needs probes", async () => {
    const stream = (await connect(proper())).unwrap();
    expect(stream.needsProbes).toBe(true);
    stream.destroy();
  });

  it("does not trust an authority that was not given", async () => {
    const error = (await connect({ ...proper(), ca: undefined })).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "SELF_SIGNED_CERT_IN_CHAIN" });
    expect(error.message).toMatch(/not signed by an authority that we trust: give its authority as tls\.ca/);
  });

  it("does not trust a server whose certificate another authority has signed", async () => {
    const error = (await connect({ ...proper(), ca: strangers.authority })).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(error.message).toMatch(/give its authority as tls\.ca/);
  });

  it("verifies the host name only when told to, as Open vSwitch's own tools", async () => {
    expect(await listDbs({ ...proper(), servername: "other.example" })).toContain('"Open_vSwitch"');
    const tls: TlsOptions = { ...proper(), servername: "other.example", verifyHostName: true };
    const error = (await connect(tls)).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(error.message).toMatch(/tls\.servername.*tls\.verifyHostName/);
    expect(await listDbs({ ...proper(), verifyHostName: true })).toContain('"Open_vSwitch"');
  });

  it("tells that the server demands a certificate, which TLS 1.3 shows only after the handshake", async () => {
    const reason = await listDbs({ ca: certificates.authority });
    if (!(reason instanceof Error)) throw new Error(`not refused: ${reason}`);
    expect(errorCode(reason)).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    expect(tlsHint(errorCode(reason))).toMatch(/give tls\.cert and tls\.key/);
  });

  it("tells that the server does not accept our certificate", async () => {
    const { certificate: cert, key } = strangers.client;
    const reason = await listDbs({ ...proper(), cert, key });
    if (!(reason instanceof Error)) throw new Error(`not refused: ${reason}`);
    expect(tlsHint(errorCode(reason))).toMatch(/does not accept our certificate/);
  });

  it("tells a server that speaks no TLS", async () => {
    await using plain = await ScriptedPeer.listen("tcp");
    const dialling = connect(proper(), `ssl:127.0.0.1:${plain.port}`);
    (await plain.connection()).send("HTTP/1.1 400 Bad Request\r\n\r\n");
    const error = (await dialling).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ERR_SSL_WRONG_VERSION_NUMBER" });
    expect(error.message).toMatch(/does not speak TLS: use tcp:/);
  });

  it("tells a server that hangs up during the handshake, as ovsdb-server does on its tcp port", async () => {
    const error = (await connect(proper(), server.remotes.tcp?.replace("tcp:", "ssl:"))).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ECONNRESET" });
    expect(error.message).toMatch(/does it speak TLS on this port \(else use tcp:\)/);
  });

  it("refuses a certificate without its key, and a key without its certificate", async () => {
    expect((await connect({ ...proper(), key: undefined })).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "tls.key",
    });
    expect((await connect({ ...proper(), cert: undefined })).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "tls.cert",
    });
  });

  it("refuses files that cannot be read, hold no PEM, or do not belong together", async () => {
    const absent = (await connect({ ...proper(), ca: "/nonexistent/ca.pem" })).unwrapErr();
    expect(absent).toMatchObject({ kind: "invalid", path: "tls.ca" });
    expect(absent.message).toMatch(/\/nonexistent\/ca\.pem cannot be read \(ENOENT\)/);
    const noPem = (await connect({ ...proper(), ca: join(server.dir, "conf.db") })).unwrapErr();
    expect(noPem).toMatchObject({ kind: "invalid", path: "tls.ca" });
    expect(noPem.message).toMatch(/holds no PEM block/);
    const mixed = (await connect({ ...proper(), key: strangers.client.key })).unwrapErr();
    expect(mixed).toMatchObject({ kind: "invalid", path: "tls.cert" });
    expect(mixed.message).toMatch(/belong together/);
  });

  it("does not show what was given as a key", async () => {
    const error = (await connect({ ...proper(), key: "MHcCAQEEIsecret" })).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "tls.key" });
    expect(JSON.stringify(error) + error.stack).not.toContain("secret");
  });
});
