import { randomInt } from "node:crypto";
import { RejectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { CreatedInterface } from "../../core/vswitch.js";
import {
  SwInterfaceSetFlags,
  SwInterfaceSetMacAddress,
  SwInterfaceSetMtu,
  SwInterfaceTagAddDel,
} from "../bindings/interface.js";
import type { Context } from "./context.js";
import {
  deleteDevice,
  dropped,
  findMade,
  isBornTagged,
  makeDevice,
  randomMac,
  type MadeSpec,
  type Making,
} from "./device.js";
import { pushNameless, targetsOf, type Targets } from "./domains.js";
import { interfaceInfo } from "./info.js";
import { interfaceTag } from "./marks.js";
import { acquireSocket, isRegistered, releaseSocket } from "./memif-socket.js";
import { socketOf } from "./occupied.js";
import { arrange, isPlaced, placeIn, raise, vlansOf, type Place } from "./place.js";
import { prepareSocket } from "./socket-directory.js";
import type { Steps } from "./steps.js";
import { again, type Change } from "./verb.js";
import { layoutOf, nowhere, type Layout } from "./vlan.js";
import { readWorld, type Found, type World } from "./world.js";

/** SYSCALL_ERROR_4: a memif master whose socket could not be bound. Its socket's record is broken from then on. */
const bindFailed = -14;

/** SYSCALL_ERROR_1. */
const tapFailed = -11;

/** The smallest number of a loopback that is free. */
function freeInstance(world: World): number {
  const taken = new Set(
    world.interfaces.map(({ device }) => (device.type === "loopback" ? device.instance : -1)),
  );
  let instance = 0;
  while (taken.has(instance)) instance++;
  return instance;
}

/** People's tunnels are numbered from 0 on: from its number one is known again whose creation was not answered. */
const randomInstance = (): number => randomInt(0x10_0000, 0x100_0000);

/** Makes an interface where nothing is in the way; `again`: somebody else has got in the way meanwhile. */
export async function make(
  change: Change,
  steps: Steps,
  spec: MadeSpec,
  world: World,
  isFirst: boolean,
): Promise<Result<CreatedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const { operation } = context;
  const socket = socketOf(context, spec);
  const listens =
    (spec.type === "memif" && spec.role === "master") ||
    (spec.type === "vhost-user" && spec.mode === "server");
  if (listens && socket !== undefined && !hasMemif(world, socket)) {
    const prepared = await prepareSocket(operation, steps, socket);
    // Whoever listens there may be this VPP, since the look at it: the next look tells.
    if (prepared.isErr()) return isFirst && prepared.error.kind === "conflict" ? again : prepared;
  }
  const layout = spec.attach === undefined ? nowhere : layoutOf(spec.attach);
  let targets: Targets = new Map();
  if (spec.attach !== undefined) {
    const found = await targetsOf(change, steps, world, spec.attach, vlansOf(layout));
    if (found === again || found.isErr()) return found;
    targets = found.value;
    pushNameless(steps, targets);
  }
  let isNewSocket = false;
  let socketId = 0;
  if (spec.type === "memif") {
    const acquired = await acquireSocket(change, steps, world.sockets, spec.socket);
    if (acquired.isErr()) return acquired;
    socketId = acquired.value.id;
    isNewSocket = acquired.value.isNew;
  }
  const ownsSocket = isNewSocket || isSharedByOurs(world, spec);
  const mark = { owner: context.owner, name: spec.name, key: spec.key ?? spec.name, ownsSocket };
  const making: Making = {
    spec,
    mac: spec.mac ?? randomMac(),
    mark,
    makingTag: interfaceTag({ ...mark, isMaking: true }),
    socket: socket ?? "",
    socketId,
    isNewSocket,
    instance: spec.type === "vxlan" ? randomInstance() : freeInstance(world),
  };
  const index = await makeTagged(change, steps, making);
  if (index === again || index.isErr()) return index;
  const set = await configure(context, making, index.value, placeIn(layout, targets));
  if (set === again || set.isErr()) return set;
  return settle(context, steps, making, index.value, { layout, targets });
}

