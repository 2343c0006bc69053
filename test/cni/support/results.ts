/** What the versions of the specification have of a result. */
import { expect } from "vitest";
import type { CniVersion } from "../../../src/cni/versions.js";

type Json = Readonly<Record<string, unknown>>;

/** Of a result what the versions have each in a form of its own. */
export interface Outline {
  readonly cniVersion: unknown;
  /** The form of before 0.3.0. */
  readonly ip4: boolean;
  readonly interfaces: unknown;
  readonly ips: unknown;
}

export const outlineOf = ({ cniVersion, ip4, interfaces, ips }: Json): Outline => ({
  cniVersion,
  ip4: ip4 !== undefined,
  interfaces: interfaces ?? false,
  ips: ips ?? false,
});

/** Of an interface `net1`, with an address in 10.0.0.0/8 where IPAM gave one. */
export function expectedOutline(version: CniVersion, given: boolean): Outline {
  if (version < "0.3.0") return { cniVersion: version, ip4: given, interfaces: false, ips: false };
  const family = version < "1.0.0" ? { version: "4" } : {};
  const ip = expect.objectContaining({ interface: 0, address: expect.stringMatching(/^10\./u), ...family });
  const interfaces = [expect.objectContaining({ name: "net1" })];
  return { cniVersion: version, ip4: false, interfaces, ips: given ? [ip] : false };
}
