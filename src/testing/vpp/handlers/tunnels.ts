import { isIPv6 } from "node:net";

import type { MessageValue } from "../../../vpp/schema/narrow.js";
import type { Device, SimulatedInterface } from "../interfaces.js";
import type { SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, firstFree, none, numberAt, textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

type Tunnel = Device & { readonly type: "vxlan" };

/** `UDP_DST_PORT_vxlan` and `UDP_DST_PORT_vxlan6`: also where no port is asked for. */
const portOf = (request: MessageValue, field: string, remote: string): number =>
  numberAt(request, field) || (isIPv6(remote) ? 4790 : 4789);

/** VPP finds a tunnel by this, and has one of each only. */
const keyOf = ({ local, remote, vni, ports, table }: Omit<Tunnel, "instance">): string =>
  [remote, isIPv6(remote) ? "" : local, vni, ports.local, table].join(" ");

const refuse = (retval: number): MessageValue => ({ retval, sw_if_index: none });

function addOrDelete(request: MessageValue, vpp: SimulatedVpp): number | MessageValue {
  const local = textAt(request, "src_address");
  const remote = textAt(request, "dst_address");
  const table = numberAt(request, "encap_vrf_id");
  if (!vpp.tables.has(`${isIPv6(local) ? "ip6" : "ip4"} ${table}`)) return refuse(retvals.noSuchFib);
  if (isIPv6(local) !== isIPv6(remote)) return refuse(retvals.invalidValue);
  if (local === remote) return refuse(retvals.sameSrcDst);
  const ports = { local: portOf(request, "src_port", remote), remote: portOf(request, "dst_port", remote) };
  const wanted = { type: "vxlan", local, remote, vni: numberAt(request, "vni"), ports, table } as const;
  const all = vpp.interfaces.ofType("vxlan");
  const present = all.find(({ device }) => keyOf(device) === keyOf(wanted));
  if (!booleanAt(request, "is_add")) {
    if (present === undefined) return refuse(retvals.noSuchEntry);
    vpp.interfaces.delete(present.swIfIndex);
    return { sw_if_index: present.swIfIndex };
  }
  if (present !== undefined) return refuse(retvals.tunnelExist);
  const taken = all.map(({ device }) => device.instance);
  const asked = numberAt(request, "instance");
  if (taken.includes(asked)) return refuse(retvals.instanceInUse);
  return {
    sw_if_index: add(vpp, { ...wanted, instance: asked === none ? firstFree(taken) : asked }).swIfIndex,
  };
}

/** A tunnel is up from the beginning. */
function add(vpp: SimulatedVpp, device: Tunnel): SimulatedInterface {
  const low = [device.instance >> 8, device.instance].map((byte) =>
    (byte & 0xff).toString(16).padStart(2, "0"),
  );
  const made = vpp.interfaces.add(`vxlan_tunnel${device.instance}`, device, `02:fe:00:04:${low.join(":")}`);
  vpp.interfaces.setAdmin(made, true);
  return made;
}

function* dump(request: MessageValue, vpp: SimulatedVpp): Iterable<MessageValue> {
  const wanted = numberAt(request, "sw_if_index");
  for (const { swIfIndex, device } of vpp.interfaces.ofType("vxlan")) {
    if (wanted !== none && wanted !== swIfIndex) continue;
    yield {
      sw_if_index: swIfIndex,
      instance: device.instance,
      src_address: device.local,
      dst_address: device.remote,
      src_port: device.ports.local,
      dst_port: device.ports.remote,
      mcast_sw_if_index: none,
      encap_vrf_id: device.table,
      decap_next_index: 1,
      vni: device.vni,
    };
  }
}

/** `vxlan.api`, without multicast. */
export const tunnels: Handlers = {
  calls: {
    vxlan_add_del_tunnel: addOrDelete,
    vxlan_add_del_tunnel_v2: addOrDelete,
    vxlan_add_del_tunnel_v3: addOrDelete,
  },
  dumps: { vxlan_tunnel_dump: dump, vxlan_tunnel_v2_dump: dump },
};
