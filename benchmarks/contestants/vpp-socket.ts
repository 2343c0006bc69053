/**
 * The floor of what Node can do: a plain `node:net` socket that sends ready-made requests to VPP and counts the answers.
 * Nothing is encoded, decoded or checked, nobody has a deadline, and no call has a promise.
 *
 * Arguments: SOCKET
 */
import { connect as connectSocket, type Socket } from "node:net";
import process from "node:process";
import { serveCommands } from "../support/serve.js";
import type { Measured } from "../support/vpp-protocol.js";

const [, , path = ""] = process.argv;
const headerBytes = 16;

/** Of the message table: an id and a name. */
const entryBytes = 66;

/** A connection, and what its messages begin with. */
interface Connection {
  readonly socket: Socket;
  readonly ping: Buffer;
  readonly dump: Buffer;
  readonly detailsId: number;
}

/** Takes the ids of the messages that came in full. */
type Sink = (id: number) => void;

function frame(size: number, id: number): Buffer {
  const bytes = Buffer.alloc(headerBytes + size);
  bytes.writeUInt32BE(size, 8);
  bytes.writeUInt16BE(id, headerBytes);
  return bytes;
}

/** Walks over the frames of a stream. */
function reader(sink: Sink): (chunk: Buffer) => void {
  let left: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    while (at + headerBytes + 2 <= bytes.length) {
      const end = at + headerBytes + bytes.readUInt32BE(at + 8);
      if (end > bytes.length) break;
      sink(bytes.readUInt16BE(at + headerBytes));
      at = end;
    }
    left = bytes.subarray(at);
  };
}

/** Connects and reads the table, of which nothing is made here. */
function open(): Promise<{ readonly socket: Socket; readonly welcome: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path });
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      const first = chunks[0] ?? chunk;
      if (first.length < headerBytes || size < headerBytes + first.readUInt32BE(8)) return;
      socket.off("data", onData);
      resolve({ socket, welcome: Buffer.concat(chunks) });
    };
    socket.on("error", reject);
    socket.on("data", onData);
    const hello = frame(70, 15);
    hello.write("floor", headerBytes + 6);
    socket.write(hello);
  });
}

/** Ready-made requests under the ids that the server has for them. */
async function prepare(): Promise<Connection> {
  const { socket, welcome } = await open();
  const clientIndex = welcome.readUInt32BE(headerBytes + 14);
  const idOf = (name: string): number => {
    for (let at = headerBytes + 20; at < welcome.length; at += entryBytes) {
      const entry = welcome.toString("latin1", at + 2, at + entryBytes);
      if (entry.startsWith(name) && /^_[\da-f]{8}\0/u.test(entry.slice(name.length)))
        return welcome.readUInt16BE(at);
    }
    throw new Error(`the server has no ${name}`);
  };
  const ping = frame(10, idOf("control_ping"));
  const dump = Buffer.concat([frame(64, idOf("sw_interface_dump")), ping]);
  for (const request of [ping, dump, dump.subarray(headerBytes + 64)])
    request.writeUInt32BE(clientIndex, headerBytes + 2);
  dump.writeUInt32BE(0xffff_ffff, headerBytes + 10);
  return { socket, ping, dump, detailsId: idOf("sw_interface_details") };
}

/** Says goodbye, so that the server forgets us, and waits for its hanging up. */
function leave(socket: Socket, clientIndex: number): Promise<void> {
  const goodbye = frame(14, 17);
  goodbye.writeUInt32BE(clientIndex, headerBytes + 2);
  goodbye.writeUInt32BE(clientIndex, headerBytes + 10);
  return new Promise((resolve) => {
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.write(goodbye);
  });
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function connect(count: number): Promise<Measured> {
  const ns: number[] = [];
  const before = cpuUs();
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    const { socket, welcome } = await open();
    ns.push(Number(process.hrtime.bigint() - start));
    await leave(socket, welcome.readUInt32BE(headerBytes + 14));
  }
  return { ns, cpuUs: cpuUs() - before };
}

/** As many requests as answers, in one piece. */
async function ping({ socket, ping: request }: Connection, window: number, count: number): Promise<Measured> {
  const requests = Buffer.concat(Array.from({ length: window }, () => request));
  const before = cpuUs();
  const start = process.hrtime.bigint();
  await new Promise<void>((resolve) => {
    let sent = window;
    let received = 0;
    let fresh = 0;
    const read = reader(() => {
      received++;
      fresh++;
    });
    const onData = (chunk: Buffer): void => {
      fresh = 0;
      read(chunk);
      const more = Math.min(fresh, count - sent);
      sent += more;
      if (more > 0) socket.write(requests.subarray(0, more * request.length));
      if (received < count) return;
      socket.off("data", onData);
      resolve();
    };
    socket.on("data", onData);
    socket.write(requests);
  });
  return { ns: [Number(process.hrtime.bigint() - start)], cpuUs: cpuUs() - before };
}

async function dump({ socket, dump: request, detailsId }: Connection, count: number): Promise<Measured> {
  const ns: number[] = [];
  let details = 0;
  const before = cpuUs();
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    details = 0;
    await new Promise<void>((resolve) => {
      const read = reader((id) => {
        if (id === detailsId) details++;
        else {
          socket.off("data", read);
          resolve();
        }
      });
      socket.on("data", read);
      socket.write(request);
    });
    ns.push(Number(process.hrtime.bigint() - start));
  }
  return { ns, cpuUs: cpuUs() - before, details };
}

let connection: Connection | undefined;

function opened(): Connection {
  if (connection === undefined) throw new Error("open comes first");
  return connection;
}

async function answer(command: string): Promise<object> {
  const [verb = "", ...numbers] = command.split(" ");
  const [first = 0, second = 0] = numbers.map(Number);
  switch (verb) {
    case "connect":
      return connect(first);
    case "open":
      connection = await prepare();
      return {};
    case "ping":
      return ping(opened(), first, second);
    case "dump":
      return dump(opened(), first);
    case "close":
      await leave(opened().socket, opened().ping.readUInt32BE(headerBytes + 2));
      return {};
    // It has no codecs.
    case "bytes":
    case "codec":
      return {};
    default:
      throw new Error(`no such command: ${command}`);
  }
}

await serveCommands({ node: process.version }, answer);
