import type { VppClient } from "../../src/vpp/api/client.js";
import {
  CreateLoopback,
  DeleteLoopback,
  SwInterfaceDump,
  SwInterfaceSetInterfaceName,
  type SwInterfaceDetails,
} from "../../src/vpp/bindings/interface.js";
import {
  BridgeDomainAddDel,
  BridgeDomainDump,
  SwInterfaceSetL2Bridge,
  type BridgeDomainDetails,
} from "../../src/vpp/bindings/l2.js";
import { MemifDelete } from "../../src/vpp/bindings/memif.js";
import type { Administrator } from "./target.js";

const all = 0xffff_ffff;

/** The name in a tag of ours, read without the driver's help; else what others call it. */
export const nameIn = (tag: string, otherwise: string): string =>
  /^vs[wm][nkdopv]\/[^/]+\/([^/]+)/iu.exec(tag)?.[1] ?? otherwise;

/** Does to a VPP what an administrator would do with `vppctl`, by other messages than the driver's where there are. */
export function administratorOf(client: () => VppClient): Administrator {
  const interfaces = async (): Promise<readonly SwInterfaceDetails[]> => {
    const filter = { sw_if_index: all, name_filter_valid: false, name_filter: "" };
    const found = (await client().dump(SwInterfaceDump, filter).all()).unwrap();
    const isVlan = ({ sub_id: id }: SwInterfaceDetails): boolean => String(id).startsWith("8021");
    return found.filter((each) => each.sw_if_index !== 0 && !isVlan(each));
  };
  const domains = async (): Promise<readonly BridgeDomainDetails[]> =>
    (await client().dump(BridgeDomainDump, { bd_id: all, sw_if_index: all }).all()).unwrap();
  const domainName = ({ bd_tag: tag, bd_id: id }: BridgeDomainDetails): string =>
    nameIn(tag, tag || String(id));
  const domainOf = async (name: string): Promise<number | undefined> =>
    (await domains()).find((domain) => domainName(domain) === name)?.bd_id;
  const setDomain = async (id: number, tag: string, isAdd: boolean): Promise<void> => {
    const flags = {
      flood: true,
      uu_flood: true,
      forward: true,
      learn: true,
      arp_term: false,
      arp_ufwd: false,
    };
    (
      await client().call(BridgeDomainAddDel, { bd_id: id, ...flags, mac_age: 0, bd_tag: tag, is_add: isAdd })
    ).unwrap();
  };
  const removeInterface = async (name: string): Promise<void> => {
    for (const found of await interfaces()) {
      if (nameIn(found.tag, found.interface_name) !== name) continue;
      const request = { sw_if_index: found.sw_if_index };
      const isMemif = found.interface_name.startsWith("memif");
      (await client().call(isMemif ? MemifDelete : DeleteLoopback, request)).unwrap();
    }
  };
  return {
    addBridge: async (name) => {
      const taken = new Set((await domains()).map(({ bd_id: id }) => id));
      let id = 1000;
      while (taken.has(id)) id++;
      await setDomain(id, name, true);
    },
    addInterface: async (bridge, name) => {
      const made = (await client().call(CreateLoopback, { mac_address: "00:00:00:00:00:00" })).unwrap();
      const index = made.sw_if_index;
      // Before 20.09 VPP's names are its own.
      const canRename = client().capability(SwInterfaceSetInterfaceName)?.state === "available";
      if (canRename)
        (await client().call(SwInterfaceSetInterfaceName, { sw_if_index: index, name })).unwrap();
      const place = {
        bd_id: (await domainOf(bridge)) ?? 0,
        port_type: "L2_API_PORT_TYPE_NORMAL",
        shg: 0,
      } as const;
      (await client().call(SwInterfaceSetL2Bridge, { rx_sw_if_index: index, ...place })).unwrap();
      if (canRename) return undefined;
      return (await interfaces()).find((found) => found.sw_if_index === index)?.interface_name;
    },
    removeBridge: async (name) => {
      const domain = (await domains()).find((each) => domainName(each) === name);
      if (domain === undefined) return;
      for (const { sw_if_index: index } of domain.sw_if_details) {
        const on = (await interfaces()).find((each) => each.sw_if_index === index);
        if (on !== undefined) await removeInterface(nameIn(on.tag, on.interface_name));
      }
      await setDomain(domain.bd_id, "", false);
    },
    removeInterface,
    bridges: async () => [...new Set((await domains()).map(domainName))],
    interfaces: async () => (await interfaces()).map((found) => nameIn(found.tag, found.interface_name)),
    setExternalId: () => Promise.reject(new Error("VPP keeps no external ids")),
  };
}