/** Whether VPP itself has the socket for a memif: then it listens there already. */
const hasMemif = (world: World, socket: string): boolean =>
  world.interfaces.some(({ device }) => device.type === "memif" && device.socket === socket);

/** A socket goes with the last of the memifs that it was registered for: each of them says so. */
const isSharedByOurs = (world: World, spec: MadeSpec): boolean =>
  spec.type === "memif" &&
  world.interfaces.some(
    ({ mark, device }) =>
      mark?.ownsSocket === true && device.type === "memif" && device.socket === spec.socket,
  );

/**
 * SUBIF_ALREADY_EXISTS, IF_ALREADY_EXISTS, INVALID_REGISTRATION, TUNNEL_EXIST, INSTANCE_IN_USE: somebody else has just
 * made the same.
 */
const taken: ReadonlySet<number | undefined> = new Set([-68, -79, -31, -75, -147]);

async function makeTagged(
  change: Change,
  steps: Steps,
  making: Making,
): Promise<Result<number, VSwitchError> | typeof again> {
  const { context, brokenSockets } = change;
  const { spec } = making;
  steps.push(`the interface ${spec.name}`, (fresh) => unmake(fresh, making, undefined));
  const made = await makeDevice(context, making);
  if (made.isErr()) {
    if (made.error.kind !== "rejected") return made;
    // What else the answer holds means nothing: nothing was made.
    steps.pop();
    const { code } = made.error;
    if (code === bindFailed && spec.type === "memif") {
      brokenSockets.add(making.socketId);
      await dropBroken(context, steps, making);
    }
    if (taken.has(code) || (code === noSuchId && (await hasLostSocket(context, making)))) return again;
    return Err(refusedByVpp(context.operation, spec, made.error));
  }
  if (isBornTagged(spec)) return made;
  const [tagged, isAstray] = await Promise.all([
    tagAs(context, made.value, making.makingTag),
    hasLostSocket(context, making),
  ]);
  if (tagged.isErr()) return tagged;
  return isAstray ? again : made;
}

/** INVALID_ARGUMENT: of a memif also an id that no socket has. */
const noSuchId = -73;

/** Whether somebody else took the registration of a memif's socket back since it was looked up: its id may be another's. */
async function hasLostSocket(context: Context, { spec, socketId, socket }: Making): Promise<boolean> {
  if (spec.type !== "memif") return false;
  const registered = await isRegistered(context, socketId, socket);
  return registered.isOk() && !registered.value;
}

/** Whatever else stays: with the broken record of a socket the next memif would be made, and be deaf, and the third end VPP. */
async function dropBroken(
  context: Context,
  steps: Steps,
  { isNewSocket, socketId, socket }: Making,
): Promise<void> {
  if (!isNewSocket) return;
  const released = await releaseSocket(context, socketId, socket);
  if (released.isOk() && released.value) steps.pop();
}

/** What the numbers of VPP most often mean here. */
function hintOf(spec: MadeSpec, code: number | undefined): string {
  if (spec.type === "tap" && code === tapFailed)
    return ": VPP could not open /dev/vhost-net or make the device; is the module vhost_net loaded, and is VPP root?";
  if (spec.type === "memif" && code === bindFailed)
    return `: VPP could not listen on ${spec.socket}; may it write there, and is nothing else at that path?`;
  if (spec.type === "af-packet") return `: is there a device ${spec.device} in VPP's network namespace?`;
  return "";
}

function refusedByVpp(operation: string, spec: MadeSpec, error: RejectedError): RejectedError {
  const { reason, details, code } = error;
  const message = `${operation}: VPP could not make the ${spec.type} interface ${spec.name}: ${details} (${reason}${code === undefined ? "" : `, ${code}`})${hintOf(spec, code)}`;
  return new RejectedError({
    operation,
    reason,
    details,
    cause: error,
    message,
    ...(code !== undefined && { code }),
  });
}

