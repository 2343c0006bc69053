import { accessSync, constants } from "node:fs";
import { namespaceArgs } from "./network-namespace.js";
import { Installation } from "./programs.js";
import type { Flavour } from "./vswitch.js";

export interface Availability {
  readonly available: boolean;
  /** To be put after the name of a group of tests: ` (skipped: WHY)`, or nothing when it is available. */
  readonly note: string;
}

const servers = ["ovsdb-server", "ovsdb-tool", "ovsdb-client", "ovs-vsctl", "ovs-appctl"] as const;

/** The DPDK drivers, each a package of its own in Debian, that the tests need besides OVS's build of this DPDK ABI (23: DPDK 22.11). */
export function requiredDrivers(abi: number): readonly string[] {
  return [...datapathDrivers(abi), ...memifDrivers];
}

const memifDrivers = ["net_memif", "bus_vdev"] as const;

/** Open vSwitch 4.0 names buses to EAL, which fails when one of them is not there. */
function datapathDrivers(abi: number): readonly string[] {
  const buses = ["auxiliary", "cdx", "fslmc", "uacce", "vdev", "vmbus"].map((bus) => `bus_${bus}`);
  return ["mempool_ring", ...(abi >= 26 ? buses : [])];
}

/** Which flavours can run here, and why the others cannot; `memif`: the dpdk flavour with DPDK's memif ports. */
export function availableFlavours(): Readonly<Record<Flavour | "memif", Availability>> {
  const dummy = reasons(["ovs-vswitchd"]);
  const dpdk = [
    ...reasons(["ovs-vswitchd-dpdk"]),
    ...missingDrivers(datapathDrivers(Installation.openVSwitch().driverAbi())),
  ];
  return {
    dummy: availability(dummy),
    netdev: availability(dummy.length > 0 ? dummy : privileges()),
    dpdk: availability(dpdk),
    memif: availability([...dpdk, ...missingDrivers(memifDrivers)]),
  };
}

function availability(reasons: readonly string[]): Availability {
  return reasons.length === 0
    ? { available: true, note: "" }
    : { available: false, note: ` (skipped: ${reasons.join(", ")})` };
}

function reasons(daemons: readonly string[]): readonly string[] {
  const [openVSwitch, system] = [Installation.openVSwitch(), Installation.system()];
  const missing = [...servers, ...daemons].filter((program) => openVSwitch.find(program) === undefined);
  if (system.find("setpriv") === undefined) missing.push("setpriv");
  return missing.map((program) => `no ${program}`);
}

function missingDrivers(drivers: readonly string[]): readonly string[] {
  const installation = Installation.openVSwitch();
  return drivers
    .filter((driver) => !installation.hasDriver(driver))
    .map((driver) => `no DPDK driver ${driver}`);
}

function privileges(): readonly string[] {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return ["/dev/net/tun cannot be opened"];
  }
  return namespaceArgs() === undefined
    ? ["no network namespace with tap devices can be made (CAP_NET_ADMIN)"]
    : [];
}
