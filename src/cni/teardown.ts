import { Ok, type CallOptions, type InterfaceInfo, type VSwitch } from "../index.js";
import type { Context } from "./context.js";
import type { AttachmentId } from "./environment.js";
import { code, CniError, fromVSwitch, IpamRefusal, isAway } from "./errors.js";
import { handoverFiles } from "./handover.js";
import { ipamDelete, type Ipam } from "./ipam.js";
import type { Plan, SwitchAddress } from "./plan.js";
import { untellPod } from "./pod.js";
import { removeFile, removeIfEmpty, removeLink, removeSocket } from "./sockets.js";
import type { AttachmentRecord, RecordedPod, Traces } from "./state/record.js";
import { connectTo, findInterface } from "./switch.js";

export const noTraces: Traces = { names: [], sockets: [], files: [], directories: [] };

/** All that an ADD with this plan may leave. */
export function tracesOf(plan: Plan): Traces {
  const { layout, names, socket } = plan;
  const { base, socketDir, dataDir } = layout;
  return {
    names: [...names],
    sockets: [...new Set(names.map((name) => socket(name).host))],
    switchSockets: [...new Set(names.map((name) => socket(name).vswitch))],
    files: [...handoverFiles(plan)],
    // What the administrator gave, or other containers share, stays.
    directories: [...new Set([dataDir, socketDir])].filter((each) => each !== base && !isShared(each, plan)),
  };
}

const isShared = (directory: string, { layout, id }: Plan): boolean =>
  directory === layout.socketDir &&
  layout.socketDir !== layout.dataDir &&
  !directory.includes(id.containerId);

/** The address of a record's switch. */
export const recordedSwitch = ({ switch: at }: AttachmentRecord): SwitchAddress => ({
  engine: at.engine,
  remote: at.remote,
  datapathType: at.datapathType,
});

/** An attachment that is to go. */
export interface Doomed {
  readonly key: string;
  /** `undefined`: nothing was done on a switch. */
  readonly address: SwitchAddress | undefined;
  readonly traces: Traces;
  /** Whether to look among all our interfaces: without a record its names are a guess. */
  readonly everywhere: boolean;
  /** What is kept where there is no record: while the switch is away, and when an interface is deleted whose addresses are out. */
  readonly remembered?: AttachmentRecord | undefined;
  /**
   * When the IPAM plugin has given it no address, so that DEL is for order's sake alone, and may be refused: the same
   * wrong configuration that it refused ADD for comes again with every DEL. Left out: it may have given one.
   */
  readonly unaddressed?: "surely" | "unless the switch has it" | undefined;
  /** Whose annotations may name it. */
  readonly told?: { readonly pod: RecordedPod | undefined; readonly id: AttachmentId } | undefined;
}

/** What became of the interface: `absent`, there was none; `away`, the switch could not be asked. */
export type InterfaceOutcome = "deleted" | "absent" | "away";

/** Deletes the interface; where there is none, what a run that was killed has left of it. */
async function deleteFound(
  vswitch: VSwitch,
  found: InterfaceInfo | undefined,
  { names, switchSockets: sockets = [] }: Traces,
  call: CallOptions,
): ReturnType<VSwitch["deleteInterface"]> {
  if (found !== undefined) return vswitch.deleteInterface(found, call);
  // The last of the names is nobody else's; the first one may be another container's.
  const name = names.at(-1);
  if (name === undefined || sockets.length === 0) return Ok({ deleted: false });
  return vswitch.deleteInterface(name, { ...call, sockets });
}

/** Deletes the interface that carries the key, and no other. Throws a {@link CniError}. */
export async function deleteInterface(
  vswitch: VSwitch,
  { key, traces, everywhere }: Pick<Doomed, "key" | "traces" | "everywhere">,
  call: CallOptions,
  onFound?: (info: InterfaceInfo) => Promise<void>,
): Promise<InterfaceOutcome> {
  const found = await findInterface(vswitch, { key, names: traces.names, everywhere }, call);
  if (found.isErr()) {
    if (isAway(found.error)) return "away";
    throw fromVSwitch(found.error);
  }
  if (found.value !== undefined) await onFound?.(found.value);
  const deleted = await deleteFound(vswitch, found.value, traces, call);
  if (deleted.isOk()) return deleted.value.deleted ? "deleted" : "absent";
  const { error } = deleted;
  // It is deleted in the database; whoever carries that out is late or not there.
  if ("outcome" in error && error.outcome === "committed") return "deleted";
  if (isAway(error)) return "away";
  throw fromVSwitch(error);
}

/** An attachment by its record. */
export const doomedByRecord = (key: string, record: AttachmentRecord): Doomed => ({
  key,
  address: recordedSwitch(record),
  traces: record.traces,
  everywhere: false,
  unaddressed: record.ipamRefused === true ? "surely" : undefined,
  told: { pod: record.pod, id: record },
});

