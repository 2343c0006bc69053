/** The ways an open database reaches its server, each with a real one. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openDatabase, operations, type TlsOptions } from "../../src/ovsdb/index.js";
import { closeServer } from "../support/close-server.js";
import { availableFlavours, startOvsdbServer, type OvsdbServer } from "../support/openvswitch.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const { insert } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };

interface More {
  readonly tls?: TlsOptions;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const open = (remote: string, more: More = {}) =>
  openDatabase({ remote, database: "Lab", schema: labSchema, timeoutMs: 10_000, ...more });

function certificatesOf({ certificates }: OvsdbServer) {
  if (certificates === undefined) throw new Error("the server has no certificates");
  const { authority: ca, client, server } = certificates;
  return { ca, client, server, tls: { ca, cert: client.certificate, key: client.key } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await closeServer(server);
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** Connects, as soon as somebody listens. */
async function connected(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1" });
    const done = await once(socket, "connect").catch(() => undefined);
    if (done !== undefined) return socket.resume();
    await delay(20);
  }
}

describe.skipIf(!available)(`an open database over TLS${note}`, () => {
  it("shows its certificate, trusts who its authority has signed, and writes", async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { tls } = certificatesOf(server);
    await using db = (await open(server.remotes.ssl ?? "", { tls })).unwrap();
    (await db.transact([insert("Log", { k: 1 })], options)).unwrap();
    expect([...db.table("Log")]).toMatchObject([{ k: 1 }]);
    expect(db.health.remote).toMatch(/^ssl:/);
  });

  it("says why it comes to nothing without a certificate, or with an authority that did not sign", async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { ca } = certificatesOf(server);
    const bare = await open(server.remotes.ssl ?? "", { tls: { ca }, timeoutMs: 1500 });
    expect(bare).toMatchObject({ error: { kind: "timeout", message: expect.stringMatching(/certificate/) } });
    const strange = await open(server.remotes.ssl ?? "", { timeoutMs: 1500 });
    expect(strange).toMatchObject({
      error: { kind: "timeout", message: expect.stringMatching(/certificate/) },
    });
  });

  it("verifies the chain and, as the certificates of ovs-pki name no hosts, the host name only when told to", async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { tls } = certificatesOf(server);
    const remote = server.remotes.ssl ?? "";
    const other = { ...tls, servername: "switch.example" };
    await using db = (await open(remote, { tls: other })).unwrap();
    expect(db.health.state).toBe("monitoring");
    const strict = await open(remote, { tls: { ...other, verifyHostName: true }, timeoutMs: 1500 });
    expect(strict).toMatchObject({
      error: { kind: "timeout", message: expect.stringMatching(/switch\.example/) },
    });
  });

  it("takes up files that were changed with its next connection", { timeout: 20_000 }, async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    await using stranger = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { ca, client } = certificatesOf(server);
    const { client: foreign } = certificatesOf(stranger);
    const own = { cert: join(server.dir, "own.pem"), key: join(server.dir, "own-key.pem") };
    const put = (pair: typeof client): void => {
      copyFileSync(pair.certificate, own.cert);
      copyFileSync(pair.key, own.key);
    };
    put(client);
    await using db = (await open(server.remotes.ssl ?? "", { tls: { ca, ...own } })).unwrap();
    put(foreign);
    db.forceReconnect();
    await expect.poll(() => db.health.state).toBe("waiting");
    expect(db.port.isReady).toBe(false);
    put(client);
    await expect.poll(() => db.port.isReady, { timeout: 10_000 }).toBe(true);
  });
});

describe.skipIf(!available)(`an open database that listens for its server${note}`, () => {
  it("on a unix socket, again and again", { timeout: 20_000 }, async () => {
    await using server = await startOvsdbServer({ schema: labJson });
    const path = join(server.dir, "passive.sock");
    const opening = open(`punix:${path}`);
    await server.appctl("ovsdb-server/add-remote", `unix:${path}`);
    await using db = (await opening).unwrap();
    (await db.transact([insert("Log", { k: 1 })], options)).unwrap();
    expect([...db.table("Log")]).toMatchObject([{ k: 1 }]);
    db.forceReconnect();
    await expect.poll(() => db.health.generation, { timeout: 15_000 }).toBe(2);
    expect([...db.table("Log")]).toMatchObject([{ k: 1 }]);
  });

  it("on a unix socket that a dead process left behind, and not on a living one's", async () => {
    await using server = await startOvsdbServer({ schema: labJson });
    const path = join(server.dir, "left.sock");
    const leave = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", leave]);
    expect(existsSync(path)).toBe(true);
    const opening = open(`punix:${path}`);
    await expect.poll(() => server.appctl("ovsdb-server/add-remote", `unix:${path}`)).toBe("");
    await using db = (await opening).unwrap();
    expect(db.health.state).toBe("monitoring");
    const second = await open(`punix:${path}`, { timeoutMs: 1500 });
    expect(second).toMatchObject({
      error: { kind: "timeout", message: expect.stringContaining("something listens there already") },
    });
    expect(existsSync(path)).toBe(true);
  });

  it("not in the place of a file, which stays", async () => {
    await using server = await startOvsdbServer({ schema: labJson });
    const path = join(server.dir, "file");
    writeFileSync(path, "precious");
    expect(await open(`punix:${path}`, { timeoutMs: 300 })).toMatchObject({ error: { kind: "timeout" } });
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  it("on a tcp port", async () => {
    await using server = await startOvsdbServer({ schema: labJson });
    const port = await freePort();
    const opening = open(`ptcp:${port}:127.0.0.1`);
    await server.appctl("ovsdb-server/add-remote", `tcp:127.0.0.1:${port}`);
    await using db = (await opening).unwrap();
    expect(db.health).toMatchObject({ state: "monitoring", remote: `ptcp:${port}:127.0.0.1` });
  });

  it("on a tls port, where both show certificates", async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { ca, server: pair } = certificatesOf(server);
    const port = await freePort();
    const tls = { ca, cert: pair.certificate, key: pair.key };
    const opening = open(`pssl:${port}:127.0.0.1`, { tls });
    await server.appctl("ovsdb-server/add-remote", `ssl:127.0.0.1:${port}`);
    await using db = (await opening).unwrap();
    expect(db.health.state).toBe("monitoring");
  });

  it("on a tls port: who is still at the handshake when it listens no more is dropped", async () => {
    await using server = await startOvsdbServer({ schema: labJson, listen: ["ssl"] });
    const { ca, server: pair } = certificatesOf(server);
    const port = await freePort();
    const tls = { ca, cert: pair.certificate, key: pair.key };
    const gaveUp = new AbortController();
    const opening = open(`pssl:${port}:127.0.0.1`, { tls, signal: gaveUp.signal });
    const stranger = await connected(port);
    const ended = once(stranger, "close");
    gaveUp.abort();
    expect(await opening).toMatchObject({ error: { kind: "aborted" } });
    await ended;
  });
});
