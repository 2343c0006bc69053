import type { MessageValue } from "../../../vpp/schema/narrow.js";
import { tagsOf } from "../interfaces.js";
import { mostBridgeDomain, type BridgeDomain, type SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, none, numberAt, textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

/** What `sw_interface_set_l2_bridge` makes when the domain is not there. */
const plain: Omit<BridgeDomain, "bdId"> = {
  flood: true,
  uuFlood: true,
  forward: true,
  learn: true,
  arpTerm: false,
  arpUfwd: false,
  macAge: 0,
  tag: "",
};

function addOrDelete(request: MessageValue, bdId: number, vpp: SimulatedVpp): number {
  const exists = bdId === 0 || vpp.bridgeDomains.has(bdId);
  if (!booleanAt(request, "is_add")) {
    if (!exists) return retvals.noSuchEntry;
    if (bdId === 0) return retvals.bdNotModifiable;
    if (vpp.members(bdId).length > 0) return retvals.bdInUse;
    vpp.bridgeDomains.delete(bdId);
    return 0;
  }
  if (exists) return retvals.bdAlreadyExists;
  if (bdId > mostBridgeDomain) return retvals.bdIdExceedMax;
  vpp.bridgeDomains.set(bdId, {
    bdId,
    flood: booleanAt(request, "flood"),
    uuFlood: booleanAt(request, "uu_flood"),
    forward: booleanAt(request, "forward"),
    learn: booleanAt(request, "learn"),
    arpTerm: booleanAt(request, "arp_term"),
    arpUfwd: booleanAt(request, "arp_ufwd"),
    macAge: numberAt(request, "mac_age"),
    tag: textAt(request, "bd_tag"),
  });
  return 0;
}

const portTypes: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["L2_API_PORT_TYPE_NORMAL", 0],
  ["L2_API_PORT_TYPE_BVI", 1],
  ["L2_API_PORT_TYPE_UU_FWD", 2],
]);

function setBridge(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.get(numberAt(request, "rx_sw_if_index"));
  if (target === undefined) return retvals.invalidSwIfIndex;
  const portType = portTypes.get(request["port_type"]);
  if (portType === undefined) return retvals.invalidValue;
  if (!booleanAt(request, "enable")) {
    target.bridge = undefined;
    target.rewrite = [0, 0, 0, 0];
    return 0;
  }
  const bdId = numberAt(request, "bd_id");
  if (bdId > mostBridgeDomain) return retvals.bdIdExceedMax;
  const hasBvi = vpp.interfaces.all().some(({ bridge }) => bridge?.bdId === bdId && bridge.portType === 1);
  // It leaves the domain that it was in before the new one refuses it.
  target.bridge = undefined;
  if (portType === 1 && hasBvi) return retvals.bdAlreadyHasBvi;
  if (bdId !== 0 && !vpp.bridgeDomains.has(bdId)) vpp.bridgeDomains.set(bdId, { bdId, ...plain });
  target.bridge = { bdId, portType, splitHorizonGroup: numberAt(request, "shg") };
  return 0;
}

/** How many tags the rewriting operations take off: `L2_VTR_DISABLED` to `L2_VTR_TRANSLATE_2_2`. */
const popped = [0, 0, 0, 1, 2, 1, 1, 2, 2];

function rewrite(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.get(numberAt(request, "sw_if_index"));
  if (target === undefined) return retvals.invalidSwIfIndex;
  const operation = numberAt(request, "vtr_op");
  const pops = popped[operation];
  if (pops === undefined) return retvals.invalidValue;
  if (pops > tagsOf(target.device)) return retvals.invalidVlanTagCount;
  target.rewrite = [
    operation,
    numberAt(request, "push_dot1q"),
    numberAt(request, "tag1"),
    numberAt(request, "tag2"),
  ];
  return 0;
}

function detailsOf(domain: BridgeDomain, vpp: SimulatedVpp): MessageValue {
  const members = vpp.interfaces.all().filter(({ bridge }) => bridge?.bdId === domain.bdId);
  const ofType = (type: number): number =>
    members.find(({ bridge }) => bridge?.portType === type)?.swIfIndex ?? none;
  return {
    bd_id: domain.bdId,
    flood: domain.flood,
    uu_flood: domain.uuFlood,
    forward: domain.forward,
    learn: domain.learn,
    arp_term: domain.arpTerm,
    arp_ufwd: domain.arpUfwd,
    mac_age: domain.macAge,
    bd_tag: domain.tag,
    bvi_sw_if_index: ofType(1),
    uu_fwd_sw_if_index: ofType(2),
    sw_if_details: members.map(({ swIfIndex, bridge }) => ({
      context: 0,
      sw_if_index: swIfIndex,
      shg: bridge?.splitHorizonGroup ?? 0,
    })),
  };
}

/** `l2.api`. */
export const bridges: Handlers = {
  calls: {
    bridge_domain_add_del: (request, vpp) => addOrDelete(request, numberAt(request, "bd_id"), vpp),
    bridge_domain_add_del_v2: (request, vpp) => {
      const wanted = numberAt(request, "bd_id");
      const bdId = wanted === none && booleanAt(request, "is_add") ? vpp.chooseBridgeDomain() : wanted;
      return { retval: addOrDelete(request, bdId, vpp), bd_id: bdId };
    },
    sw_interface_set_l2_bridge: setBridge,
    l2_interface_vlan_tag_rewrite: rewrite,
  },
  dumps: {
    *bridge_domain_dump(request, vpp) {
      // Anything but "all" is not implemented there, and answered by silence.
      if (numberAt(request, "sw_if_index") !== none) return;
      const wanted = numberAt(request, "bd_id");
      for (const domain of vpp.bridgeDomains.values()) {
        if (wanted === none || wanted === domain.bdId) yield detailsOf(domain, vpp);
      }
    },
  },
};
