import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import { VppServer } from "../../src/testing/vpp/index.js";
import { connectVpp } from "../../src/vpp/api/connect.js";
import { ApiCodecs } from "../../src/vpp/schema/index.js";
import { frameOf } from "../support/vpp-peer.js";
import { toyApi, toyClient, toyServer } from "../support/vpp-toy-api.js";
import { apiDirectory, modelOf, releases, unlessMissing } from "../vpp/schema/api-files.js";

/** A client that sends what it likes, as no library would. */
class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isOver = true;
    });
  }

  static async connect(server: VppServer): Promise<RawClient> {
    const socket = connect(server.remote.slice("unix:".length));
    await once(socket, "connect");
    onTestFinished(() => void socket.destroy());
    return new RawClient(socket);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(hex: string): void {
    this.#socket.write(frameOf(Buffer.from(hex, "hex")));
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  async next(): Promise<string> {
    await vi.waitUntil(() => this.#received.length >= 16 && this.#received.length >= this.#whole());
    const message = this.#received.toString("hex", 16, this.#whole());
    this.#received = this.#received.subarray(this.#whole());
    return message;
  }

  /** The first eight bytes of what comes next. */
  get pointer(): string {
    return this.#received.toString("hex", 0, 8);
  }

  get silence(): boolean {
    return this.#received.length === 0;
  }

  async hello(): Promise<number> {
    this.send(`000f0000007c${Buffer.from("raw").toString("hex").padEnd(128, "0")}`);
    return Buffer.from(await this.next(), "hex").readUInt32BE(14);
  }

  #whole(): number {
    return 16 + this.#received.readUInt32BE(8);
  }
}

const ping = (clientIndex: number, context: number): string =>
  `0017${clientIndex.toString(16).padStart(8, "0")}${context.toString(16).padStart(8, "0")}`;

describe("the protocol as VPP speaks it", () => {
  test("client indices have the top bit set, and begin at 1", async () => {
    await using server = await toyServer();
    const [first, second] = [await RawClient.connect(server), await RawClient.connect(server)];
    expect([await first.hello(), await second.hello()]).toStrictEqual([0x8000_0001, 0x8000_0002]);
    expect(server.clients).toStrictEqual(["raw", "raw"]);
  });

  test("a second handshake on a connection gives the same index", async () => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    expect(await client.hello()).toBe(await client.hello());
  });

  test("the header of an answer begins with a pointer", async () => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    client.send(ping(await client.hello(), 1));
    await expect.poll(() => client.silence).toBe(false);
    expect(client.pointer).not.toBe("0000000000000000");
  });

  test("with an index that nobody has there is no answer; with another's, it goes to the other", async () => {
    await using server = await toyServer();
    const [first, second] = [await RawClient.connect(server), await RawClient.connect(server)];
    const [index] = [await first.hello(), await second.hello()];
    first.send(ping(0, 1));
    second.send(ping(index, 2));
    expect(await first.next()).toMatch(/^001800000002/);
    expect(second.silence).toBe(true);
  });

  test.each([
    ["an id that it does not have", "ea60800000010000000a"],
    ["a message that is too short", "00178000000100"],
  ])("%s is dropped without a word", async (_what, message) => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    const index = await client.hello();
    client.send(message);
    client.send(ping(index, 5));
    expect(await client.next()).toMatch(/^001800000005/);
  });

  test("a message that is longer than it need be is taken", async () => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    client.send(`${ping(await client.hello(), 6)}ffffffff`);
    expect(await client.next()).toMatch(/^001800000006/);
  });

  test("sockclnt_delete is answered with 1, and the connection ends", async () => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    await client.hello();
    client.send("0011800000010000000980000001");
    expect(await client.next()).toBe("00120000000900000001");
    await expect.poll(() => client.isOver).toBe(true);
    expect(server.rudeEnds).toBe(0);
  });

  test("a client that just closes is noted", async () => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    const index = await client.hello();
    server.fail("control_ping", { kind: "held" });
    client.send(ping(index, 1));
    await expect.poll(() => server.requests.names()).toStrictEqual(["control_ping"]);
    client.cut();
    await expect.poll(() => server.rudeEnds).toBe(1);
    expect(server.endsUnderAnswers).toBe(1);
  });

  test.each([
    ["a message id 0", "000080000001"],
    ["an empty frame", ""],
  ])("%s ends it, as it ends a VPP 20.05", async (_what, message) => {
    await using server = await toyServer();
    const client = await RawClient.connect(server);
    await client.hello();
    client.send(message);
    await expect.poll(() => server.deaths).toHaveLength(1);
    await expect.poll(() => client.isOver).toBe(true);
    await server.restart();
    expect(await (await RawClient.connect(server)).hello()).toBe(0x8000_0001);
  });
});

