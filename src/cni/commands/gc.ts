import type { BridgeInfo, InterfaceInfo, VSwitch } from "../../index.js";
import { contextOf, ipamOf, type Context } from "../context.js";
import { checkAttachmentId, type AttachmentId, type Invocation } from "../environment.js";
import { code, CniError, isAway } from "../errors.js";
import { ipamIfKnown, type Ipam } from "../ipam.js";
import { attachmentKey, networkPrefix, owner } from "../names.js";
import type { Loaded } from "../netconf/load.js";
import { validAttachmentsKey } from "../netconf/schema.js";
import { planAttachment, switchAddress } from "../plan.js";
import { anyLocked, tryLock } from "../state/lock.js";
import type { AttachmentRecord } from "../state/record.js";
import { connectTo, unwrap } from "../switch.js";
import { deleteInterface, recordedSwitch, sweepLeftovers, tearDown, tracesOf } from "../teardown.js";
import type { World } from "../world.js";

/** The keys that are valid. A list that is missing is no list that is empty: that would delete everything. */
function validKeys({ conf }: Loaded): ReadonlySet<string> {
  const valid = conf[validAttachmentsKey];
  if (valid === undefined)
    throw new CniError({
      code: code.invalidConfig,
      message: `GC needs ${validAttachmentsKey} in the network configuration: nothing was deleted`,
    });
  return new Set(
    valid.map(({ containerID, ifname }) =>
      attachmentKey(conf.name, { containerId: containerID, ifName: ifname }),
    ),
  );
}

/** The IPAM plugin, asked for another attachment than the runtime's call is about. */
function ipamFor(context: Context, id: AttachmentId, record: AttachmentRecord | undefined): Ipam | undefined {
  const now = ipamOf(context);
  const then = record?.ipam;
  const { invocation, world, loaded } = context;
  const env = { ...world.env, CNI_CONTAINERID: id.containerId, CNI_IFNAME: id.ifName, CNI_NETNS: "" };
  if (now !== undefined && (then === undefined || then.type === now.type)) return { ...now, env };
  if (then === undefined) return undefined;
  const { ipamTimeoutMs: timeoutMs = 30_000 } = loaded.conf;
  return { ...then, path: invocation.path, env, version: loaded.version, timeoutMs, signal: world.signal };
}

/** Whose an interface without a record is, from what Open vSwitch keeps with it. */
function idOf({ externalIds }: InterfaceInfo): AttachmentId | undefined {
  const [containerId, ifName] = [externalIds["cni-container-id"], externalIds["cni-ifname"]];
  if (containerId === undefined || ifName === undefined) return undefined;
  try {
    checkAttachmentId({ containerId, ifName });
  } catch {
    return undefined;
  }
  return { containerId, ifName };
}

/** Takes one attachment away, unless somebody works on it just now. */
async function collectRecord(context: Context, key: string): Promise<void> {
  using held = tryLock(context.store.locks, key);
  if (held === undefined) return;
  const found = context.store.read(key);
  if (found === "absent") return;
  if (found === "corrupt") {
    // What it stood for is found in the switch, by its key.
    context.store.remove(key);
    return;
  }
  const { record } = found;
  const doomed = { key, address: recordedSwitch(record), traces: record.traces, everywhere: false };
  await tearDown(context, doomed, ipamFor(context, record, record));
}

async function collectInterface(context: Context, vswitch: VSwitch, info: InterfaceInfo): Promise<void> {
  const key = info.mark?.key ?? "";
  using held = tryLock(context.store.locks, key);
  if (held === undefined || context.store.read(key) !== "absent") return;
  const id = idOf(info);
  const { conf } = context.loaded;
  if (id !== undefined && attachmentKey(conf.name, id) === key) {
    const traces = tracesOf(planAttachment(context.loaded, id));
    const doomed = { key, address: switchAddress(conf), traces, everywhere: true };
    await tearDown(context, doomed, ipamFor(context, id, undefined));
    return;
  }
  const traces = { names: [info.name], sockets: [], files: [], directories: [] };
  await deleteInterface(vswitch, { key, traces, everywhere: false }, context.vswitchTimeoutMs);
}

const isAbandoned = ({ mark, lifetime, interfaces }: BridgeInfo): boolean =>
  mark?.owner === owner && lifetime === "on-demand" && interfaces.length === 0;

/** Bridges that a killed run made and put nothing on. While anybody else works they may be about to. */
async function sweepBridges(context: Context, vswitch: VSwitch): Promise<void> {
  if (anyLocked(context.store.locks)) return;
  const timeoutMs = context.vswitchTimeoutMs;
  for (const bridge of unwrap(await vswitch.listBridges({ timeoutMs }))) {
    if (isAbandoned(bridge)) unwrap(await vswitch.deleteBridge(bridge.name, { timeoutMs }));
  }
}

/** Goes on after a failure, and tells the first at the end. */
class Failures {
  readonly #errors: CniError[] = [];

  async attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      this.#errors.push(error);
    }
  }

  throwFirst(): void {
    const [first, ...others] = this.#errors;
    if (first !== undefined) throw first.withDetails(others.map(({ message }) => message));
  }
}

async function collectFromSwitch(
  context: Context,
  valid: ReadonlySet<string>,
  failures: Failures,
): Promise<void> {
  const { world, loaded, vswitchTimeoutMs: timeoutMs } = context;
  const address = switchAddress(loaded.conf);
  const connected = await connectTo(world, address, timeoutMs);
  if (connected.isErr() && isAway(connected.error)) {
    world.log("warning", `GC could not look into the switch: ${connected.error.message}`);
    return;
  }
  await using vswitch = unwrap(connected);
  const prefix = networkPrefix(loaded.conf.name);
  const own = unwrap(await vswitch.listInterfaces({ ownOnly: true, timeoutMs }));
  const stale = own.filter(({ mark }) => mark?.key.startsWith(prefix) === true && !valid.has(mark.key));
  for (const info of stale) await failures.attempt(() => collectInterface(context, vswitch, info));
  await failures.attempt(() => sweepLeftovers(context, vswitch, address));
  await failures.attempt(() => sweepBridges(context, vswitch));
}

/**
 * GC: takes away every attachment of this network that is not listed as valid: by the records, then by the marks in the
 * switch alone. Other networks' are left alone, and those that somebody works on.
 */
export async function gc(world: World, invocation: Invocation, loaded: Loaded): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const valid = validKeys(loaded);
  const failures = new Failures();
  for (const key of context.store.keys(loaded.conf.name)) {
    if (!valid.has(key)) await failures.attempt(() => collectRecord(context, key));
  }
  await failures.attempt(() => collectFromSwitch(context, valid, failures));
  const ipam = ipamOf(context);
  if (ipam !== undefined) await failures.attempt(() => ipamIfKnown(ipam, "GC"));
  failures.throwFirst();
}
