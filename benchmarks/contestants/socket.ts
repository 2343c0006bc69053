/**
 * The floor: a socket, text with the names put in, and `JSON.parse`. It sends the transactions that the driver sends,
 * operation by operation, looks at nothing but what it waits for, and checks nothing.
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
}
interface Result {
  readonly uuid?: readonly [string, string];
  readonly rows?: readonly { readonly next_cfg?: number; readonly ofport?: number }[];
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

/** What the driver reads of a port when vswitchd has made it. */
const columns =
  '"_uuid","name","type","options","mac","mac_in_use","mtu","mtu_request","ofport","ofport_request","error",' +
  '"admin_state","link_state","status","external_ids","ingress_policing_rate","ingress_policing_burst",' +
  '"ingress_policing_kpkts_rate","ingress_policing_kpkts_burst","statistics"';

const owner = "benchmark";
const marks = (name: string): string =>
  `"external_ids":["map",[["vswitch-drivers-owner","${owner}"],["vswitch-drivers-key","${name}"]]]`;
const isRow = (uuid: string): string => `["_uuid","==",["uuid","${uuid}"]]`;
const isOurs = `["external_ids","includes",["map",[["vswitch-drivers-owner","${owner}"]]]]`;

interface Place {
  readonly root: string;
  readonly bridge: string;
  readonly bridgeName: string;
  readonly waiting: boolean;
}

const transaction = (operations: string): string =>
  `{"id":3,"method":"transact","params":["Open_vSwitch"${operations}]}`;

/** The end of a transaction that is waited for: the number of the configuration. */
const numbered = ({ waiting, root }: Place): string =>
  waiting
    ? `,{"op":"mutate","table":"Open_vSwitch","where":[${isRow(root)}],"mutations":[["next_cfg","+=",1]]}` +
      `,{"op":"select","table":"Open_vSwitch","where":[${isRow(root)}],"columns":["_uuid","next_cfg"]}`
    : "";

const createText = (place: Place, name: string, path: string): string =>
  transaction(
    `,{"op":"wait","table":"Interface","where":[["options","includes",["map",[["vhost-server-path","${path}"]]]]],"columns":["name"],"until":"==","rows":[],"timeout":0}` +
      `,{"op":"insert","table":"Interface","row":{"name":"${name}","type":"${portType}","options":["map",[["vhost-server-path","${path}"]]],"mac":["set",[]],"mtu_request":["set",[]],"ofport_request":["set",[]],${marks(name)}},"uuid-name":"interface"}` +
      `,{"op":"insert","table":"Port","row":{"name":"${name}","tag":["set",[]],"trunks":["set",[]],"vlan_mode":["set",[]],"interfaces":["set",[["named-uuid","interface"]]],${marks(name)}},"uuid-name":"port"}` +
      `,{"op":"wait","table":"Bridge","where":[${isRow(place.bridge)}],"columns":["name"],"until":"==","rows":[{"name":"${place.bridgeName}"}],"timeout":0}` +
      `,{"op":"mutate","table":"Bridge","where":[${isRow(place.bridge)}],"mutations":[["ports","insert",["set",[["named-uuid","port"]]]]]}` +
      numbered(place),
  );

const readText = (row: string): string =>
  transaction(`,{"op":"select","table":"Interface","where":[${isRow(row)}],"columns":[${columns}]}`);

const deleteText = (place: Place, name: string, { row, port }: Made): string =>
  transaction(
    `,{"op":"wait","table":"Port","where":[${isRow(port)},${isOurs}],"columns":["interfaces"],"until":"==","rows":[{"interfaces":["set",[["uuid","${row}"]]]}],"timeout":0}` +
      `,{"op":"wait","table":"Interface","where":[${isRow(row)},${isOurs}],"columns":["name"],"until":"==","rows":[{"name":"${name}"}],"timeout":0}` +
      `,{"op":"wait","table":"Bridge","where":[${isRow(place.bridge)},["ports","includes",["set",[["uuid","${port}"]]]]],"columns":["name"],"until":"==","rows":[{"name":"${place.bridgeName}"}],"timeout":0}` +
      `,{"op":"mutate","table":"Bridge","where":[${isRow(place.bridge)}],"mutations":[["ports","delete",["set",[["uuid","${port}"]]]]]}` +
      numbered(place),
  );

/** The rows of a port that was made. */
interface Made {
  readonly row: string;
  readonly port: string;
}

class Floor implements Operator {
  readonly versions = { node: process.version };
  readonly #task: Task;
  readonly #waiting: boolean;
  readonly #made = new Map<string, Made>();
  #place: Place | undefined;
  #socket: Socket | undefined;
  #received = "";
  #curCfg = 0;
  #replied: ((results: readonly Result[]) => void) | undefined;
  #applied: (() => void) | undefined;

  constructor(task: Task) {
    this.#task = task;
    this.#waiting = task.mode === "wait";
  }

  async open(): Promise<void> {
    const { remote, bridge: bridgeName } = this.#task;
    const socket = connect(remote.replace(/^unix:/u, ""));
    await once(socket, "connect");
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#receive(chunk));
    const find =
      `,{"op":"select","table":"Bridge","where":[["name","==","${bridgeName}"]],"columns":["_uuid"]}` +
      `,{"op":"select","table":"Open_vSwitch","where":[],"columns":["_uuid","cur_cfg"]}`;
    const [bridges, roots] = v.parse(foundReply, await this.#send(transaction(find)));
    const [bridge, root] = [bridges.rows[0]._uuid[1], roots.rows[0]._uuid[1]];
    this.#place = { root, bridge, bridgeName, waiting: this.#waiting };
    this.#curCfg = roots.rows[0].cur_cfg;
    if (!this.#waiting) return;
    const watched = `{"Open_vSwitch":[{"columns":["cur_cfg"]}]}`;
    await this.#send(`{"id":2,"method":"monitor_cond","params":["Open_vSwitch",null,${watched}]}`);
  }

  async create(name: string): Promise<number | null> {
    if (this.#place === undefined) throw new Error("open comes first");
    const path = `${this.#task.socketDirectory}/${name}.sock`;
    const results = await this.#send(createText(this.#place, name, path));
    const [row = "", port = ""] = [results[1]?.uuid?.[1], results[2]?.uuid?.[1]];
    this.#made.set(name, { row, port });
    if (!this.#waiting) return null;
    await this.#waitFor(results.at(-1)?.rows?.[0]?.next_cfg ?? 0);
    const [read] = await this.#send(readText(row));
    return read?.rows?.[0]?.ofport ?? null;
  }

  async delete(name: string): Promise<void> {
    const made = this.#made.get(name);
    if (this.#place === undefined || made === undefined) throw new Error("create comes first");
    this.#made.delete(name);
    const results = await this.#send(deleteText(this.#place, name, made));
    if (this.#waiting) await this.#waitFor(results.at(-1)?.rows?.[0]?.next_cfg ?? 0);
  }

  async close(): Promise<void> {
    if (this.#socket === undefined) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
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
    for (const uuid in changes.Open_vSwitch) {
      this.#curCfg = changes.Open_vSwitch[uuid]?.modify?.cur_cfg ?? this.#curCfg;
    }
    this.#applied?.();
  }
}

await serve(new Floor(taskOf(process.argv.slice(2))));