describe("what a test can do with it", () => {
  test("give it messages as codecs, such as those of generated bindings", async () => {
    // What answers them comes with them, and every server has a ping.
    const codec = new ApiCodecs(toyApi()).call("thing_version").unwrap();
    await using server = (await VppServer.start({ api: [codec] })).unwrap();
    server.handle("thing_version", () => ({ major: 3, minor: 4 }));
    await using client = await toyClient(server);
    expect((await client.call("thing_version")).unwrap()).toStrictEqual({ major: 3, minor: 4 });
  });

  test("see what was asked", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { name: "me" });
    await client.call("thing_add", { name: "a" });
    expect(server.clients).toStrictEqual(["me"]);
    expect(server.requests.of("thing_add")).toStrictEqual([
      {
        message: "thing_add",
        context: 1,
        clientIndex: 0x8000_0001,
        value: { name: "a", size: 7, is_add: true },
      },
    ]);
  });

  test("not answer what it cannot do: unimplemented, as VPP says it", async () => {
    await using server = (await VppServer.start({ api: toyApi() })).unwrap();
    await using client = await toyClient(server);
    expect((await client.call("thing_add", { name: "a" })).unwrapErr()).toMatchObject({
      reason: "UNIMPLEMENTED",
    });
  });

  test("a directory that is none is an error, not a throw", async () => {
    expect((await VppServer.start({ api: { directory: "/nowhere" } })).unwrapErr()).toMatchObject({
      kind: "unreachable",
      errno: "ENOENT",
    });
  });
});

describe.skipIf(releases.length === 0)(`a server of a real release${unlessMissing}`, () => {
  const release = releases.at(-1) ?? "";

  async function start(): Promise<VppServer> {
    return (await VppServer.start({ api: modelOf(release) })).unwrap();
  }

  test("tells its own API", async () => {
    const api = { directory: join(apiDirectory, release) };
    await using server = (await VppServer.start({ api })).unwrap();
    await using client = (await connectVpp({ remote: server.remote, api: "bootstrap" })).unwrap();
    expect(client.capability("memif_create_v2")?.state).toBe("available");
    expect(
      (await client.dump("sw_interface_dump", { name_filter_valid: false, name_filter: "" }).all()).unwrap(),
    ).toHaveLength(1);
  });

  test("has only the modules that are loaded", async () => {
    await using server = (
      await VppServer.start({ api: modelOf(release), modules: ["vpe", "interface"] })
    ).unwrap();
    await using client = (
      await connectVpp({ remote: server.remote, api: { model: modelOf(release) } })
    ).unwrap();
    expect(client.capability("memif_create")).toMatchObject({ state: "plugin-not-loaded", module: "memif" });
    expect(client.capability("create_loopback")?.state).toBe("available");
  });

  test("what an administrator does is seen by clients, as events too", async () => {
    await using server = await start();
    await using client = (
      await connectVpp({ remote: server.remote, api: { model: modelOf(release) } })
    ).unwrap();
    await using events = (await client.events("want_interface_events")).unwrap();
    const made = server.vpp.interfaces.add("loop9", { type: "loopback", instance: 9 }, "02:00:00:00:00:09");
    expect((await events.next()).value).toMatchObject({
      value: { sw_if_index: made.swIfIndex, deleted: false },
    });
    server.vpp.interfaces.setLink(made, true);
    expect((await events.next()).value).toMatchObject({ value: { flags: 2 } });
    server.vpp.interfaces.delete(made.swIfIndex);
    expect((await events.next()).value).toMatchObject({ value: { deleted: true } });
  });

  test("listens on the sockets of memif masters and vhost-user servers, until they go", async () => {
    const directory = mkdtempSync(join(tmpdir(), "vpp-server-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    await using server = await start();
    await using client = (
      await connectVpp({ remote: server.remote, api: { model: modelOf(release) } })
    ).unwrap();
    const path = join(directory, "m.sock");
    const socket = { is_add: true, socket_filename: path };
    const { socket_id } = (await client.call("memif_socket_filename_add_del_v2", socket)).unwrap();
    expect(socket_id).toBe(1_013_904_223);
    expect(existsSync(path)).toBe(false);
    const memif = {
      role: 0,
      mode: 0,
      rx_queues: 1,
      tx_queues: 1,
      id: 0,
      socket_id,
      ring_size: 1024,
      buffer_size: 2048,
      no_zero_copy: false,
      use_dma: false,
      hw_addr: "00:00:00:00:00:00",
      secret: "",
    };
    const { sw_if_index } = (await client.call("memif_create_v2", memif)).unwrap();
    expect(existsSync(path)).toBe(true);
    (await client.call("memif_delete", { sw_if_index })).unwrap();
    // VPP leaves the file, and nobody listens there any more.
    expect(existsSync(path)).toBe(true);
    const [error] = await once(connect(path), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });
});
