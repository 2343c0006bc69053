/** Hand-overs as environment variables, for programs that read nothing else. */
import type { Handover } from "../handover/index.js";

/** `USRSP_COUNT`, then for each interface, from 0, `USRSP_<n>_IFNAME`, `_TYPE`, `_SOCKET` and what else is set. */
export function environmentOf(handovers: readonly Handover[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>([["USRSP_COUNT", String(handovers.length)]]);
  for (const [index, handover] of handovers.entries()) {
    const { interface: end, addresses, routes, bridge } = handover;
    const values: Readonly<Record<string, string | number | undefined>> = {
      IFNAME: handover.ifName,
      NETWORK: handover.network,
      CONTAINER_ID: handover.containerId,
      ENGINE: handover.engine,
      NET_TYPE: handover.netType,
      TYPE: end.type,
      SOCKET: end.socket,
      ROLE: end.type === "memif" ? end.role : undefined,
      MODE: end.mode,
      ID: end.type === "memif" ? end.id : undefined,
      SECRET: end.type === "memif" ? end.secret : undefined,
      MAC: end.mac,
      MTU: end.mtu,
      QUEUES: end.queues,
      RING_SIZE: end.ringSize,
      BUFFER_SIZE: end.type === "memif" ? end.bufferSize : undefined,
      BRIDGE: bridge?.name,
      VLAN: bridge?.vlan,
      ADDRESSES: addresses.map(({ address }) => address).join(" ") || undefined,
      GATEWAYS: addresses.flatMap(({ gateway }) => gateway ?? []).join(" ") || undefined,
      ROUTES:
        routes.map(({ dst, gw }) => (gw === undefined ? dst : `${dst} via ${gw}`)).join(", ") || undefined,
    };
    for (const [name, value] of Object.entries(values))
      if (value !== undefined) variables.set(`USRSP_${index}_${name}`, String(value));
  }
  return variables;
}

/** As lines that a shell takes: `NAME='value'`. */
export const shellLines = (variables: ReadonlyMap<string, string>): readonly string[] =>
  [...variables].map(([name, value]) => `${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
