/**
 * The limit: a socket. It drains the reply and looks at no byte of it; or drains it and has `JSON.parse` read the whole;
 * or sends ready-made transactions and counts the replies.
 *
 * Arguments: REMOTE drain | REMOTE parse | REMOTE transact COUNT WINDOW
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { JsonTexts } from "../support/json-texts.js";
import { measureReplica, warmUp } from "../support/replica-result.js";

const [, , remote = "", task = "", count = "0", window = "1"] = process.argv;
const request = `{"id":1,"method":"monitor_cond_since","params":["Bench",1,{"Item":[{"columns":["name","n","tags","opts","note"]}]},"00000000-0000-0000-0000-000000000000"]}`;
const update = (id: number): string =>
  `{"id":${id},"method":"transact","params":["Bench",{"op":"update","table":"Item","where":[["_uuid","==",["uuid","00000000-0000-4000-8000-000000000000"]]],"row":{"n":1}}]}`;

async function open() {
  const socket = connect(remote.replace(/^unix:/u, ""));
  await once(socket, "connect");
  return socket;
}

/** The reply ends with this, and nothing in it does. */
const end = Buffer.from('],"error":null}');

async function drain() {
  const socket = await open();
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (task === "parse") chunks.push(chunk);
      if (chunk.subarray(-end.length).equals(end)) resolve();
    });
    socket.write(request);
  });
  socket.destroy();
  if (task === "parse") JSON.parse(Buffer.concat(chunks).toString());
  return { rows: 0, sum: 0 };
}

/** Sends ready-made transactions, so many of them under way. */
function transact(socket: Socket, total: number): Promise<{ rows: number; sum: number }> {
  const texts = new JsonTexts();
  let sent = 0;
  let answered = 0;
  return new Promise((resolve) => {
    socket.removeAllListeners("data").on("data", (chunk: string) => {
      for (const text of texts.push(chunk)) {
        JSON.parse(text);
        answered++;
        if (sent < total) socket.write(update(sent++));
        if (answered === total) resolve({ rows: total, sum: 0 });
      }
    });
    while (sent < Math.min(total, Number(window))) socket.write(update(sent++));
  });
}

if (task === "transact") {
  const socket = await open();
  socket.setEncoding("utf8");
  await transact(socket, warmUp);
  await measureReplica(() => transact(socket, Number(count)));
  socket.destroy();
} else await measureReplica(drain);
