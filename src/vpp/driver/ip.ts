import { isIPv6 } from "node:net";

/** One form of an IP address: the way that it is written does not count. */
export const normalIp = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
