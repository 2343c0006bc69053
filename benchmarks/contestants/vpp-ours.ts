/**
 * This library as a client of VPP's binary API, as its users use it: the messages of generated bindings.
 *
 * Arguments: SOCKET
 */
import process from "node:process";
import { connectVpp } from "../../src/vpp/api/connect.js";
import type { VppClient } from "../../src/vpp/api/client.js";
import { SwInterfaceDump } from "../../src/vpp/bindings/interface.js";
import { ControlPing } from "../../src/vpp/bindings/memclnt.js";
import { Reader, Writer } from "../../src/vpp/wire/index.js";
import { serveCommands } from "../support/serve.js";
import { sampleId, type CodecTimes, type Measured } from "../support/vpp-protocol.js";
import { count as different, samples, type Sample } from "../support/vpp-samples.js";

const [, , socket = ""] = process.argv;
let client: VppClient | undefined;

async function open(): Promise<VppClient> {
  return (await connectVpp({ remote: `unix:${socket}`, name: "benchmark" })).unwrap();
}

function opened(): VppClient {
  if (client === undefined) throw new Error("open comes first");
  return client;
}

/** The CPU time of this process, in microseconds. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function connect(count: number): Promise<Measured> {
  const ns: number[] = [];
  const before = cpuUs();
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    const one = await open();
    ns.push(Number(process.hrtime.bigint() - start));
    await one.close();
  }
  return { ns, cpuUs: cpuUs() - before };
}

async function ping(window: number, count: number): Promise<Measured> {
  const vpp = opened();
  let left = count;
  const some = async (): Promise<void> => {
    while (left > 0) {
      left--;
      (await vpp.call(ControlPing, {})).unwrap();
    }
  };
  const before = cpuUs();
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: window }, some));
  return { ns: [Number(process.hrtime.bigint() - start)], cpuUs: cpuUs() - before };
}

async function dump(count: number): Promise<Measured> {
  const vpp = opened();
  const ns: number[] = [];
  let details = 0;
  const before = cpuUs();
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    const all = await vpp.dump(SwInterfaceDump, { name_filter_valid: false, name_filter: "" }).all();
    details = all.unwrap().length;
    ns.push(Number(process.hrtime.bigint() - start));
  }
  return { ns, cpuUs: cpuUs() - before, details };
}

function bytes(): Readonly<Record<string, string>> {
  const writer = new Writer();
  const found = samples.map(({ codec, values }) => {
    writer.reset();
    codec.encode(writer, values[7], sampleId, 0, 0);
    return [codec.name, writer.written().toString("hex")] as const;
  });
  return Object.fromEntries(found);
}

/** Keeps results alive, so that no work is optimised away. */
let kept: unknown;

/** As the connection does it: into one buffer that is sent when it is full, and out of the chunk that was received. */
function codec({ codec, values }: Sample, count: number): CodecTimes {
  const writer = new Writer(1 << 20);
  const ends = values.map((value, i) => {
    codec.encode(writer, value, sampleId, 0x8000_0001, i);
    return writer.offset;
  });
  const reader = new Reader(Buffer.from(writer.written()));
  const before = cpuUs();
  for (let done = 0; done < count; done += different) {
    writer.reset();
    for (let i = 0; i < different; i++) codec.encode(writer, values[i], sampleId, 0x8000_0001, i);
  }
  const between = cpuUs();
  for (let done = 0; done < count; done += different) {
    let start = 0;
    for (const end of ends) {
      kept = codec.decode(reader.select(start, end));
      start = end;
    }
  }
  const end = cpuUs();
  return { encodeNs: ((between - before) * 1000) / count, decodeNs: ((end - between) * 1000) / count };
}

async function answer(command: string): Promise<object> {
  const [verb = "", ...numbers] = command.split(" ");
  const [first = 0, second = 0] = numbers.map(Number);
  switch (verb) {
    case "connect":
      return connect(first);
    case "open":
      client = await open();
      return {};
    case "ping":
      return ping(first, second);
    case "dump":
      return dump(first);
    case "close":
      await client?.close();
      return {};
    case "bytes":
      return bytes();
    case "codec":
      return Object.fromEntries(samples.map((each) => [each.codec.name, codec(each, first)]));
    default:
      throw new Error(`no such command: ${command}`);
  }
}

await serveCommands({ node: process.version }, answer);
if (kept === null) process.exitCode = 1;
