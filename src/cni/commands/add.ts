import { setImmediate } from "node:timers/promises";
import type { CreatedInterface, VSwitch } from "../../index.js";
import {
  bareRecord,
  contextOf,
  fingerprint,
  ipamOf,
  ipamOfRecord,
  lockAttachment,
  type Context,
} from "../context.js";
import type { Invocation } from "../environment.js";
import { deviceInfoFiles, writeDeviceInfo } from "../device-info.js";
import { code, CniError } from "../errors.js";
import { draftHandover, publishHandover, type HandoverDraft } from "../handover.js";
import { sweepLeftovers } from "../leftovers.js";
import { checkNamespace } from "../namespace.js";
import type { Loaded } from "../netconf/load.js";
import { needsLink, planAttachment, switchMakesSocket, type Plan, type SocketPaths } from "../plan.js";
import { podOf, tellPod } from "../pod.js";
import { readResult, writeResult, type Addressing, type CniResult } from "../result.js";
import { linkSocket, permitSocket, prepareDirectories } from "../sockets.js";
import type { AttachmentRecord } from "../state/record.js";
import { connectTo, createInterface, unwrap } from "../switch.js";
import { doomedByRecord, refuseShared, tearDown, tracesOf } from "../teardown.js";
import { newestVersion } from "../versions.js";
import type { World } from "../world.js";
import { addresses, type Progress } from "./addresses.js";

/** What earlier plugins of the list gave; refuses one that has an interface of our name in the container. */
function previousOf({ conf, version }: Loaded, { ifName, netns }: Invocation): CniResult | undefined {
  if (conf.prevResult === undefined) return undefined;
  const previous = readResult("prevResult", conf.prevResult, version);
  const taken = previous.interfaces.some(({ name, sandbox = "" }) => name === ifName && sandbox === netns);
  if (!taken) return previous;
  throw new CniError({
    code: code.invalidConfig,
    message: `an earlier plugin of the list made an interface ${ifName} in the container: give this network to the container as another one, with a name of its own`,
  });
}

/** Where the runtime wants the device information; "": nowhere. */
const deviceInfoOf = ({ conf }: Loaded): string => conf.runtimeConfig?.CNIDeviceInfoFile ?? "";

function recordOf(context: Context<Loaded>, plan: Plan): AttachmentRecord {
  const traces = tracesOf(plan);
  const pod = podOf(context);
  const deviceInfo = deviceInfoOf(context.loaded);
  const files = [...traces.files, ...(deviceInfo === "" ? [] : deviceInfoFiles(deviceInfo))];
  return {
    ...bareRecord(context, plan.id, plan.address, { ...traces, files }),
    ...(pod !== undefined && { pod }),
    fingerprint: fingerprint(context.loaded.raw),
  };
}

/** What an ADD that was killed has left goes first; one that ended is the same again, or another's. */
async function settleEarlier(context: Context, plan: Plan): Promise<AttachmentRecord | undefined> {
  const found = context.store.read(plan.key, plan.id);
  if (found === "absent") return undefined;
  const record = found === "corrupt" ? undefined : found.record;
  if (record?.state === "added") {
    if (record.fingerprint === fingerprint(context.loaded.raw)) return record;
    throw new CniError({
      code: code.refused,
      message: `${plan.id.containerId} has ${plan.id.ifName} on network ${plan.network} already, with another configuration: DEL comes first`,
    });
  }
  context.world.log("warning", `an earlier ADD of ${plan.key} did not end: what it left goes first`);
  const doomed =
    record === undefined
      ? { key: plan.key, address: plan.address, traces: tracesOf(plan), everywhere: true }
      : doomedByRecord(plan.key, record);
  await tearDown(context, doomed, ipamOfRecord(context, record));
  return undefined;
}

interface Made {
  readonly info: CreatedInterface;
  readonly socket: SocketPaths;
}

