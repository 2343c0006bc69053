import { accessSync, constants, existsSync } from "node:fs";
import { namespaceArgs } from "./network-namespace.js";
import { Installation } from "./programs.js";
import type { Flavour } from "./vswitch.js";

export interface Availability {
  readonly available: boolean;
  /** To be put after the name of a group of tests: ` (skipped: WHY)`, or nothing when it is available. */
  readonly note: string;
}

const servers = ["ovsdb-server", "ovs-vsctl"] as const;
const memifDrivers = ["net_memif", "bus_vdev"] as const;

/**
 * The DPDK drivers, each a package of its own in Debian, that the tests need besides OVS's build against this ABI of DPDK
 * (23: DPDK 22.11).
 */
export function requiredDrivers(abi: number): readonly string[] {
  return [...new Set([...datapathDrivers(abi), ...memifDrivers])];
}

function datapathDrivers(abi: number): readonly string[] {
  // Open vSwitch 4.0 names buses to EAL, which fails when one of them is not there.
  const buses = ["auxiliary", "cdx", "fslmc", "uacce", "vdev", "vmbus"].map((bus) => `bus_${bus}`);
  return ["mempool_ring", ...(abi >= 26 ? buses : [])];
}

/** Which flavours can run here, and why the others cannot; `memif`: the dpdk flavour with DPDK's memif ports. */
export function availableFlavours(): Readonly<Record<Flavour | "memif", Availability>> {
  const dummy = missingPrograms(["ovs-vswitchd"]);
  const drivers = missingDrivers(datapathDrivers(Installation.openVSwitch().driverAbi()));
  const dpdk = [...missingPrograms(["ovs-vswitchd-dpdk"]), ...drivers, ...missingCores()];
  return {
    dummy: availability(dummy),
    netdev: availability([...dummy, ...missingPrivileges()]),
    dpdk: availability(dpdk),
    memif: availability([...dpdk, ...missingDrivers(memifDrivers)]),
  };
}

function availability(reasons: readonly string[]): Availability {
  return reasons.length === 0
    ? { available: true, note: "" }
    : { available: false, note: ` (skipped: ${reasons.join(", ")})` };
}

function missingPrograms(daemons: readonly string[]): readonly string[] {
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

/** DPDK finds the cores that it may use here and nowhere else (EAL's eal_cpu_detected()). */
function missingCores(): readonly string[] {
  const folder = "/sys/devices/system/cpu";
  return existsSync(folder) ? [] : [`no ${folder}`];
}

function missingPrivileges(): readonly string[] {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return ["/dev/net/tun cannot be opened"];
  }
  return namespaceArgs() === undefined ? ["no network namespace with tap devices can be made"] : [];
}