const tagAs = (context: Context, index: number, tag: string): Promise<Result<unknown, VSwitchError>> =>
  context.call(SwInterfaceTagAddDel, { is_add: true, sw_if_index: index, tag });

/** Deletes what was to be made, if it was. `finishedTag`: it may have got that already. */
async function unmake(
  context: Context,
  making: Making,
  finishedTag: string | undefined,
): Promise<Result<unknown, VSwitchError>> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findMade(world.value, making, finishedTag);
  return found === undefined ? Ok(undefined) : deleteDevice(context, found);
}

async function configure(
  context: Context,
  { spec }: Making,
  index: number,
  place: Place,
): Promise<Result<void, VSwitchError> | typeof again> {
  if (spec.mtu !== undefined) {
    const set = await context.call(SwInterfaceSetMtu, { sw_if_index: index, mtu: [spec.mtu, 0, 0, 0] });
    if (set.isErr()) return set;
  }
  if (spec.mac !== undefined && spec.type === "vxlan") {
    const set = await context.call(SwInterfaceSetMacAddress, { sw_if_index: index, mac_address: spec.mac });
    if (set.isErr()) return set;
  }
  return await arrange(context, { index, domain: undefined, subs: [] }, place);
}

/** Brings the interface up, or down: VPP makes a tunnel that is up, and everything else down. */
async function enable(
  context: Context,
  { adminState, type }: MadeSpec,
  index: number,
): Promise<Result<unknown, VSwitchError>> {
  if (adminState === "down" && type !== "vxlan") return Ok(undefined);
  return await context.call(SwInterfaceSetFlags, {
    sw_if_index: index,
    flags: adminState === "down" ? 0 : 1,
  });
}

/** Where an interface was to be put. */
interface Seating {
  readonly layout: Layout;
  readonly targets: Targets;
}

/**
 * Brings it up, looks whether all is as it was asked for and nobody took the name at the same time, and calls it finished. Of two that
 * take one name, whoever put the tag on second sees the other's here.
 */
async function settle(
  context: Context,
  steps: Steps,
  making: Making,
  index: number,
  seating: Seating,
): Promise<Result<CreatedInterface, VSwitchError> | typeof again> {
  const { spec, mark } = making;
  // In one write: VPP answers one after the other.
  const [enabled, looked] = await Promise.all([
    enable(context, spec, index),
    lookAt(context, making, index, seating),
  ]);
  if (enabled.isErr()) return Err(enabled.error);
  if (looked === again || looked.isErr()) return looked;
  const { found, world } = looked.value;
  const ownsSocket = mark.ownsSocket || isSharedByOurs(world, spec);
  const finishedTag = interfaceTag({ ...mark, ownsSocket, isMaking: false });
  steps.pop();
  steps.push(`the interface ${spec.name}`, (fresh) => unmake(fresh, making, finishedTag));
  const tagged = await tagAs(context, index, finishedTag);
  if (tagged.isErr()) return tagged;
  return Ok({ ...interfaceInfo(found, []), error: null, created: true, warnings: dropped(context, spec) });
}

/** The interface as it was made, with its sub-interfaces up. */
async function lookAt(
  context: Context,
  { spec, makingTag }: Making,
  index: number,
  { layout, targets }: Seating,
): Promise<Result<{ readonly found: Found; readonly world: World }, VSwitchError> | typeof again> {
  for (let isRaised = layout.subs.size === 0; ; isRaised = true) {
    const world = await readWorld(context);
    if (world.isErr()) return world;
    const named = world.value.interfaces.filter(({ mark }) => mark?.name === spec.name);
    const [found] = named;
    if (named.length !== 1 || found?.index !== index || found.details.tag !== makingTag) return again;
    if (isRaised) return isPlaced(found, layout, targets) ? Ok({ found, world: world.value }) : again;
    const up = await raise(context, found);
    if (up === again || up.isErr()) return up;
  }
}
