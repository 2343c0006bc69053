import { constants, fstatSync, readSync } from "node:fs";
import { posix } from "node:path";
import type { InterfaceInfo } from "../../index.js";
import { readStatus, statusFile, type ContainerStatus } from "../../handover/index.js";
import { contextOf, ipamOf, lockAttachment } from "../context.js";
import type { Invocation } from "../environment.js";
import { code, CniError, isErrno } from "../errors.js";
import { ipamCheck } from "../ipam.js";
import { checkNamespace } from "../namespace.js";
import type { Loaded } from "../netconf/load.js";
import { planAttachment, type Plan } from "../plan.js";
import { readResult, type CniResult } from "../result.js";
import { pathOnly } from "../sockets.js";
import { withHandle } from "../state/files.js";
import { connectTo, findInterface, unwrap } from "../switch.js";
import type { World } from "../world.js";

const broken = (plan: Plan, what: string, remedy: string): CniError =>
  new CniError({
    code: code.check,
    message: `${plan.id.ifName} of ${plan.id.containerId} on network ${plan.network}: ${what}; ${remedy}`,
  });

const shown = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));

const same = (a: readonly number[] = [], b: readonly number[] = []): boolean =>
  a.length === b.length && a.every((id) => b.includes(id));

/** What is not as ADD made it, a sentence each. */
function faultsOf(plan: Plan, info: InterfaceInfo, addresses: readonly string[]): readonly string[] {
  const { attach, mtu, netType } = plan.ends.host;
  const faults: string[] = [];
  if (info.error !== null) faults.push(`the switch says: ${info.error}`);
  const bridge = attach?.bridge ?? null;
  if (info.bridge !== bridge)
    faults.push(
      info.bridge === null
        ? `it is on no bridge, not on ${bridge}`
        : `it is on bridge ${info.bridge}, not on ${bridge ?? "none"}`,
    );
  if (info.vlan.tag !== attach?.tag)
    faults.push(`its VLAN is ${shown(info.vlan.tag)}, not ${shown(attach?.tag)}`);
  if (!same(info.vlan.trunks, attach?.trunks))
    faults.push(`its trunk carries ${shown(info.vlan.trunks)}, not ${shown(attach?.trunks)}`);
  if (mtu !== undefined && info.mtu !== null && info.mtu !== mtu)
    faults.push(`its MTU is ${info.mtu}, not ${mtu}`);
  if (info.adminState === "down") faults.push("it is administratively down");
  if (netType === "interface") {
    const missing = addresses.filter((address) => !info.addresses.includes(address));
    if (missing.length > 0) faults.push(`it lacks the address ${missing.join(", ")}`);
  }
  return faults;
}

/** More than any status, in bytes. */
const longestStatus = 65_536;

/** So much is told of why a container failed. */
const longestWhy = 1000;

/**
 * A file that the container wrote: no link is followed, no pipe waited for, no device opened, as some act when they are,
 * and no more read than it should have.
 */
function readForeign(file: string): string | undefined {
  const bytes = Buffer.alloc(longestStatus);
  return withHandle(file, pathOnly | constants.O_NOFOLLOW, (entry) =>
    fstatSync(entry).isFile()
      ? withHandle(`/proc/self/fd/${entry}`, constants.O_RDONLY | constants.O_NONBLOCK, (handle) =>
          bytes.toString("utf8", 0, readSync(handle, bytes)),
        )
      : undefined,
  );
}

/** What the container says of its end; undefined: nothing yet, or nothing that can be read. */
function containerStatus({ layout, id }: Plan): ContainerStatus | undefined {
  const file = posix.join(layout.dataDir, statusFile(id.ifName));
  try {
    const text = readForeign(file);
    if (text === undefined) return undefined;
    const read = readStatus(file, JSON.parse(text));
    return read.isOk() ? read.value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "EAGAIN"))
      return undefined;
    throw error;
  }
}

function previousOf({ conf, version }: Loaded): CniResult {
  if (conf.prevResult !== undefined) return readResult("prevResult", conf.prevResult, version);
  throw new CniError({
    code: code.invalidConfig,
    message: "CHECK needs prevResult, the result of ADD, in the network configuration: the runtime gives it",
  });
}

/** Throws unless the switch has the interface as ADD made it. */
function checkInterface(plan: Plan, info: InterfaceInfo, addresses: readonly string[]): void {
  const faults = faultsOf(plan, info, addresses);
  if (faults.length > 0) throw broken(plan, faults.join("; "), "DEL and ADD make it anew");
  const status = containerStatus(plan);
  if (status?.state === "failed")
    throw broken(
      plan,
      `the container could not configure its end: ${status.message.slice(0, longestWhy)}`,
      "see the container's log",
    );
  // Before the container has done its part nobody is there to connect.
  if (status?.state === "applied" && info.linkState === "down")
    throw broken(
      plan,
      "the container configured its end, and the link is down",
      "see whether its program runs",
    );
}

/** CHECK: whether the switch, the addresses and the container's end are as ADD made them. */
export async function check(world: World, invocation: Invocation, loaded: Loaded): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const previous = previousOf(loaded);
  const plan = planAttachment(loaded, invocation);
  checkNamespace(invocation.netns, world.env);
  using _held = await lockAttachment(context, plan.key, "go on");
  const index = previous.interfaces.findIndex(
    ({ name, sandbox = "" }) =>
      name === invocation.ifName && (sandbox === "" || sandbox === invocation.netns),
  );
  if (index < 0) throw broken(plan, "prevResult has no such interface", "ADD comes first");
  const addresses = previous.ips.filter((ip) => ip.interface === index).map(({ address }) => address);
  {
    await using vswitch = unwrap(await connectTo(world, plan.address, context.call));
    const { key, names } = plan;
    const found = unwrap(await findInterface(vswitch, { key, names, everywhere: true }, context.call));
    if (found === undefined) throw broken(plan, "the switch does not have it", "DEL and ADD make it anew");
    checkInterface(plan, found, addresses);
  }
  const ipam = ipamOf(context);
  if (ipam !== undefined) await ipamCheck(ipam);
}
