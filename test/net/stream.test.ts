import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { dial } from "../../src/net/dial.js";
import type { ByteStream } from "../../src/net/stream.js";
import { ScriptedPeer, type PeerConnection } from "../support/scripted-peer.js";

let peer: ScriptedPeer;
let stream: ByteStream;
let theirs: PeerConnection;

beforeEach(async () => {
  peer = await ScriptedPeer.listen("unix");
  const { signal } = new AbortController();
  stream = (await dial(peer.remote, { operation: "test", signal })).unwrap();
  theirs = await peer.connection();
});

afterEach(async () => {
  stream.destroy();
  await peer[Symbol.asyncDispose]();
});

/** Starts the stream. Gives what it has told so far, and a promise of its end. */
function start(): { readonly heard: string[]; readonly over: Promise<Error | undefined> } {
  const heard: string[] = [];
  const over = new Promise<Error | undefined>((resolve) => {
    stream.start({
      data: (chunk) => heard.push(chunk.toString()),
      close: (reason) => {
        heard.push("close");
        resolve(reason);
      },
    });
  });
  return { heard, over };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("SocketStream", () => {
  it("tells what came before it was started", async () => {
    theirs.send("early");
    await turn();
    const { heard, over } = start();
    theirs.end();
    await over;
    expect(heard).toEqual(["early", "close"]);
  });

  it("reads into the same room again where nothing of a chunk is kept, and never where it may be", async () => {
    const chunks: Buffer[] = [];
    const texts: string[] = [];
    let isKept = false;
    stream.start({
      data: (chunk) => {
        chunks.push(chunk);
        texts.push(chunk.toString());
      },
      keepsNothing: () => !isKept,
      close: () => undefined,
    });
    for (const word of ["one", "two", "six"]) {
      isKept = word === "two";
      theirs.send(word);
      await expect.poll(() => texts).toContain(word);
    }
    expect(texts).toEqual(["one", "two", "six"]);
    expect(chunks.map(String)).toEqual(["two", "two", "six"]);
  });

  it("tells an end in good order, after the last bytes and once", async () => {
    const { heard, over } = start();
    theirs.send("last words");
    theirs.end();
    expect(await over).toBeUndefined();
    await turn();
    expect(heard).toEqual(["last words", "close"]);
  });

  it("does not wait, to end, for a peer that takes nothing more", async () => {
    const { over } = start();
    theirs.socket.pause();
    stream.write("x".repeat(10_000_000));
    theirs.end();
    expect(await over).toBeUndefined();
  });

  it("tells why the connection broke, even before it was started", async () => {
    await using tcp = await ScriptedPeer.listen("tcp");
    const { signal } = new AbortController();
    stream = (await dial(tcp.remote, { operation: "test", signal })).unwrap();
    const connection = await tcp.connection();
    stream.write("something");
    connection.socket.resetAndDestroy();
    while (stream.writableBytes > 0) await turn();
    const { over } = start();
    expect(await over).toMatchObject({ code: "ECONNRESET" });
  });

  it("sends text and bytes in the order in which they were written", async () => {
    stream.write('{"a":1}');
    stream.write(Buffer.from(`{"b":"${"y".repeat(100_000)}"}`));
    stream.write(new Uint8Array(Buffer.from('{"c":3}')));
    expect(await theirs.next()).toEqual({ a: 1 });
    expect(await theirs.next()).toEqual({ b: "y".repeat(100_000) });
    expect(await theirs.next()).toEqual({ c: 3 });
  });

  it("sends what was written last before it is destroyed, as far as the peer takes it at once", async () => {
    stream.write('{"bye":1}');
    stream.destroy();
    expect(await theirs.next()).toEqual({ bye: 1 });
    await theirs.ended;
  });

  it("sends all that is written, turn by turn, while the peer takes nothing and while it takes it", async () => {
    theirs.socket.pause();
    const text = `{"a":"${"z".repeat(50_000)}"}`;
    const write = async (turns: number): Promise<void> => {
      for (let nth = 0; nth < turns; nth++) {
        stream.write(text);
        stream.write(text);
        await turn();
      }
    };
    await write(20);
    expect(stream.writableBytes).toBeGreaterThan(100_000);
    theirs.socket.resume();
    await write(20);
    while (theirs.received.length < 80 * text.length) await turn();
    expect(stream.writableBytes).toBe(0);
  });

  it("stops reading in a pause, and goes on after it", async () => {
    const { heard } = start();
    stream.pause();
    theirs.send("a");
    await turn();
    await turn();
    expect(heard).toEqual([]);
    stream.resume();
    while (heard.length === 0) await turn();
    expect(heard).toEqual(["a"]);
  });

  it("tells nothing after it was destroyed, and takes nothing more", async () => {
    const { heard } = start();
    theirs.send("a");
    stream.destroy();
    stream.destroy();
    stream.write("ignored");
    await theirs.ended;
    await turn();
    expect(heard).toEqual([]);
    expect(theirs.received).toBe("");
  });

  it("says how much waits, and less as the peer reads", async () => {
    theirs.socket.pause();
    stream.write("x".repeat(5_000_000));
    await turn();
    const before = stream.writableBytes;
    expect(before).toBeGreaterThan(4_000_000);
    theirs.socket.resume();
    while (stream.writableBytes === before) await turn();
    expect(stream.writableBytes).toBeGreaterThan(0);
    while (stream.writableBytes > 0) await turn();
    stream.destroy();
    await theirs.ended;
    expect(theirs.received).toHaveLength(5_000_000);
  });
});