/** The switch's part: the interface on its bridge, with its addresses and its socket. */
async function makeInterface(
  context: Context,
  vswitch: VSwitch,
  plan: Plan,
  addressing: Addressing,
): Promise<Made> {
  const { call, world } = context;
  const info = unwrap(await createInterface(vswitch, plan, call));
  info.warnings.forEach((warning) => world.log("warning", warning));
  const socket = plan.socket(info.name);
  if (plan.ends.host.netType === "interface" && addressing.ips.length > 0) {
    const wanted = addressing.ips.map(({ address }) => address);
    unwrap(await vswitch.setAddresses(info, wanted, call));
  }
  if (needsLink(plan)) linkSocket(switchSocket(info), socket.host);
  if (switchMakesSocket(plan)) permitSocket(socket.host, plan.permissions);
  return { info, socket };
}

function switchSocket({ socket, name }: CreatedInterface): string {
  if (socket !== null) return socket;
  throw new CniError({
    code: code.refused,
    message: `the switch does not say where it made the socket of ${name}: set host.vhost.mode to client`,
  });
}

function resultOf(
  context: Context<Loaded>,
  plan: Plan,
  socket: SocketPaths,
  addressing: Addressing,
): CniResult {
  const { invocation, loaded } = context;
  const previous = previousOf(loaded, invocation);
  const index = previous?.interfaces.length ?? 0;
  const own = {
    name: invocation.ifName,
    ...(plan.mac !== undefined && { mac: plan.mac }),
    ...(plan.ends.container.mtu !== undefined && { mtu: plan.ends.container.mtu }),
    sandbox: invocation.netns,
    socketPath: socket.host,
  };
  return {
    interfaces: [...(previous?.interfaces ?? []), own],
    ips: [...(previous?.ips ?? []), ...addressing.ips.map((ip) => ({ ...ip, interface: index }))],
    routes: [...(previous?.routes ?? []), ...addressing.routes],
    dns: addressing.dns ?? previous?.dns ?? loaded.conf.dns,
  };
}

interface Prepared {
  readonly vswitch: VSwitch;
  readonly addressing: Addressing;
}

/** Writes the record and asks IPAM, and dials the switch meanwhile, which changes nothing there. */
async function prepare(
  context: Context,
  plan: Plan,
  record: AttachmentRecord,
  progress: Progress,
): Promise<Prepared> {
  const written = context.store.write(plan.key, record);
  const dialled = connectTo(context.world, plan.address, context.call);
  try {
    await written;
    // After the record: of two that come at once at least one sees the other's.
    refuseShared(context, plan.key, record.traces);
    const addressing = await addresses(context, plan, record, progress);
    return { vswitch: unwrap(await dialled), addressing };
  } catch (error) {
    const connected = await dialled;
    if (connected.isOk()) await connected.value.close();
    throw error;
  }
}

/** What an ADD may spend on what others left. */
const sweepMs = 2000;

/** The hand-over's files, written while the switch is at work, as they are if it takes the usual name. */
async function prepareTelling(
  { loaded }: Context<Loaded>,
  plan: Plan,
  addressing: Addressing,
): Promise<HandoverDraft> {
  const [name] = plan.names;
  // By then the switch has been asked.
  await setImmediate();
  return draftHandover(plan, {
    handover: plan.handover(name, addressing),
    addressing,
    version: loaded.version,
  });
}

interface Telling {
  /** The interface's on the switch. */
  readonly name: string;
  readonly addressing: Addressing;
  readonly record: AttachmentRecord;
  readonly drafts?: HandoverDraft;
  readonly progress?: Progress;
}

/** The hand-over: files for the container, the device information file for the runtime, annotations for the pod. */
async function tell(context: Context<Loaded>, plan: Plan, telling: Telling): Promise<void> {
  const { name, addressing, record, drafts, progress } = telling;
  const { version } = context.loaded;
  const handover = plan.handover(name, addressing);
  const isDrafted = drafts !== undefined && name === plan.names[0];
  publishHandover(plan, isDrafted ? drafts : draftHandover(plan, { handover, addressing, version }));
  const file = deviceInfoOf(context.loaded);
  if (record.traces.files.includes(file)) writeDeviceInfo(file, handover);
  else if (file !== "") context.world.log("info", `${file} is there already, and stays as it is`);
  if (record.pod === undefined) return;
  if (progress !== undefined) progress.pod = true;
  await tellPod(context, record.pod, plan, { handover, addressing });
}

