import { BlockList, isIPv6 } from "node:net";

import type { MessageValue } from "../../../vpp/schema/narrow.js";
import type { SimulatedInterface } from "../interfaces.js";
import type { SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, numberAt, textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

interface Prefix {
  readonly text: string;
  readonly address: string;
  readonly length: number;
  readonly family: "ip4" | "ip6";
}

function prefixOf(text: string): Prefix {
  const [address = "", length = ""] = text.split("/");
  return { text, address, length: Number(length), family: isIPv6(address) ? "ip6" : "ip4" };
}

/** Whether an address lies in a prefix. */
function covers({ address, length, family }: Prefix, other: Prefix): boolean {
  const subnet = new BlockList();
  const words = family === "ip6" ? "ipv6" : "ipv4";
  subnet.addSubnet(address, length, words);
  return subnet.check(other.address, words);
}

/** Subnets may not overlap, but for further addresses of one subnet on one interface. */
function conflict(target: SimulatedInterface, prefix: Prefix, vpp: SimulatedVpp): number {
  const { family } = prefix;
  for (const other of vpp.interfaces.all()) {
    if (other.tables[family] !== target.tables[family]) continue;
    for (const present of other.addresses.map(prefixOf)) {
      if (present.family !== family || (!covers(present, prefix) && !covers(prefix, present))) continue;
      const isHere = other === target && present.length === prefix.length;
      if (isHere && present.address !== prefix.address) continue;
      return family === "ip6" ? retvals.duplicateIfAddress : retvals.addressInUse;
    }
  }
  return 0;
}

function addOrDelete(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.get(numberAt(request, "sw_if_index"));
  if (target === undefined) return retvals.invalidSwIfIndex;
  if (booleanAt(request, "del_all")) {
    target.addresses = [];
    return 0;
  }
  const prefix = prefixOf(textAt(request, "prefix"));
  if (booleanAt(request, "is_add")) {
    const retval = conflict(target, prefix, vpp);
    if (retval === 0) target.addresses.push(prefix.text);
    return retval;
  }
  if (!target.addresses.includes(prefix.text)) return retvals.addressNotFound;
  target.addresses = target.addresses.filter((present) => present !== prefix.text);
  return 0;
}

function tableOf(request: MessageValue): string {
  const { table } = request;
  if (typeof table !== "object" || table === null) return "ip4 0";
  const { table_id: id, is_ip6: isIp6 } = { table_id: 0, is_ip6: false, ...table };
  return `${isIp6 ? "ip6" : "ip4"} ${String(id)}`;
}

/** Addresses of interfaces and the tables that they are in. */
export const addresses: Handlers = {
  calls: {
    sw_interface_add_del_address: addOrDelete,
    ip_table_add_del: (request, vpp) => {
      if (booleanAt(request, "is_add")) vpp.tables.add(tableOf(request));
      else vpp.tables.delete(tableOf(request));
      return 0;
    },
  },
  dumps: {
    *ip_address_dump(request, vpp) {
      const swIfIndex = numberAt(request, "sw_if_index");
      const family = booleanAt(request, "is_ipv6") ? "ip6" : "ip4";
      for (const prefix of (vpp.interfaces.get(swIfIndex)?.addresses ?? []).map(prefixOf)) {
        if (prefix.family === family) yield { sw_if_index: swIfIndex, prefix: prefix.text };
      }
    },
  },
};
