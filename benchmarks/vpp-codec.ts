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
import { AfPacketCreateV3 } from "../src/vpp/bindings/af_packet.js";
import {
  CreateLoopbackReply,
  SwInterfaceAddDelAddress,
  SwInterfaceDetails,
  SwInterfaceEvent,
  SwInterfaceSetFlags,
} from "../src/vpp/bindings/interface.js";
import { BridgeDomainAddDelV2, BridgeDomainDetails } from "../src/vpp/bindings/l2.js";
import { ControlPing } from "../src/vpp/bindings/memclnt.js";
import { MemifCreateV2, MemifDetails } from "../src/vpp/bindings/memif.js";
import { CliInbandReply } from "../src/vpp/bindings/vlib.js";
import { ApiCodecs, readApiDirectory } from "../src/vpp/schema/index.js";
import { type MessageCodec, Reader, Writer } from "../src/vpp/wire/index.js";

const rounds = 9;
const messagesARound = 200_000;

/** A message, and different values of it: names and numbers repeat as little as they do in a dump. */
interface Sample {
  readonly codec: MessageCodec<unknown, unknown>;
  readonly values: readonly unknown[];
}

const count = 1000;

/** In two steps, so that the values are checked against the type that the codec takes. */
function sample<Out, In>(codec: MessageCodec<Out, In>): (value: (index: number) => In) => Sample {
  return (value) => ({ codec, values: Array.from({ length: count }, (_, index) => value(index)) });
}

function mac(index: number): string {
  return `02:fe:00:00:${hex(index >> 8)}:${hex(index & 255)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

const samples: readonly Sample[] = [
  sample(SwInterfaceDetails)((index) => ({
    sw_if_index: index,
    sup_sw_if_index: index,
    l2_address: mac(index),
    flags: 3,
    type: "IF_API_TYPE_HARDWARE",
    link_duplex: "LINK_DUPLEX_API_UNKNOWN",
    link_speed: 0,
    link_mtu: 9000,
    mtu: [9000, 0, 0, 0],
    sub_id: 0,
    sub_number_of_tags: 0,
    sub_outer_vlan_id: 0,
    sub_inner_vlan_id: 0,
    sub_if_flags: 0,
    vtr_op: 0,
    vtr_push_dot1q: 0,
    vtr_tag1: 0,
    vtr_tag2: 0,
    outer_tag: 0,
    b_dmac: "00:00:00:00:00:00",
    b_smac: "00:00:00:00:00:00",
    b_vlanid: 0,
    i_sid: 0,
    interface_name: `memif${index % 7}/${index}`,
    interface_dev_type: "memif",
    tag: `lab:net${index}`,
  })),
  sample(ControlPing)(() => ({})),
  sample(CreateLoopbackReply)((index) => ({ retval: 0, sw_if_index: index })),
  sample(SwInterfaceSetFlags)((index) => ({ sw_if_index: index, flags: 1 })),
  sample(SwInterfaceEvent)((index) => ({ pid: 1, sw_if_index: index, flags: 3, deleted: false })),
  sample(SwInterfaceAddDelAddress)((index) => ({
    sw_if_index: index,
    is_add: true,
    del_all: false,
    prefix: `10.9.${index >> 8}.${index & 255}/24`,
  })),
  sample(MemifCreateV2)((index) => ({
    role: "MEMIF_ROLE_API_MASTER",
    mode: "MEMIF_MODE_API_ETHERNET",
    rx_queues: 1,
    tx_queues: 1,
    id: index,
    socket_id: index,
    ring_size: 1024,
    buffer_size: 2048,
    no_zero_copy: false,
    use_dma: false,
    hw_addr: mac(index),
    secret: "",
  })),
  sample(MemifDetails)((index) => ({
    sw_if_index: index,
    hw_addr: mac(index),
    id: index,
    role: "MEMIF_ROLE_API_MASTER",
    mode: "MEMIF_MODE_API_ETHERNET",
    zero_copy: true,
    socket_id: index,
    ring_size: 1024,
    buffer_size: 2048,
    flags: 1,
    if_name: `memif${index}/0`,
  })),
  sample(BridgeDomainAddDelV2)((index) => ({
    bd_id: index,
    flood: true,
    uu_flood: true,
    forward: true,
    learn: true,
    arp_term: false,
    arp_ufwd: false,
    mac_age: 0,
    bd_tag: `lab:bridge${index}`,
  })),
  sample(BridgeDomainDetails)((index) => ({
    bd_id: index,
    flood: true,
    uu_flood: true,
    forward: true,
    learn: true,
    arp_term: false,
    arp_ufwd: false,
    mac_age: 0,
    bd_tag: `lab:bridge${index}`,
    bvi_sw_if_index: 0xffff_ffff,
    uu_fwd_sw_if_index: 0xffff_ffff,
    sw_if_details: Array.from({ length: 4 }, (_, port) => ({ context: 0, sw_if_index: port, shg: 0 })),
  })),
  sample(AfPacketCreateV3)((index) => ({
    mode: "AF_PACKET_API_MODE_ETHERNET",
    hw_addr: mac(index),
    use_random_hw_addr: false,
    host_if_name: `veth${index}`,
    rx_frame_size: 2048,
    tx_frame_size: 2048,
    rx_frames_per_block: 1024,
    tx_frames_per_block: 1024,
    flags: 1,
  })),
  sample(CliInbandReply)((index) => ({ retval: 0, reply: `vpp v26.06-release, line ${index}\n`.repeat(4) })),
];

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