/** Waits for both, and throws what the first of them failed with: what takes back begins when neither is at work. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

async function build(
  context: Context<Loaded>,
  plan: Plan,
  record: AttachmentRecord,
  progress: Progress,
): Promise<CniResult> {
  const { vswitch: opened, addressing } = await prepare(context, plan, record, progress);
  await using vswitch = opened;
  prepareDirectories(plan, !switchMakesSocket(plan));
  progress.vswitch = true;
  const [{ info, socket }, drafts] = await both(
    makeInterface(context, vswitch, plan, addressing),
    prepareTelling(context, plan, addressing),
  );
  await tell(context, plan, { name: info.name, addressing, record, drafts, progress });
  const result = resultOf(context, plan, socket, addressing);
  context.store.finish(plan.key, record, writeResult(result, newestVersion));
  await sweepLeftovers(context, vswitch, plan.address, sweepMs);
  return result;
}

/** Takes back what a failed ADD did, also when this run was cancelled. What could not be is told, and DEL does it. */
async function takeBack(
  context: Context,
  plan: Plan,
  record: AttachmentRecord,
  progress: Progress,
): Promise<readonly string[]> {
  const world = { ...context.world, signal: context.world.undoSignal };
  const calm = contextOf(world, context.invocation, context.loaded);
  const doomed = {
    key: plan.key,
    address: progress.vswitch ? plan.address : undefined,
    traces: record.traces,
    everywhere: false,
    unaddressed: progress.ipam === "refused" ? ("surely" as const) : undefined,
    told: { pod: progress.pod ? record.pod : undefined, id: plan.id },
  };
  try {
    await tearDown(calm, doomed, progress.ipam === "unasked" ? undefined : ipamOf(calm));
    return [];
  } catch (error) {
    return [
      `not all could be undone, DEL will try again: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}

/** The same ADD again: what is missing is made, as after a restart of the switch, and the answer is the first one's. */
async function repeat(context: Context<Loaded>, plan: Plan, record: AttachmentRecord): Promise<CniResult> {
  const { world, call } = context;
  const result = readResult("the record of the attachment", record.result ?? {}, newestVersion);
  const index = result.interfaces.findIndex(({ name }) => name === plan.id.ifName);
  const ips = result.ips.filter((ip) => ip.interface === index);
  const addressing = { ips, routes: result.routes, dns: result.dns };
  await using vswitch = unwrap(await connectTo(world, plan.address, call));
  prepareDirectories(plan, !switchMakesSocket(plan));
  const { info } = await makeInterface(context, vswitch, plan, addressing);
  await tell(context, plan, { name: info.name, addressing, record });
  return result;
}

/** ADD: makes the interface and tells the container. Gives the result in the caller's version. */
export async function add(
  world: World,
  invocation: Invocation,
  loaded: Loaded,
): Promise<Record<string, unknown>> {
  const context = contextOf(world, invocation, loaded);
  const plan = planAttachment(loaded, invocation);
  previousOf(loaded, invocation);
  checkNamespace(invocation.netns, world.env);
  using _held = await lockAttachment(context, plan.key);
  const earlier = await settleEarlier(context, plan);
  if (earlier !== undefined) return writeResult(await repeat(context, plan, earlier), loaded.version);
  const progress: Progress = { ipam: "unasked", vswitch: false, pod: false };
  const record = recordOf(context, plan);
  try {
    return writeResult(await build(context, plan, record, progress), loaded.version);
  } catch (error) {
    const leftBehind = await takeBack(context, plan, record, progress);
    throw error instanceof CniError ? error.withDetails(leftBehind) : error;
  }
}
