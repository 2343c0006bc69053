import type { BridgeInfo, InterfaceInfo, VSwitch } from "../../index.js";
import { contextOf, bareRecord, ipamFor, ipamOf, tryLockAttachment, type Context } from "../context.js";
import { checkAttachmentId, type AttachmentId, type Invocation } from "../environment.js";
import { code, CniError, isAway } from "../errors.js";
import { ipamIfKnown } from "../ipam.js";
import { sweepLeftovers } from "../leftovers.js";
import { attachmentKey, networkPrefix, owner } from "../names.js";
import type { Loaded } from "../netconf/load.js";
import { validAttachmentsKey } from "../netconf/schema.js";
import { planAttachment, switchAddress } from "../plan.js";
import { anyLocked } from "../state/lock.js";
import { connectTo, unwrap } from "../switch.js";
import { deleteInterface, doomedByRecord, noTraces, tearDown, tracesOf, type Doomed } from "../teardown.js";
import type { World } from "../world.js";

/**
 * The keys that are valid. A list that is missing is no list that is empty: that would delete everything. `null` is
 * one that is empty: so Go writes a list that nothing was put on, as a runtime has it that knows of no container.
 */
function validKeys({ conf, raw }: Loaded): ReadonlySet<string> {
  const valid = raw[validAttachmentsKey] === null ? [] : conf[validAttachmentsKey];
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

/** What an attachment of this network is, from its id alone. */
function doomedOf(context: Context<Loaded>, id: AttachmentId): Doomed {
  const { loaded } = context;
  const key = attachmentKey(loaded.conf.name, id);
  const traces = tracesOf(planAttachment(loaded, id));
  const address = switchAddress(loaded.conf);
  return { key, address, traces, everywhere: true, remembered: bareRecord(context, id, address, traces) };
}

/** Takes one attachment away, unless somebody works on it just now. */
async function collectRecord(context: Context<Loaded>, key: string): Promise<void> {
  using held = tryLockAttachment(context, key, "go on");
  if (held === undefined) return;
  const { store } = context;
  const found = store.read(key);
  if (typeof found !== "string") {
    const { record } = found;
    return await tearDown(context, doomedByRecord(key, record), ipamFor(context, record, record));
  }
  // A record that cannot be read still has a name, which says whose it is.
  const id = found === "corrupt" ? store.idOf(key) : undefined;
  if (id === undefined) await store.remove(key);
  else await tearDown(context, doomedOf(context, id), ipamFor(context, id, undefined));
}

async function collectInterface(
  context: Context<Loaded>,
  vswitch: VSwitch,
  info: InterfaceInfo,
): Promise<void> {
  const key = info.mark?.key ?? "";
  using held = tryLockAttachment(context, key);
  if (held === undefined || context.store.read(key) !== "absent") return;
  const id = idOf(info);
  if (id !== undefined && attachmentKey(context.loaded.conf.name, id) === key)
    return await tearDown(context, doomedOf(context, id), ipamFor(context, id, undefined));
  const traces = { ...noTraces, names: [info.name] };
  await deleteInterface(vswitch, { key, traces, everywhere: false }, context.call);
}

const isAbandoned = ({ mark, lifetime, interfaces }: BridgeInfo): boolean =>
  mark?.owner === owner && lifetime === "on-demand" && interfaces.length === 0;

/** Bridges that a killed run made and put nothing on. While anybody else works they may be about to. */
async function sweepBridges(context: Context, vswitch: VSwitch): Promise<void> {
  if (anyLocked(context.store.locks)) return;
  const { call } = context;
  for (const bridge of unwrap(await vswitch.listBridges(call))) {
    if (isAbandoned(bridge)) unwrap(await vswitch.deleteBridge(bridge.name, call));
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
  context: Context<Loaded>,
  valid: ReadonlySet<string>,
  failures: Failures,
): Promise<void> {
  const { world, loaded, call } = context;
  const address = switchAddress(loaded.conf);
  const connected = await connectTo(world, address, call);
  if (connected.isErr() && isAway(connected.error)) {
    world.log("warning", `GC could not look into the switch: ${connected.error.message}`);
    return;
  }
  await using vswitch = unwrap(connected);
  const prefix = networkPrefix(loaded.conf.name);
  const own = unwrap(await vswitch.listInterfaces({ ownOnly: true, statistics: false, ...call }));
  const stale = own.filter(({ mark }) => mark?.key.startsWith(prefix) === true && !valid.has(mark.key));
  for (const info of stale) await failures.attempt(() => collectInterface(context, vswitch, info));
  await failures.attempt(() => sweepLeftovers(context, vswitch, address, Number.POSITIVE_INFINITY));
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
