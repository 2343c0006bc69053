import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import * as v from "valibot";
import { closeServer } from "../../test/support/close-server.js";
import { JsonTexts } from "./json-texts.js";

/**
 * What a server said, each as the text that it wrote: results by the method and the first parameter of the request, and
 * all notifications that came after the rows, in one.
 */
const recordingSchema = v.object({ results: v.record(v.string(), v.string()), updates: v.string() });
export type Recording = v.InferOutput<typeof recordingSchema>;

/** The id of the monitor in a recording: nothing else in it is such a text. */
const recorded = '"params":["recorder",';
const end = ',"error":null}';
const zeroUuid = "00000000-0000-0000-0000-000000000000";
/** What clients ask of a server's own database. */
const serverColumns = ["name", "model", "connected", "leader", "schema", "cid", "sid", "index"];

const schemaOf = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ tables: v.record(v.string(), v.object({ columns: v.record(v.string(), v.unknown()) })) }),
);

/** The text that comes until it ends so. */
async function textUntil(socket: Socket, ending: string): Promise<string> {
  const chunks: string[] = [];
  let last = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(String(chunk));
    last = `${last.slice(-ending.length)}${String(chunk)}`;
    if (last.endsWith(ending)) return chunks.join("");
  }
  throw new Error(`the server closed the connection before it had sent ${ending}`);
}

/**
 * Records in `file` what a client is told that asks for every column of a database while `change` is done. With a change,
 * the last of its notifications ends so; without one there is none.
 */
export async function record(
  file: string,
  remote: string,
  database: string,
  change?: { readonly make: () => Promise<void>; readonly ending: string },
): Promise<void> {
  const socket = connect(remote.replace(/^unix:/u, ""));
  socket.setEncoding("utf8");
  await once(socket, "connect");
  const results: Record<string, string> = {};
  const ask = async (method: string, params: readonly unknown[]): Promise<string> => {
    socket.write(JSON.stringify({ id: 1, method, params }));
    const reply = await textUntil(socket, end);
    const result = reply.slice('{"id":1,"result":'.length, -end.length);
    results[keyOf(method, params)] = result;
    return result;
  };
  try {
    await ask("list_dbs", []);
    await ask("get_schema", ["_Server"]);
    // Each of the clients has its own way of asking.
    const ofServer = { Database: [{ columns: serverColumns }] };
    await ask("monitor", ["_Server", "server 1", ofServer]);
    await ask("monitor_cond", ["_Server", "server 2", ofServer]);
    await ask("monitor_cond_since", ["_Server", "server 3", ofServer, zeroUuid]);
    const { tables } = v.parse(schemaOf, await ask("get_schema", [database]));
    const columns = Object.entries(tables).map(
      ([name, table]) => [name, [{ columns: Object.keys(table.columns) }]] as const,
    );
    await ask("monitor_cond_since", [database, "recorder", Object.fromEntries(columns), zeroUuid]);
    const [updates] = await Promise.all([
      change === undefined ? "" : textUntil(socket, change.ending),
      change?.make(),
    ]);
    await writeFile(file, JSON.stringify({ results, updates }));
  } finally {
    socket.destroy();
  }
}

function keyOf(method: string, [first]: readonly unknown[]): string {
  return method === "list_dbs" ? method : `${method} ${String(first)}`;
}

const requestSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ id: v.unknown(), method: v.string(), params: v.array(v.unknown()) }),
);

/** Says from memory what a server has said, to every client that asks for the same rows. */
export class Replay implements AsyncDisposable {
  readonly remote: string;
  readonly #server: Server;
  readonly #recording: Recording;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, recording: Recording) {
    this.remote = `unix:${path}`;
    this.#recording = recording;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Listens on the unix socket of that path for clients of what is recorded in the file. */
  static async listen(path: string, file: string): Promise<Replay> {
    const replay = new Replay(path, v.parse(recordingSchema, JSON.parse(await readFile(file, "utf8"))));
    replay.#server.listen(path);
    await once(replay.#server, "listening");
    return replay;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeServer(this.#server, this.#sockets);
  }

  #serve(socket: Socket): void {
    const texts = new JsonTexts();
    this.#sockets.add(socket);
    socket.setEncoding("utf8");
    // Of a contestant that has what it wants.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: string) => {
      for (const text of texts.push(chunk)) socket.write(this.#answer(text));
    });
  }

  #answer(text: string): string {
    const { id, method, params } = v.parse(requestSchema, text);
    const shownId = JSON.stringify(id);
    if (method === "echo") return `{"id":${shownId},"result":${JSON.stringify(params)}${end}`;
    if (method === "set_db_change_aware" || method === "monitor_cancel")
      return `{"id":${shownId},"result":{}${end}`;
    const result = this.#recording.results[keyOf(method, params)];
    if (result === undefined) return `{"id":${shownId},"result":null,"error":"unknown method"}`;
    const reply = `{"id":${shownId},"result":${result}${end}`;
    if (method !== "monitor_cond_since" || params[0] === "_Server") return reply;
    return reply + this.#recording.updates.replaceAll(recorded, `"params":[${JSON.stringify(params[1])},`);
  }
}
