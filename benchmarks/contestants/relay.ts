/**
 * Stands between a client and a unix socket, and notes when something comes from which side: what the switch takes of an
 * operation's time is from when a client asks until the last of the answer has come.
 *
 * Arguments: PATH TARGET
 *
 *     take -> { "turns": [[askedNs, answeredNs], ...] }    what was noted since the last time
 */
import { connect, createServer } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";

const [, , path = "", target = ""] = process.argv;

let turns: [asked: number, answered: number][] = [];
let isAnswering = true;

function asked(): void {
  if (isAnswering) turns.push([Number(process.hrtime.bigint()), Number.NaN]);
  isAnswering = false;
}

function answered(): void {
  const turn = turns.at(-1);
  if (turn !== undefined) turn[1] = Number(process.hrtime.bigint());
  isAnswering = true;
}

const server = createServer((client) => {
  const upstream = connect(target);
  client.on("data", (piece) => {
    asked();
    upstream.write(piece);
  });
  upstream.on("data", (piece) => {
    answered();
    client.write(piece);
  });
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => client.destroy());
  // What breaks shows at the client.
  client.on("error", () => undefined);
  upstream.on("error", () => undefined);
});

const reply = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

server.listen(path, () => reply({ versions: {} }));
for await (const _command of createInterface({ input: process.stdin })) {
  reply({ turns: turns.filter(([, end]) => !Number.isNaN(end)) });
  turns = [];
  isAnswering = true;
}
process.exit();
