/**
 * The floor: a socket, the texts that the driver sends with the names put in, and `JSON.parse`. It looks at nothing but
 * what it waits for, and checks nothing.
 *
 * Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY RECORDING
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import * as v from "valibot";
import { JsonTexts } from "../support/json-texts.js";
import { taskOf, type Task } from "../support/protocol.js";
import { recordingSchema, type Recording } from "../support/recorder.js";
import { serve, type Operator } from "../support/serve.js";

/** What is read of the messages. */
interface Message {
  readonly method?: "echo";
  readonly id: unknown;
  readonly params: unknown;
  readonly result: readonly Result[];
}
interface Result {
  readonly uuid?: readonly [string, string];
  readonly rows?: readonly { readonly next_cfg?: number; readonly ofport?: number }[];
}

/** Believes the server: a look at every member would not be a floor. */
const isMessage = (value: unknown): value is Message => typeof value === "object" && value !== null;

/** A text in pieces: text, blank, text, blank, ..., text. */
type Template = readonly string[];

const template = (text: string): Template => text.split(/<(name|next|\d+)>/u);

/** Puts the name, the uuids and the number of the configuration into the blanks. */
function fill(pieces: Template, name: string, uuids: readonly string[], next: number): string {
  let text = pieces[0] ?? "";
  for (let i = 1; i < pieces.length; i += 2) {
    const blank = pieces[i] ?? "";
    const value = blank === "name" ? name : blank === "next" ? String(next) : (uuids[Number(blank)] ?? "");
    text += value + (pieces[i + 1] ?? "");
  }
  return text;
}

class Floor implements Operator {
  readonly versions = { node: process.version };
  readonly #task: Task;
  readonly #create: readonly Template[];
  readonly #delete: readonly Template[];
  readonly #uuids = new Map<string, readonly string[]>();
  #socket: Socket | undefined;
  #texts = new JsonTexts();
  #replied: ((result: readonly Result[]) => void) | undefined;

  constructor(task: Task, recording: Recording) {
    this.#task = task;
    this.#create = recording.create.map((text) => template(text));
    this.#delete = recording.delete.map((text) => template(text));
  }

  async open(): Promise<void> {
    const socket = connect(this.#task.remote.replace(/^unix:/u, ""));
    await once(socket, "connect");
    this.#socket = socket;
    this.#texts = new JsonTexts();
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#receive(chunk));
  }

  async create(name: string): Promise<number | null> {
    const uuids: string[] = [];
    this.#uuids.set(name, uuids);
    let ofport: number | undefined;
    let next = 0;
    for (const text of this.#create) {
      for (const { uuid, rows } of await this.#send(fill(text, name, uuids, next))) {
        if (uuid !== undefined) uuids.push(uuid[1]);
        next = rows?.[0]?.next_cfg ?? next;
        ofport ??= rows?.[0]?.ofport;
      }
    }
    return ofport ?? null;
  }

  async delete(name: string): Promise<void> {
    const uuids = this.#uuids.get(name) ?? [];
    this.#uuids.delete(name);
    let next = 0;
    for (const text of this.#delete) {
      const results = await this.#send(fill(text, name, uuids, next));
      next = results.at(-1)?.rows?.[0]?.next_cfg ?? next;
    }
  }

  async close(): Promise<void> {
    if (this.#socket === undefined) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
  }

  /** One request is under way at a time. */
  #send(text: string): Promise<readonly Result[]> {
    return new Promise((resolve) => {
      this.#replied = resolve;
      this.#socket?.write(text);
    });
  }

  #receive(chunk: string): void {
    for (const text of this.#texts.push(chunk)) {
      const message: unknown = JSON.parse(text);
      if (isMessage(message)) this.#handle(message);
    }
  }

  #handle(message: Message): void {
    if (message.method === "echo") {
      this.#socket?.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
    } else this.#replied?.(message.result);
  }
}

const argv = process.argv.slice(2);
const recording = v.parse(recordingSchema, JSON.parse(readFileSync(argv[4] ?? "", "utf8")));
await serve(new Floor(taskOf(argv), recording));
