/** The Debian packages that the tests need: which are missing, the command that installs them, and installing them in CI. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { requiredDrivers } from "./openvswitch/flavours.js";
import { Installation } from "./openvswitch/programs.js";

/** Where the programs are looked for and how packages get there. */
export interface Host {
  readonly openVSwitch: Installation;
  readonly system: Installation;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
}

/** A program or DPDK driver that is not there, and the package that brings it. */
interface Missing {
  readonly what: string;
  readonly package: string;
}

const systemPrograms = {
  openssl: "openssl",
  ip: "iproute2",
  setpriv: "util-linux",
  unshare: "util-linux",
} as const;

const switchPrograms = {
  "ovsdb-server": "openvswitch-switch",
  "ovs-vsctl": "openvswitch-switch",
  "ovs-vswitchd": "openvswitch-switch",
  "ovs-vswitchd-dpdk": "openvswitch-switch-dpdk",
} as const;

export function thisHost(): Host {
  return {
    openVSwitch: Installation.openVSwitch(),
    system: Installation.system(),
    env: process.env,
    isRoot: process.getuid?.() === 0,
  };
}

/**
 * Sees to the packages. In CI, or with `VSWITCH_TEST_INSTALL=1`, it installs what is missing and throws when that does
 * not work: a test that is silently skipped there would be a lie. Elsewhere it changes nothing, and returns what to tell
 * the user, empty when all is there.
 */
export function ensurePackages(host: Host): string {
  if (missing(host).length === 0) return "";
  const mustHave = isSet(host.env["CI"]) || isSet(host.env["VSWITCH_TEST_INSTALL"]);
  const aptGet = host.system.find("apt-get");
  if (mustHave && host.isRoot && aptGet !== undefined) install(host, aptGet);
  const still = missing(host);
  if (still.length === 0) return "";
  const advice = explain(host, still);
  if (mustHave) throw new Error(advice);
  return `${advice}\nUntil then the tests that need them are skipped.`;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false"].includes(value);
}

function missing({ openVSwitch, system }: Host): readonly Missing[] {
  const ofSystem = absent(system, systemPrograms);
  // Somebody unpacked that release by hand, and no package of this system would add to it.
  if (openVSwitch.root !== system.root) return ofSystem;
  const abi = driverAbi(system);
  const drivers = requiredDrivers(Number(abi ?? 0)).filter((driver) => !openVSwitch.hasDriver(driver));
  return [
    ...absent(openVSwitch, switchPrograms),
    ...drivers.map((driver) => ({ what: `DPDK driver ${driver}`, package: driverPackage(driver, abi) })),
    ...ofSystem,
  ];
}

/** Those of the programs, given with their packages, that are not there. */
function absent(installation: Installation, programs: Readonly<Record<string, string>>): readonly Missing[] {
  return Object.entries(programs)
    .filter(([program]) => installation.find(program) === undefined)
    .map(([program, name]) => ({ what: program, package: name }));
}

/** The number in the names of DPDK's packages that goes with Open vSwitch's build, such as `23`; `undefined`: apt does not know. */
function driverAbi(system: Installation): string | undefined {
  const aptCache = system.find("apt-cache");
  if (aptCache === undefined) return undefined;
  const { stdout } = spawnSync(aptCache, ["depends", "openvswitch-switch-dpdk"], { encoding: "utf8" });
  return /librte-eal(\d+)/u.exec(stdout)?.[1];
}

/** `mempool_ring` is in `librte-mempool-ring23`. Without the number: a pattern for apt-get, in the quotes it needs in a shell. */
function driverPackage(driver: string, abi: string | undefined): string {
  const name = `librte-${driver.replaceAll("_", "-")}`;
  return abi === undefined ? `'^${name}[0-9]+$'` : `${name}${abi}`;
}

function packagesOf(missing: readonly Missing[]): readonly string[] {
  return [...new Set(missing.map((item) => item.package))];
}

function explain(host: Host, missing: readonly Missing[]): string {
  const update = driverAbi(host.system) === undefined ? "apt-get update && " : "";
  const command = `${update}apt-get install --no-install-recommends ${packagesOf(missing).join(" ")}`;
  return [
    `The tests on a real Open vSwitch need what is not here: ${missing.map(({ what }) => what).join(", ")}.`,
    host.system.find("apt-get") === undefined
      ? "This system has no apt-get; on Debian or Ubuntu this installs it:"
      : "Install it as root with:",
    `  ${command}`,
  ].join("\n");
}

function install(host: Host, aptGet: string): void {
  run(aptGet, ["update"]);
  withoutServices(host.system.root, () => {
    // Asked again, because only now does apt know DPDK's number for certain.
    run(aptGet, ["install", "--yes", "--no-install-recommends", ...packagesOf(missing(host))]);
  });
}

function run(aptGet: string, args: readonly string[]): void {
  const settings = ["Acquire::Retries=3", "DPkg::Lock::Timeout=300", "Dpkg::Use-Pty=0"];
  const options = ["-q", ...settings.flatMap((setting) => ["-o", setting])];
  const { status, stdout, stderr } = spawnSync(aptGet, [...options, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${stdout}${stderr}`.slice(-4000);
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${output}`);
}

/** A test run starts no service of the system. Debian's way to say so is a policy-rc.d that answers 101 (invoke-rc.d(8)). */
function withoutServices(root: string, work: () => void): void {
  const policy = join(root, "usr/sbin/policy-rc.d");
  if (existsSync(policy)) return work();
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    work();
  } finally {
    rmSync(policy, { force: true });
  }
}
