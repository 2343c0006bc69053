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
  readonly method?: "echo" | "update2";
  readonly id: unknown;
  readonly params: readonly [unknown, Changes];
  readonly result: readonly Result[];
}
interface Changes {
  readonly Open_vSwitch?: Readonly<Record<string, { readonly modify?: { readonly cur_cfg?: number } }>>;
}
interface Result {
  readonly uuid?: readonly [string, string];
  readonly rows?: readonly { readonly next_cfg?: number; readonly ofport?: number }[];
}

/** Believes the server: a look at every member would not be a floor. */
const isMessage = (value: unknown): value is Message => typeof value === "object" && value !== null;

/** A text in pieces: text, blank, text, blank, ..., text. */
type Template = readonly string[];

const template = (text: string): Template => text.split(/<(name|\d+)>/u);

/** Puts the name and the uuids into the blanks. */
function fill(pieces: Template, name: string, uuids: readonly string[]): string {
  let text = pieces[0] ?? "";
  for (let i = 1; i < pieces.length; i += 2) {
    const blank = pieces[i] ?? "";
    text += (blank === "name" ? name : (uuids[Number(blank)] ?? "")) + (pieces[i + 1] ?? "");
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
  #curCfg = 0;
  #replied: ((result: readonly Result[]) => void) | undefined;
  #applied: (() => void) | undefined;

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
    const watched = `{"Open_vSwitch":[{"columns":["cur_cfg"]}]}`;
    if (this.#task.mode === "wait") {
      await this.#send(`{"id":0,"method":"monitor_cond","params":["Open_vSwitch",null,${watched}]}`);
    }
  }

  async create(name: string): Promise<number | null> {
    const uuids: string[] = [];
    this.#uuids.set(name, uuids);
    let ofport: number | undefined;
    for (const text of this.#create) {
      const results = await this.#play(fill(text, name, uuids));
      for (const { uuid, rows } of results) {
        if (uuid !== undefined) uuids.push(uuid[1]);
        ofport ??= rows?.[0]?.ofport;
      }
    }
    return ofport ?? null;
  }

  async delete(name: string): Promise<void> {
    const uuids = this.#uuids.get(name) ?? [];
    this.#uuids.delete(name);
    for (const text of this.#delete) await this.#play(fill(text, name, uuids));
  }

  async close(): Promise<void> {
    if (this.#socket === undefined) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
  }

  /** Sends one transaction, and waits for vswitchd if it raised `next_cfg`. */
  async #play(text: string): Promise<readonly Result[]> {
    const results = await this.#send(text);
    const wanted = results.at(-1)?.rows?.[0]?.next_cfg;
    if (wanted !== undefined && wanted > this.#curCfg) await this.#waitFor(wanted);
    return results;
  }

  /** One request is under way at a time. */
  #send(text: string): Promise<readonly Result[]> {
    return new Promise((resolve) => {
      this.#replied = resolve;
      this.#socket?.write(text);
    });
  }

  #waitFor(wanted: number): Promise<void> {
    return new Promise((resolve) => {
      this.#applied = (): void => {
        if (this.#curCfg >= wanted) resolve();
      };
    });
  }

  #receive(chunk: string): void {
    for (const text of this.#texts.push(chunk)) {
      const message: unknown = JSON.parse(text);
      if (isMessage(message)) this.#handle(message);
    }
  }

  #handle(message: Message): void {
    if (message.method === "update2") {
      const changes = message.params[1].Open_vSwitch;
      for (const uuid in changes) this.#curCfg = changes[uuid]?.modify?.cur_cfg ?? this.#curCfg;
      this.#applied?.();
    } else if (message.method === "echo") {
      this.#socket?.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
    } else this.#replied?.(message.result);
  }
}

const argv = process.argv.slice(2);
const recording = v.parse(recordingSchema, JSON.parse(readFileSync(argv[4] ?? "", "utf8")));
await serve(new Floor(taskOf(argv), recording));
