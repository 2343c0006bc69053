import type { Attachment, InterfaceSpec } from "../core/specs.js";
import { memifDevargs } from "./memif.js";

/** The columns of a row of table `Interface` that a spec decides, without name and marks. */
export interface InterfaceColumns {
  readonly type: string;
  readonly options: ReadonlyMap<string, string>;
  readonly mac: string | null;
  readonly mtu_request: number | null;
  readonly ofport_request: number | null;
  readonly ingress_policing_rate?: number;
  readonly ingress_policing_burst?: number;
  readonly ingress_policing_kpkts_rate?: number;
  readonly ingress_policing_kpkts_burst?: number;
}

/** The columns of a row of table `Port` that an attachment decides. */
export interface PortColumns {
  readonly tag: number | null;
  readonly trunks: readonly number[];
  readonly vlan_mode: NonNullable<Attachment["vlanMode"]> | null;
}

type Options = readonly (readonly [string, string | number | undefined])[];

/** `type` and `options` as ovs-vswitchd.conf.db(5), "Interface Table", has them. */
function typeAndOptions(spec: InterfaceSpec): { type: string; options: Options } {
  switch (spec.type) {
    case "vhost-user":
      return spec.mode === "server"
        ? { type: "dpdkvhostuser", options: [] }
        : { type: "dpdkvhostuserclient", options: [["vhost-server-path", spec.socket]] };
    case "memif":
      return {
        type: "dpdk",
        options: [
          ["dpdk-devargs", memifDevargs(spec)],
          ["n_rxq", spec.rxQueues],
        ],
      };
    case "dpdk":
      return {
        type: "dpdk",
        options: [
          ["dpdk-devargs", spec.devargs],
          ["n_rxq", spec.rxQueues],
          ["n_rxq_desc", spec.rxDescriptors],
          ["n_txq_desc", spec.txDescriptors],
        ],
      };
    case "patch":
      return { type: "patch", options: [["peer", spec.peer]] };
    case "vxlan":
    case "geneve":
      return {
        type: spec.type,
        options: [
          ["remote_ip", spec.remote],
          ["local_ip", spec.local],
          ["key", spec.vni],
          ["dst_port", spec.dstPort],
        ],
      };
    case "internal":
    case "tap":
    case "loopback":
    case "af-packet":
      return { type: spec.type, options: [] };
  }
}

function given(options: Options): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [key, value] of options) if (value !== undefined) map.set(key, String(value));
  return map;
}

/** The columns of table `Interface` that police what comes in. */
function policingColumns({ ingressPolicing: policing }: InterfaceSpec): Partial<InterfaceColumns> {
  if (policing === undefined) return {};
  return {
    ...(policing.rate !== undefined && { ingress_policing_rate: policing.rate }),
    ...(policing.burst !== undefined && { ingress_policing_burst: policing.burst }),
    ...(policing.kpktsRate !== undefined && { ingress_policing_kpkts_rate: policing.kpktsRate }),
    ...(policing.kpktsBurst !== undefined && { ingress_policing_kpkts_burst: policing.kpktsBurst }),
  };
}

/** A spec as columns of table `Interface`. */
export function interfaceColumns(spec: InterfaceSpec): InterfaceColumns {
  const { type, options } = typeAndOptions(spec);
  return {
    type,
    options: given(options),
    mac: spec.mac ?? null,
    mtu_request: spec.mtu ?? null,
    ofport_request: spec.ofportRequest ?? null,
    ...policingColumns(spec),
  };
}

/** An attachment as columns of table `Port`; none: an isolated port, with no VLAN settings. */
export function portColumns(attachment: Attachment | undefined): PortColumns {
  return {
    tag: attachment?.tag ?? null,
    trunks: attachment?.trunks ?? [],
    vlan_mode: attachment?.vlanMode ?? null,
  };
}
