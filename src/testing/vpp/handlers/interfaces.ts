import type { MessageValue } from "../../../vpp/schema/narrow.js";
import { deviceClass, flagsOf, tagsOf, type SimulatedInterface } from "../interfaces.js";
import type { SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, firstFree, none, numberAt, textAt } from "../values.js";
import { retvals, type CallHandler, type Handlers } from "./handler.js";

/** Does something to the interface that the request names. */
function onInterface(
  act: (target: SimulatedInterface, request: MessageValue, vpp: SimulatedVpp) => number | MessageValue,
): CallHandler {
  return (request, vpp) => {
    const target = vpp.interfaces.get(numberAt(request, "sw_if_index"));
    return target === undefined ? retvals.invalidSwIfIndex : act(target, request, vpp);
  };
}

const noMac = "00:00:00:00:00:00";

function createLoopback(vpp: SimulatedVpp, mac: string, wanted: number | undefined): number | MessageValue {
  const taken = vpp.interfaces.ofType("loopback").map(({ device }) => device.instance);
  if (wanted !== undefined && taken.includes(wanted))
    return { retval: retvals.invalidRegistration, sw_if_index: none };
  const instance = wanted ?? firstFree(taken);
  const own = `de:ad:00:00:00:${(instance & 0xff).toString(16).padStart(2, "0")}`;
  const made = vpp.interfaces.add(
    `loop${instance}`,
    { type: "loopback", instance },
    mac === noMac ? own : mac,
  );
  return { sw_if_index: made.swIfIndex };
}

function detailsOf(of: SimulatedInterface, vpp: SimulatedVpp): MessageValue {
  const { device, rewrite } = of;
  const sub =
    device.type === "sub"
      ? {
          sub_id: device.id,
          sub_number_of_tags: tagsOf(device),
          sub_outer_vlan_id: device.outerVlan,
          sub_inner_vlan_id: device.innerVlan,
          sub_if_flags: device.flags,
        }
      : { l2_address: of.mac };
  return {
    sw_if_index: of.swIfIndex,
    sup_sw_if_index: of.supSwIfIndex,
    flags: flagsOf(of),
    type: device.type === "sub" ? "IF_API_TYPE_SUB" : "IF_API_TYPE_HARDWARE",
    link_mtu: of.linkMtu,
    mtu: of.mtu,
    vtr_op: rewrite[0],
    vtr_push_dot1q: rewrite[1],
    vtr_tag1: rewrite[2],
    vtr_tag2: rewrite[3],
    interface_name: of.name,
    interface_dev_type: deviceClass(vpp.interfaces, of),
    tag: of.tag,
    ...sub,
  };
}

/** The device that a loopback's deletion deletes: of a sub-interface, what is below it. */
function deleteLoopback(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.get(numberAt(request, "sw_if_index"));
  const device = target === undefined ? undefined : vpp.interfaces.find(target.supSwIfIndex, "loopback");
  if (device === undefined) return retvals.invalidSwIfIndex;
  vpp.interfaces.delete(device.swIfIndex);
  return 0;
}

/** `interface.api`, without addresses and sub-interfaces. */
export const interfaces: Handlers = {
  calls: {
    create_loopback: (request, vpp) => createLoopback(vpp, textAt(request, "mac_address"), undefined),
    create_loopback_instance: (request, vpp) =>
      createLoopback(
        vpp,
        textAt(request, "mac_address"),
        booleanAt(request, "is_specified") ? numberAt(request, "user_instance") : undefined,
      ),
    delete_loopback: deleteLoopback,
    sw_interface_set_flags: onInterface((target, request, vpp) => {
      const isUp = (numberAt(request, "flags") & 1) !== 0;
      const isBelowUp = vpp.interfaces.get(target.supSwIfIndex)?.isAdminUp ?? false;
      // A sub-interface is up only on an interface that is up.
      if (target.device.type === "sub" && isUp && !isBelowUp) return retvals.unspecified;
      vpp.interfaces.setAdmin(target, isUp);
      return 0;
    }),
    sw_interface_set_mtu: onInterface((target, request) => {
      const { mtu } = request;
      if (Array.isArray(mtu)) target.mtu = mtu.map(Number);
      return 0;
    }),
    hw_interface_set_mtu: onInterface((target, request) => {
      if (target.device.type === "sub") return retvals.invalidValue;
      if (target.device.type === "loopback") return retvals.unsupported;
      target.linkMtu = numberAt(request, "mtu");
      return 0;
    }),
    sw_interface_set_mac_address: onInterface((target, request) => {
      target.mac = textAt(request, "mac_address");
      return 0;
    }),
    sw_interface_get_mac_address: onInterface((target) => ({ mac_address: target.mac })),
    sw_interface_tag_add_del: onInterface((target, request) => {
      const tag = textAt(request, "tag");
      const isAdd = booleanAt(request, "is_add");
      if (isAdd && tag === "") return retvals.invalidValue;
      target.tag = isAdd ? tag : "";
      return 0;
    }),
    sw_interface_set_interface_name: onInterface((target, request) => {
      const name = textAt(request, "name");
      if (name === "") return retvals.invalidValue;
      target.name = name;
      return 0;
    }),
    sw_interface_set_table: onInterface((target, request, vpp) => {
      const family = booleanAt(request, "is_ipv6") ? "ip6" : "ip4";
      const table = numberAt(request, "vrf_id");
      if (!vpp.tables.has(`${family} ${table}`)) return retvals.noSuchFib;
      target.tables[family] = table;
      return 0;
    }),
    sw_interface_get_table: onInterface((target, request) => ({
      vrf_id: target.tables[booleanAt(request, "is_ipv6") ? "ip6" : "ip4"],
    })),
  },
  dumps: {
    *sw_interface_dump(request, vpp) {
      const wanted = numberAt(request, "sw_if_index");
      const isFiltered = booleanAt(request, "name_filter_valid");
      const filter = textAt(request, "name_filter").toLowerCase();
      for (const found of vpp.interfaces.all()) {
        // 0 means all, so that local0 cannot be asked for by index.
        if (!isFiltered && wanted !== none && wanted !== 0 && found.swIfIndex !== wanted) continue;
        if (isFiltered && !found.name.toLowerCase().includes(filter)) continue;
        yield detailsOf(found, vpp);
      }
    },
  },
};
