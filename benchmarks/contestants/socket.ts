/**
 * The floor: a socket, texts that were prepared beforehand, and `JSON.parse`. It sends the transactions that the
 * driver sends, looks at nothing but what it waits for, and checks nothing.
 *
 * Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import * as v from "valibot";
import { portType, taskOf, type Task } from "../support/protocol.js";
import { serve, type Operator } from "../support/serve.js";

/** What is read of the messages; all of them come from a server of our own. */
interface Message {
  readonly method?: "echo" | "update2";
  readonly id: unknown;
  readonly params: readonly [unknown, Changes];
  readonly result: readonly Result[];
}
interface Changes {
  readonly Open_vSwitch?: Readonly<Record<string, { readonly modify?: { readonly cur_cfg?: number } }>>;
  readonly Interface?: Readonly<Record<string, { readonly modify?: { readonly ofport?: number } }>>;
}
interface Result {
  readonly error?: string;
  readonly uuid?: readonly [string, string];
  readonly rows?: readonly { readonly next_cfg?: number }[];
}

const rowUuid = v.tuple([v.literal("uuid"), v.string()]);
const foundReply = v.looseTuple([
  v.object({ rows: v.tuple([v.object({ _uuid: rowUuid })]) }),
  v.object({ rows: v.tuple([v.object({ _uuid: rowUuid, cur_cfg: v.number() })]) }),
]);

/** Believes the server: a look at every member would not be a floor. */
const isMessage = (value: unknown): value is Message => typeof value === "object" && value !== null;

/** Where the JSON text that begins at `start` ends; -1: it has not come whole. */
function endOfText(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) depth++;
    else if ((c === 125 || c === 93) && --depth === 0) return i + 1;
  }
  return -1;
}

/** The end of each transaction: with waiting, `next_cfg` is raised and read. */
const raise = (waiting: boolean, root: string): string =>
  waiting
    ? `,{"op":"mutate","table":"Open_vSwitch","where":[["_uuid","==",["uuid","${root}"]]],"mutations":[["next_cfg","+=",1]]}` +
      `,{"op":"select","table":"Open_vSwitch","where":[["_uuid","==",["uuid","${root}"]]],"columns":["next_cfg"]}`
    : "";

class Floor implements Operator {
  readonly versions = { node: process.version };
  readonly #task: Task;
  readonly #waiting: boolean;
  #socket: Socket | undefined;
  #received = "";
  /** The texts around the names. */
  #createText: readonly [string, string, string, string] = ["", "", "", ""];
  #deleteText: readonly [string, string] = ["", ""];
  readonly #ports = new Map<string, string>();
  #curCfg = 0;
  /** The `ofport` that was told last. */
  #ofport = 0;
  #replied: ((results: readonly Result[]) => void) | undefined;
  #applied: (() => void) | undefined;

  constructor(task: Task) {
    this.#task = task;
    this.#waiting = task.mode === "wait";
  }

  async open(): Promise<void> {
    const socket = connect(this.#task.remote.replace(/^unix:/u, ""));
    await once(socket, "connect");
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#receive(chunk));
    const find =
      `{"id":1,"method":"transact","params":["Open_vSwitch"` +
      `,{"op":"select","table":"Bridge","where":[["name","==","${this.#task.bridge}"]],"columns":["_uuid"]}` +
      `,{"op":"select","table":"Open_vSwitch","where":[],"columns":["_uuid","cur_cfg"]}]}`;
    const [bridges, roots] = v.parse(foundReply, await this.#send(find));
    this.#curCfg = roots.rows[0].cur_cfg;
    if (this.#waiting) {
      await this.#send(
        `{"id":2,"method":"monitor_cond","params":["Open_vSwitch",null,` +
          `{"Open_vSwitch":[{"columns":["cur_cfg"]}],"Interface":[{"columns":["ofport","error"]}]}]}`,
      );
    }
    this.#prepare(bridges.rows[0]._uuid[1], roots.rows[0]._uuid[1]);
  }

  async create(name: string): Promise<number | null> {
    const [head, type, row, tail] = this.#createText;
    const path = `${this.#task.socketDirectory}/${name}.sock`;
    const results = await this.#send(head + name + type + path + row + name + tail);
    this.#ports.set(name, results[1]?.uuid?.[1] ?? "");
    if (!this.#waiting) return null;
    await this.#waitFor(results.at(-1)?.rows?.[0]?.next_cfg ?? 0);
    return this.#ofport;
  }

  async delete(name: string): Promise<void> {
    const [head, tail] = this.#deleteText;
    const results = await this.#send(head + (this.#ports.get(name) ?? "") + tail);
    this.#ports.delete(name);
    if (this.#waiting) await this.#waitFor(results.at(-1)?.rows?.[0]?.next_cfg ?? 0);
  }

  async close(): Promise<void> {
    if (this.#socket === undefined) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
  }

  #prepare(bridge: string, root: string): void {
    const end = `${raise(this.#waiting, root)}]}`;
    const where = `"where":[["_uuid","==",["uuid","${bridge}"]]]`;
    this.#createText = [
      `{"id":3,"method":"transact","params":["Open_vSwitch",{"op":"insert","table":"Interface","uuid-name":"i","row":{"name":"`,
      `","type":"${portType}","options":["map",[["vhost-server-path","`,
      `"]]]}},{"op":"insert","table":"Port","uuid-name":"p","row":{"name":"`,
      `","interfaces":["named-uuid","i"]}},{"op":"mutate","table":"Bridge",${where},"mutations":[["ports","insert",["named-uuid","p"]]]}${end}`,
    ];
    this.#deleteText = [
      `{"id":4,"method":"transact","params":["Open_vSwitch",{"op":"mutate","table":"Bridge",${where},"mutations":[["ports","delete",["uuid","`,
      `"]]]}${end}`,
    ];
  }

  /** Sends one request; one at a time is under way. */
  #send(text: string): Promise<readonly Result[]> {
    return new Promise((resolve) => {
      this.#replied = resolve;
      this.#socket?.write(text);
    });
  }

  #waitFor(wanted: number): Promise<void> | undefined {
    if (this.#curCfg >= wanted) return undefined;
    return new Promise((resolve) => {
      this.#applied = (): void => {
        if (this.#curCfg >= wanted) resolve();
      };
    });
  }

  #receive(chunk: string): void {
    const text = this.#received + chunk;
    let start = 0;
    for (let end = endOfText(text, 0); end !== -1; end = endOfText(text, start)) {
      const message: unknown = JSON.parse(text.slice(start, end));
      if (isMessage(message)) this.#handle(message);
      start = end;
    }
    this.#received = text.slice(start);
  }

  #handle(message: Message): void {
    if (message.method === "update2") this.#note(message.params[1]);
    else if (message.method === "echo") {
      this.#socket?.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
    } else this.#replied?.(message.result);
  }

  #note(changes: Changes): void {
    for (const uuid in changes.Interface) {
      this.#ofport = changes.Interface[uuid]?.modify?.ofport ?? this.#ofport;
    }
    for (const uuid in changes.Open_vSwitch) {
      this.#curCfg = changes.Open_vSwitch[uuid]?.modify?.cur_cfg ?? this.#curCfg;
    }
    this.#applied?.();
  }
}

await serve(new Floor(taskOf(process.argv.slice(2))));
