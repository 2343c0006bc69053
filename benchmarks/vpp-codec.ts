/**
 * How fast messages of VPP are encoded and decoded: generated code, codecs made at run time from API JSON (where
 * `VPP_API_DIR` or `../shared/vpp-api` has it), and binary-parser, which only decodes. What counts is CPU time, and rounds
 * of all are interleaved, so that other work on the machine does little and hits them alike.
 *
 *     npx tsx benchmarks/vpp-codec.ts
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Parser } from "binary-parser";
import { ApiCodecs, readApiDirectory } from "../src/vpp/schema/index.js";
import { type MessageCodec, Reader, Writer } from "../src/vpp/wire/index.js";
import { count, type Sample, samples } from "./support/vpp-samples.js";

const rounds = 9;
const messagesARound = 200_000;

/** What is measured: a name, and how it handles a number of messages. */
interface Contender {
  readonly name: string;
  readonly run: () => void;
  readonly nanoseconds: number[];
}

/** Messages one behind the other, as they come in a chunk. */
interface Chunk {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

function chunkOf({ codec, values }: Sample): Chunk {
  const writer = new Writer();
  const ends = values.map((value, index) => {
    codec.encode(writer, value, 500, 0x8000_0001, index);
    return writer.offset;
  });
  return { bytes: Buffer.from(writer.written()), ends };
}

/** Keeps results alive, so that no work is optimised away. */
let kept: unknown;

function encoder(name: string, codec: MessageCodec<unknown, unknown>, { values }: Sample): Contender {
  const writer = new Writer(1 << 20);
  const run = (): void => {
    for (let done = 0; done < messagesARound; done += count) {
      writer.reset();
      for (let i = 0; i < count; i++) codec.encode(writer, values[i], 500, 0x8000_0001, i);
    }
    kept = writer.bytes;
  };
  return { name, run, nanoseconds: [] };
}

function decoder(name: string, codec: MessageCodec<unknown, unknown>, { bytes, ends }: Chunk): Contender {
  const reader = new Reader(bytes);
  const run = (): void => {
    for (let done = 0; done < messagesARound; done += count) {
      let start = 0;
      for (const end of ends) {
        kept = codec.decode(reader.select(start, end));
        start = end;
      }
    }
  };
  return { name, run, nanoseconds: [] };
}

function words(parser: Parser, names: readonly string[]): Parser {
  return names.reduce((next, name) => next.uint32(name), parser);
}

/** `sw_interface_details` with binary-parser: strings cut, addresses as bytes. */
function parserOfDetails(): Parser {
  const text = { length: 64, encoding: "latin1", stripNull: true };
  const head = words(new Parser().endianness("big").uint16("id"), [
    "context",
    "sw_if_index",
    "sup_sw_if_index",
  ]);
  const link = words(head.buffer("l2_address", { length: 6 }), ["flags", "type", "link_duplex", "link_speed"])
    .uint16("link_mtu")
    .array("mtu", { type: "uint32be", length: 4 })
    .uint32("sub_id")
    .uint8("sub_number_of_tags")
    .uint16("sub_outer_vlan_id")
    .uint16("sub_inner_vlan_id");
  return words(link, ["sub_if_flags", "vtr_op", "vtr_push_dot1q", "vtr_tag1", "vtr_tag2"])
    .uint16("outer_tag")
    .buffer("b_dmac", { length: 6 })
    .buffer("b_smac", { length: 6 })
    .uint16("b_vlanid")
    .uint32("i_sid")
    .string("interface_name", text)
    .string("interface_dev_type", text)
    .string("tag", text);
}

function binaryParser({ bytes, ends }: Chunk): Contender {
  const parser = parserOfDetails();
  const run = (): void => {
    for (let done = 0; done < messagesARound; done += count) {
      let start = 0;
      for (const end of ends) {
        kept = parser.parse(bytes.subarray(start, end));
        start = end;
      }
    }
  };
  return { name: "binary-parser", run, nanoseconds: [] };
}

function measure(contenders: readonly Contender[]): void {
  for (const { run } of contenders) run();
  for (let round = 0; round < rounds; round++) {
    for (const { run, nanoseconds } of contenders) {
      const before = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(before);
      nanoseconds.push(((user + system) * 1000) / messagesARound);
    }
  }
}

function report(message: string, what: string, contenders: readonly Contender[]): void {
  for (const { name, nanoseconds } of contenders) {
    const sorted = nanoseconds.toSorted((a, b) => a - b);
    const [best = 0, median = 0, worst = 0] = [sorted[0], sorted[rounds >> 1], sorted.at(-1)];
    const rate = (1000 / median).toFixed(2).padStart(6);
    const spread = `${best.toFixed(0)} to ${worst.toFixed(0)} ns`;
    process.stdout.write(
      `${message.padEnd(30)} ${what} ${name.padEnd(13)} ${median.toFixed(0).padStart(5)} ns  ${rate} M/s  (${spread})\n`,
    );
  }
}

const apiDirectory = join(
  process.env["VPP_API_DIR"] ?? join(import.meta.dirname, "../../shared/vpp-api"),
  "26.06",
);
const runtime = existsSync(apiDirectory) ? new ApiCodecs(readApiDirectory(apiDirectory).unwrap()) : undefined;

for (const each of samples) {
  const { codec } = each;
  const chunk = chunkOf(each);
  const made = runtime?.message(codec.name).unwrapOr(codec);
  const encoders = [encoder("generated", codec, each)];
  const decoders = [decoder("generated", codec, chunk)];
  if (made !== undefined) {
    encoders.push(encoder("at run time", made, each));
    decoders.push(decoder("at run time", made, chunk));
  }
  if (codec.name === "sw_interface_details") decoders.push(binaryParser(chunk));
  measure([...encoders, ...decoders]);
  report(codec.name, "encode", encoders);
  report(codec.name, "decode", decoders);
}
process.stdout.write(kept === undefined ? "nothing was measured\n" : "");
