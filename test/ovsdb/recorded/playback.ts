import { setImmediate as turn } from "node:timers/promises";

import type { Remote } from "../../../src/net/remote.js";
import type { ByteStream, StreamHandlers } from "../../../src/net/stream.js";
import { theRemote } from "../../support/scripted-peer.js";
import type { Entry } from "./recording.js";
import type { Stage } from "./scenarios.js";

/** Cuts what the server said at a time into what comes at a time. */
export type Cut = (bytes: Buffer) => readonly Buffer[];

export const whole: Cut = (bytes) => [bytes];

export const byteByByte: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

/** Cuts into two, so that as `n` goes up to {@link cutsOf} there is a cut after every byte. */
export const inTwo =
  (n: number): Cut =>
  (bytes) => {
    const at = n % bytes.length;
    return [bytes.subarray(0, at), bytes.subarray(at)];
  };

/** How many cuts into two it takes to have one after every byte of a session. */
export function cutsOf(entries: readonly Entry[]): number {
  const lengths = entries.map((each) =>
    "text" in each && each.from === "server" ? Buffer.byteLength(each.text) : 0,
  );
  return Math.max(...lengths);
}

/** The client's end of a connection, without a network. */
class PlayedStream implements ByteStream {
  readonly remote: Remote;
  readonly needsProbes = false;
  readonly writableBytes = 0;
  sent = "";
  handlers: StreamHandlers | undefined;
  isPaused = false;
  isDestroyed = false;

  constructor(remote: Remote) {
    this.remote = remote;
  }

  write(data: string | Uint8Array): void {
    this.sent += typeof data === "string" ? data : Buffer.from(data).toString();
  }

  writeNow(data: Uint8Array): void {
    this.write(data);
  }

  start(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

/** How many turns of the event loop a client may take for what it has to do next. */
const patience = 20_000;

/**
 * Plays what a server said in a recorded session, each time that the client has said what it said then. `tick` makes the
 * client's time pass, in which it waits before it connects again.
 */
export class Playback implements Stage {
  readonly remote = "unix:/recorded";
  readonly #entries: readonly Entry[];
  readonly #cut: Cut;
  readonly #tick: () => void;
  readonly #streams: PlayedStream[] = [];
  readonly #expected: string[] = [];
  #next = 0;
  #othersDue = 0;
  #isPlayed = false;

  constructor(entries: readonly Entry[], cut: Cut, tick: () => void) {
    this.#entries = entries;
    this.#tick = tick;
    this.#cut = cut;
  }

  /** The next connection of the session. */
  connect(): ByteStream {
    const stream = new PlayedStream(theRemote(this.remote));
    this.#streams.push(stream);
    return stream;
  }

  others(): Promise<void> {
    this.#othersDue += 1;
    return Promise.resolve();
  }

  async until(what: () => boolean): Promise<void> {
    for (let turns = 0; !what(); turns += 1) {
      if (turns > patience) throw new Error(`waits in vain at entry ${this.#next} for ${String(what)}`);
      await turn();
    }
  }

  async end(): Promise<void> {
    await this.until(() => this.#isPlayed);
  }

  /** Plays all of it to what is done meanwhile. The client then has sent what it sent then, all of it and nothing else. */
  async run<T>(during: Promise<T>): Promise<T> {
    const [result] = await Promise.all([during, this.#play()]);
    for (const [at, { sent }] of this.#streams.entries()) this.#compare(at, sent, this.#expected[at] ?? "");
    return result;
  }

  async #play(): Promise<void> {
    for (const entry of this.#entries) {
      await this.#playEntry(entry);
      this.#next += 1;
    }
    this.#isPlayed = true;
  }

  async #playEntry(entry: Entry): Promise<void> {
    if ("seen" in entry) return;
    if ("others" in entry) {
      await this.until(() => this.#othersDue > 0);
      this.#othersDue -= 1;
      return;
    }
    const { connection } = entry;
    await this.until(() => {
      const isThere = this.#streams[connection]?.handlers !== undefined;
      if (!isThere) this.#tick();
      return isThere;
    });
    const stream = this.#streams[connection];
    if (stream === undefined) return;
    if (entry.from === "client") {
      if ("end" in entry) return await this.until(() => stream.isDestroyed);
      const expected = (this.#expected[connection] ?? "") + entry.text;
      this.#expected[connection] = expected;
      await this.until(() => stream.sent.length >= expected.length);
      this.#compare(connection, stream.sent.slice(0, expected.length), expected);
    } else if ("end" in entry) {
      stream.handlers?.close(undefined);
    } else {
      await this.#say(stream, Buffer.from(entry.text));
    }
  }

  async #say(stream: PlayedStream, bytes: Buffer): Promise<void> {
    for (const part of this.#cut(bytes)) {
      await this.until(() => !stream.isPaused || stream.isDestroyed);
      if (part.length > 0 && !stream.isDestroyed) stream.handlers?.data(Buffer.from(part));
      await turn();
    }
  }

  #compare(connection: number, sent: string, expected: string): void {
    if (sent === expected) return;
    throw new Error(`over connection ${connection} it sent ${sent}, and then it sent ${expected}`);
  }
}
