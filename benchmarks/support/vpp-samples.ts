/** Twelve typical messages, small and large, requests, replies and an event. */
import { AfPacketCreateV3 } from "../../src/vpp/bindings/af_packet.js";
import {
  CreateLoopbackReply,
  SwInterfaceAddDelAddress,
  SwInterfaceDetails,
  SwInterfaceEvent,
  SwInterfaceSetFlags,
} from "../../src/vpp/bindings/interface.js";
import { BridgeDomainAddDelV2, BridgeDomainDetails } from "../../src/vpp/bindings/l2.js";
import { ControlPing } from "../../src/vpp/bindings/memclnt.js";
import { MemifCreateV2, MemifDetails } from "../../src/vpp/bindings/memif.js";
import { CliInbandReply } from "../../src/vpp/bindings/vlib.js";
import type { MessageCodec } from "../../src/vpp/wire/index.js";

/** A message, and different values of it: names and numbers repeat as little as they do in a dump. */
export interface Sample {
  readonly codec: MessageCodec<unknown, unknown>;
  readonly values: readonly unknown[];
}

/** How many different values each message has. */
export const count = 1000;

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

export const samples: readonly Sample[] = [
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