/** Connects, deletes the interface, and closes. A switch that is not there is `away`. */
export async function deleteFromSwitch(context: Context, doomed: Doomed): Promise<InterfaceOutcome> {
  const { world, call } = context;
  if (doomed.address === undefined) return "absent";
  const connected = await connectTo(world, doomed.address, call);
  if (connected.isErr()) {
    if (isAway(connected.error)) return "away";
    throw fromVSwitch(connected.error);
  }
  await using vswitch = connected.value;
  return await deleteInterface(vswitch, doomed, call, (info) => remember(context, doomed, info));
}

/**
 * An interface without a record is all that tells that its addresses are out. Before it goes it gets a record: they would be
 * forgotten with it should the IPAM plugin not take them back this time.
 */
async function remember(
  { store, world }: Context,
  { key, remembered }: Doomed,
  { name }: InterfaceInfo,
): Promise<void> {
  if (remembered?.ipam === undefined || store.idOf(key) !== undefined) return;
  const { traces } = remembered;
  try {
    await store.write(key, { ...remembered, traces: { ...traces, names: [name, ...traces.names] } });
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    world.log("warning", error.message);
  }
}

const pathsOf = ({ sockets, switchSockets = [], files }: Traces): readonly string[] => [
  ...sockets,
  ...switchSockets,
  ...files,
];

/**
 * What of these traces is nobody else's: where ids begin alike two containers may have a path in common, and it goes
 * with the last of them.
 */
export function ownTraces({ store }: Context, key: string, traces: Traces): Traces {
  const taken = new Set(store.naming(pathsOf(traces), key).flatMap((other) => pathsOf(other.traces)));
  const own = (paths: readonly string[]): string[] => paths.filter((path) => !taken.has(path));
  return {
    ...traces,
    sockets: own(traces.sockets),
    switchSockets: own(traces.switchSockets ?? []),
    files: own(traces.files),
  };
}

/** Refuses an attachment whose data would be written over another's. */
export function refuseShared({ store }: Context, key: string, { files }: Traces): void {
  const wanted = new Set(files);
  for (const { containerId, ifName, network, traces } of store.naming(files, key)) {
    const shared = traces.files.find((file) => wanted.has(file));
    if (shared === undefined) continue;
    throw new CniError({
      code: code.refused,
      message: `${shared} belongs to ${ifName} of container ${containerId} on network ${network}, whose id begins alike: leave sharedDir out, give each network a sharedDir of its own, or delete the other first`,
    });
  }
}

/** Removes sockets, files and directories of an attachment. */
export function removeTraces({ sockets, files, directories }: Traces): void {
  // First: nothing is removed through it.
  directories.forEach(removeLink);
  sockets.forEach(removeSocket);
  files.forEach(removeFile);
  directories.forEach(removeIfEmpty);
}

/** What a person can do who knows that the plugin will never take the address back. */
function wayOut({ store }: Context, key: string): readonly string[] {
  const record = store.pathOf(key);
  if (record === undefined) return [];
  return [
    `an address may be out: where the IPAM plugin is gone for good, free it by hand, remove ${record}, and DEL ends`,
  ];
}

/** Gives the addresses back. Throws a {@link CniError}. */
async function giveBack(
  context: Context,
  { key, unaddressed }: Doomed,
  outcome: InterfaceOutcome | undefined,
  ipam: Ipam,
): Promise<void> {
  try {
    await ipamDelete(ipam);
  } catch (error) {
    const isUnaddressed =
      unaddressed === "surely" || (unaddressed === "unless the switch has it" && outcome === "absent");
    if (!(error instanceof IpamRefusal) || error.code === code.tryAgain) throw error;
    if (!isUnaddressed) throw error.withDetails(wayOut(context, key));
    context.world.log(
      "warning",
      `${key} has no address to give back, and the IPAM plugin refuses: ${error.message}`,
    );
  }
}

/**
 * Takes a whole attachment away: interface, sockets and files, addresses, at last the record. A step that fails does
 * not stop the others; the first failure is thrown at the end, and the record stays for the next try. With a switch
 * that is away the attachment is done with, and its record waits for the switch to come back.
 */
export async function tearDown(context: Context, doomed: Doomed, ipam: Ipam | undefined): Promise<void> {
  const { store, world } = context;
  const failures: CniError[] = [];
  const attempt = async <T>(step: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const traces = await attempt(() => ownTraces(context, doomed.key, doomed.traces));
  const outcome = await attempt(() =>
    deleteFromSwitch(context, { ...doomed, traces: traces ?? doomed.traces }),
  );
  if (traces !== undefined) await attempt(() => removeTraces(traces));
  if (ipam !== undefined) await attempt(() => giveBack(context, doomed, outcome, ipam));
  if (doomed.told?.pod !== undefined) await untellPod(context, doomed.told.pod, doomed.told.id);
  const [first, ...others] = failures;
  if (first !== undefined) throw first.withDetails(others.map(({ message }) => message));
  if (outcome === "away") {
    world.log("warning", `the switch is away: the interface of ${doomed.key} is deleted when it is back`);
    await store.leave(doomed.key, doomed.remembered);
  } else await store.remove(doomed.key);
}
