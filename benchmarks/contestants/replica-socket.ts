/**
 * The limit: a socket. It drains the reply and looks at no byte of it; or drains it and has `JSON.parse` read the whole;
 * or sends ready-made transactions and counts the replies; or does nothing at all.
 *
 * Arguments: REMOTE TASK, see benchmarks/ovsdb.ts for the tasks.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import * as v from "valibot";
import { JsonTexts } from "../support/json-texts.js";
import { lastChange, measureReplica, type Done } from "../support/replica-result.js";

const [, , remote = "", task = "", first = "", second = "", third = ""] = process.argv;
const nothing: Done = { rows: 0, sum: 0 };

async function open() {
  const socket = connect(remote.replace(/^unix:/u, ""));
  await once(socket, "connect");
  return socket;
}

/** Asks for every column of the tables of a schema. */
function monitor(schemaFile: string): string {
  const text = v.pipe(v.string(), v.parseJson());
  const tables = v.record(v.string(), v.object({ columns: v.record(v.string(), v.unknown()) }));
  const schema = v.parse(
    v.pipe(text, v.object({ name: v.string(), tables })),
    readFileSync(schemaFile, "utf8"),
  );
  const asked = Object.entries(schema.tables).map(
    ([name, { columns }]) => [name, [{ columns: Object.keys(columns) }]] as const,
  );
  const params = [schema.name, 1, Object.fromEntries(asked), "00000000-0000-0000-0000-000000000000"];
  return JSON.stringify({ id: 1, method: "monitor_cond_since", params });
}

/** A reply ends with this, and nothing in it does. */
const endOfReply = Buffer.from('],"error":null}');

const beginOfUpdate = /(?=\{"id":null,"method":"update3")/u;

async function drain(request: string, end: Buffer) {
  const socket = await open();
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (task !== "drain") chunks.push(chunk);
      if (chunk.subarray(-end.length).equals(end)) resolve();
    });
    socket.write(request);
  });
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  if (task === "parse") JSON.parse(text);
  else if (task === "replay") for (const each of text.split(beginOfUpdate)) JSON.parse(each);
  return () => nothing;
}

const update = (id: number): string =>
  `{"id":${id},"method":"transact","params":["Bench",{"op":"update","table":"Item","where":[["_uuid","==",["uuid","00000000-0000-4000-8000-000000000000"]]],"row":{"n":1}}]}`;

/** Sends ready-made transactions, so many of them under way. */
function transact(socket: Socket, total: number, window: number): Promise<() => Done> {
  const texts = new JsonTexts();
  let sent = 0;
  let answered = 0;
  return new Promise((resolve) => {
    socket.removeAllListeners("data").on("data", (chunk: string) => {
      for (const text of texts.push(chunk)) {
        JSON.parse(text);
        answered++;
        if (sent < total) socket.write(update(sent++));
        if (answered === total) resolve(() => ({ rows: total, sum: 0 }));
      }
    });
    while (sent < Math.min(total, window)) socket.write(update(sent++));
  });
}

/** Sends one ready-made request and gives its reply; whatever else comes is read as JSON, and forgotten. */
function asker(socket: Socket): (id: number, text: string) => Promise<void> {
  const texts = new JsonTexts();
  let answered: ((id: unknown) => void) | undefined;
  socket.removeAllListeners("data").on("data", (chunk: string) => {
    for (const text of texts.push(chunk)) answered?.(v.parse(message, JSON.parse(text)).id);
  });
  return (id, text) =>
    new Promise((resolve) => {
      answered = (found) => {
        if (found === id) resolve();
      };
      socket.write(text);
    });
}

const message = v.object({ id: v.unknown() });

const begin = (id: number): string => `{"id":${id},"method":"transact","params":["Open_vSwitch",`;

/** The requests that add a port to the bridge with many and take it away again, as this library sends them. */
function churnTexts(n: number): readonly [string, string] {
  const [port, iface] = [randomUUID(), randomUUID()];
  const bridge = '"op":"mutate","table":"Bridge","where":[["name","==","br0"]]';
  const add =
    `${begin(2 * n)}{"op":"insert","table":"Interface","row":{"name":"churn${n}","type":"internal"},"uuid":"${iface}"},` +
    `{"op":"insert","table":"Port","row":{"name":"churn${n}","interfaces":["set",[["uuid","${iface}"]]]},"uuid":"${port}"},` +
    `{${bridge},"mutations":[["ports","insert",["set",[["uuid","${port}"]]]]]}]}`;
  const remove = `${begin(2 * n + 1)}{${bridge},"mutations":[["ports","delete",["set",[["uuid","${port}"]]]]]}]}`;
  return [add, remove];
}

/** The same ports as the other contestants', with a monitor of everything where there is a schema. */
async function churn(total: number, schemaFile: string): Promise<void> {
  const socket = await open();
  socket.setEncoding("utf8");
  if (schemaFile !== "") {
    let last = "";
    socket.write(monitor(schemaFile));
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      last = `${last.slice(-endOfReply.length)}${String(chunk)}`;
      if (last.endsWith(String(endOfReply))) break;
    }
  }
  const ask = asker(socket);
  let made = 1;
  const repeat = async (count: number): Promise<() => Done> => {
    for (let n = 0; n < count; n++, made++) {
      const [add, remove] = churnTexts(made);
      await ask(2 * made, add);
      await ask(2 * made + 1, remove);
    }
    return () => ({ rows: count, sum: 0 });
  };
  await repeat(100);
  await measureReplica(() => repeat(total));
  socket.destroy();
}

if (task === "churn") await churn(Number(first), second);
else if (task === "transact") {
  const socket = await open();
  socket.setEncoding("utf8");
  if (Number(third) > 0) await transact(socket, Number(third), Number(second));
  await measureReplica(() => transact(socket, Number(first), Number(second)));
  socket.destroy();
} else if (task === "idle") {
  await measureReplica(() => Promise.resolve(() => nothing));
} else {
  const end = task === "replay" ? Buffer.from(lastChange) : endOfReply;
  await measureReplica(() => drain(monitor(first), end));
}
