import { existsSync } from "node:fs";

import type { MessageValue } from "../../../vpp/schema/narrow.js";
import type { Device } from "../interfaces.js";
import type { SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, firstFree, none, numberAt, textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

/** A locally administered address that tells interfaces apart. */
function macOf(kind: number, index: number): string {
  const low = [index >> 8, index].map((byte) => (byte & 0xff).toString(16).padStart(2, "0"));
  return `02:fe:00:${kind.toString(16).padStart(2, "0")}:${low.join(":")}`;
}

function createVhostUser(request: MessageValue, vpp: SimulatedVpp): number | MessageValue {
  const socket = textAt(request, "sock_filename");
  if (socket === "") return { retval: retvals.invalidArgument, sw_if_index: none };
  const all = vpp.interfaces.ofType("vhost-user");
  const present = all.find(({ device }) => device.socket === socket);
  if (present !== undefined) return { retval: retvals.ifAlreadyExists, sw_if_index: present.swIfIndex };
  const isServer = booleanAt(request, "is_server");
  if (isServer && !vpp.sockets.open(socket)) return { retval: retvals.syscallError2, sw_if_index: none };
  const instance = booleanAt(request, "renumber")
    ? numberAt(request, "custom_dev_instance")
    : firstFree(all.map(({ device }) => device.instance));
  const made = vpp.interfaces.add(
    `VirtualEthernet0/0/${instance}`,
    { type: "vhost-user", instance, socket, isServer },
    booleanAt(request, "use_custom_mac") ? textAt(request, "mac_address") : macOf(1, instance),
    { tag: textAt(request, "tag") },
  );
  return { sw_if_index: made.swIfIndex };
}

function modifyVhostUser(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.find(numberAt(request, "sw_if_index"), "vhost-user");
  const socket = textAt(request, "sock_filename");
  if (target === undefined) return retvals.invalidSwIfIndex;
  if (socket === "") return retvals.invalidArgument;
  const other = vpp.interfaces.ofType("vhost-user").find(({ device }) => device.socket === socket);
  if (other !== undefined && other !== target) return retvals.ifAlreadyExists;
  const isServer = booleanAt(request, "is_server");
  if (isServer && !vpp.sockets.open(socket)) return retvals.syscallError2;
  if (target.device.isServer && target.device.socket !== socket) vpp.sockets.close(target.device.socket);
  target.device.socket = socket;
  target.device.isServer = isServer;
  return 0;
}

function deleteVhostUser(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.find(numberAt(request, "sw_if_index"), "vhost-user");
  if (target === undefined) return retvals.invalidSwIfIndex;
  if (target.device.isServer) vpp.sockets.close(target.device.socket);
  vpp.interfaces.delete(target.swIfIndex);
  return 0;
}

function createTap(request: MessageValue, vpp: SimulatedVpp): number | MessageValue {
  const taken = vpp.interfaces.ofType("tap").map(({ device }) => device.id);
  const wanted = numberAt(request, "id");
  if (wanted !== none && taken.includes(wanted)) return { retval: retvals.syscallError1, sw_if_index: none };
  const id = wanted === none ? firstFree(taken) : wanted;
  const useRandomMac = booleanAt(request, "use_random_mac");
  const made = vpp.interfaces.add(
    `tap${id}`,
    {
      type: "tap",
      id,
      hostName: textAt(request, "host_if_name") || `tap${id}`,
      hostNamespace: textAt(request, "host_namespace"),
      hostBridge: textAt(request, "host_bridge"),
      hostMac: textAt(request, "host_mac_addr"),
      flags: numberAt(request, "tap_flags"),
      ringSizes: { rx: numberAt(request, "rx_ring_sz"), tx: numberAt(request, "tx_ring_sz") },
    },
    useRandomMac ? macOf(2, id) : textAt(request, "mac_address"),
    { tag: textAt(request, "tag") },
  );
  return { sw_if_index: made.swIfIndex };
}

function deleteTap(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.find(numberAt(request, "sw_if_index"), "tap");
  if (target === undefined) return retvals.invalidSwIfIndex;
  vpp.interfaces.delete(target.swIfIndex);
  return 0;
}

function createAfPacket(request: MessageValue, vpp: SimulatedVpp): number | MessageValue {
  const hostName = textAt(request, "host_if_name");
  const { hostInterfaces } = vpp.options;
  if (hostInterfaces !== undefined && !hostInterfaces.includes(hostName)) {
    return { retval: retvals.invalidInterface, sw_if_index: none };
  }
  const present = vpp.interfaces.ofType("af-packet").find(({ device }) => device.hostName === hostName);
  if (present !== undefined) return { retval: retvals.ifAlreadyExists, sw_if_index: present.swIfIndex };
  const made = vpp.interfaces.add(
    `host-${hostName}`,
    { type: "af-packet", hostName },
    booleanAt(request, "use_random_hw_addr") ? macOf(3, hostName.length) : textAt(request, "hw_addr"),
  );
  return { sw_if_index: made.swIfIndex };
}

function deleteAfPacket(request: MessageValue, vpp: SimulatedVpp): number {
  const hostName = textAt(request, "host_if_name");
  const target = vpp.interfaces.ofType("af-packet").find(({ device }) => device.hostName === hostName);
  if (target === undefined) return retvals.syscallError1;
  vpp.interfaces.delete(target.swIfIndex);
  return 0;
}

/** What a sub-interface is made of. */
type Sub = Omit<Device & { readonly type: "sub" }, "type">;

/** Which frames a sub-interface has: no two of an interface have the same. */
function slotOf({ outerVlan, innerVlan, flags }: Sub): string {
  const { noTags, oneTag, isDefault } = subFlags;
  if ((flags & isDefault) !== 0) return "default";
  if ((flags & noTags) !== 0 || flags === 0) return "untagged";
  return (flags & oneTag) === 0 ? `${outerVlan} ${innerVlan}` : String(outerVlan);
}

const refuse = (retval: number): MessageValue => ({ retval, sw_if_index: none });

function createSub(request: MessageValue, vpp: SimulatedVpp, sub: Sub): number | MessageValue {
  const below = vpp.interfaces.get(numberAt(request, "sw_if_index"));
  if (below === undefined) return refuse(retvals.invalidSwIfIndex);
  const sup = below.supSwIfIndex;
  const others = vpp.interfaces.ofType("sub").filter((other) => other.supSwIfIndex === sup);
  if (others.some(({ device }) => device.id === sub.id)) return refuse(retvals.vlanAlreadyExists);
  const slot = slotOf(sub);
  // Frames without a tag are those of the interface itself.
  if (slot === "untagged" || others.some(({ device }) => slotOf(device) === slot))
    return refuse(retvals.unspecified);
  const name = `${vpp.interfaces.get(sup)?.name ?? ""}.${sub.id}`;
  const made = vpp.interfaces.add(name, { type: "sub", ...sub }, "00:00:00:00:00:00", {
    sup,
    mtu: [0, 0, 0, 0],
  });
  return { sw_if_index: made.swIfIndex };
}

/** `SUB_IF_API_FLAG_...`. */
const subFlags = { noTags: 1, oneTag: 2, exactMatch: 16, isDefault: 32 };

/** One tag and nothing else. */
const vlanFlags = subFlags.oneTag + subFlags.exactMatch;

function deleteSub(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.get(numberAt(request, "sw_if_index"));
  if (target === undefined) return retvals.invalidSwIfIndex;
  if (target.device.type !== "sub") return retvals.invalidSubSwIfIndex;
  vpp.interfaces.delete(target.swIfIndex);
  return 0;
}

/** `vhost_user.api`, `tapv2.api`, `af_packet.api`, and the sub-interfaces of `interface.api`. */
export const devices: Handlers = {
  calls: {
    create_vhost_user_if: createVhostUser,
    create_vhost_user_if_v2: createVhostUser,
    modify_vhost_user_if: modifyVhostUser,
    modify_vhost_user_if_v2: modifyVhostUser,
    delete_vhost_user_if: deleteVhostUser,
    tap_create_v2: createTap,
    tap_create_v3: createTap,
    tap_delete_v2: deleteTap,
    af_packet_create: createAfPacket,
    af_packet_create_v2: createAfPacket,
    af_packet_create_v3: createAfPacket,
    af_packet_delete: deleteAfPacket,
    create_vlan_subif: (request, vpp) => {
      const vlan = numberAt(request, "vlan_id");
      if (vlan === 0 || vlan > 4095) return { retval: retvals.invalidVlan, sw_if_index: none };
      const sub = { id: vlan, outerVlan: vlan, innerVlan: 0, flags: vlanFlags };
      return createSub(request, vpp, sub);
    },
    create_subif: (request, vpp) => {
      const sub = {
        id: numberAt(request, "sub_id"),
        outerVlan: numberAt(request, "outer_vlan_id"),
        innerVlan: numberAt(request, "inner_vlan_id"),
        flags: numberAt(request, "sub_if_flags"),
      };
      return createSub(request, vpp, sub);
    },
    delete_subif: deleteSub,
  },
  dumps: {
    *sw_interface_vhost_user_dump(request, vpp) {
      const wanted = numberAt(request, "sw_if_index");
      for (const { swIfIndex, name, device } of vpp.interfaces.ofType("vhost-user")) {
        if (wanted !== none && wanted !== swIfIndex) continue;
        yield {
          sw_if_index: swIfIndex,
          interface_name: name,
          is_server: device.isServer,
          sock_filename: device.socket,
          // What the last attempt to reach the other side said: ENOENT.
          sock_errno: device.isServer || existsSync(device.socket) ? 0 : 2,
        };
      }
    },
    *sw_interface_tap_v2_dump(request, vpp) {
      const wanted = numberAt(request, "sw_if_index");
      for (const { swIfIndex, name, device } of vpp.interfaces.ofType("tap")) {
        if (wanted !== none && wanted !== swIfIndex) continue;
        yield {
          sw_if_index: swIfIndex,
          id: device.id,
          tx_ring_sz: device.ringSizes.tx,
          rx_ring_sz: device.ringSizes.rx,
          tap_flags: device.flags,
          dev_name: name,
          host_if_name: device.hostName,
          host_namespace: device.hostNamespace,
          host_bridge: device.hostBridge,
          ...(device.hostMac !== "" && { host_mac_addr: device.hostMac }),
        };
      }
    },
    *af_packet_dump(_request, vpp) {
      for (const { swIfIndex, device } of vpp.interfaces.ofType("af-packet")) {
        yield { sw_if_index: swIfIndex, host_if_name: device.hostName };
      }
    },
  },
};
