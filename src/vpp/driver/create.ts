import { differences } from "../../core/differences.js";
import { ConflictError, RejectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { InterfaceSpec } from "../../core/specs.js";
import type { CreatedInterface } from "../../core/vswitch.js";
import { SwInterfaceSetFlags, SwInterfaceSetMtu, SwInterfaceTagAddDel } from "../bindings/interface.js";
import { addressesOf } from "./addresses.js";
import { targetOf, dropNameless, type Target } from "./bridges.js";
import type { Context } from "./context.js";
import {
  deleteDevice,
  dropped,
  findMade,
  isBornTagged,
  isMade,
  makeDevice,
  randomMac,
  untold,
  type MadeSpec,
  type Making,
} from "./device.js";
import { interfaceInfo, presentSpec } from "./info.js";
import { hasKey, interfaceTag } from "./marks.js";
import { acquireSocket, isRegistered, releaseSocket } from "./memif-socket.js";
import { putOn } from "./move.js";
import { changedMeanwhile, differs, notOurs, unsupported } from "./refusals.js";
import { prepareSocket } from "./socket-directory.js";
import { Steps } from "./steps.js";
import { checkSpec } from "./support.js";
import { again, mostAttempts, retrying, takeBack, type Change } from "./verb.js";
import { findDomain, findInterface, readWorld, type Found, type World } from "./world.js";

/** SYSCALL_ERROR_4: a memif master whose socket could not be bound. Its socket's record is broken from then on. */
const bindFailed = -14;

/** SYSCALL_ERROR_1. */
const tapFailed = -11;

/** `createInterface`. */
export async function create(
  change: Change,
  spec: InterfaceSpec,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { context } = change;
  const { operation, owner, client } = context;
  const fit = checkSpec(operation, owner, spec, (message) => client.capability(message));
  if (fit.isErr()) return fit;
  if (!isMade(spec)) return Err(unsupported(operation, spec.type, `${spec.type} is not offered on VPP`));
  const until = performance.now() + patienceMs;
  return retrying(change, `the interface ${spec.name}`, (nth) =>
    createOnce(change, spec, {
      isPatient: nth < mostAttempts && performance.now() < until,
      isFirst: nth === 1,
    }),
  );
}

/** How long somebody else has to finish what is half made, in milliseconds. */
const patienceMs = 1000;

interface Attempt {
  /** What somebody else has half made may still be finished. */
  readonly isPatient: boolean;
  readonly isFirst: boolean;
}

async function createOnce(
  change: Change,
  spec: MadeSpec,
  { isPatient, isFirst }: Attempt,
): Promise<Result<CreatedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const present = findInterface(world.value, spec.name);
  if (present?.mark?.isMaking === true)
    return isPatient ? again : Err(halfMade(context.operation, spec.name));
  if (present !== undefined) return existing(context, spec, present, world.value);
  const busy = occupied(context, spec, world.value);
  // It may be this very interface, made by somebody else a moment ago and without a tag still.
  if (busy !== undefined) return isPatient && busy.isNameless ? again : Err(busy.error);
  const steps = new Steps();
  const made = await make(change, steps, spec, world.value, isFirst);
  if (made === again) {
    const leftBehind = await change.undo(steps);
    return leftBehind.length === 0
      ? again
      : Err(await takeBack(change, steps, changedMeanwhile(context.operation, `the interface ${spec.name}`)));
  }
  return made.isErr() ? Err(await takeBack(change, steps, made.error)) : made;
}

async function existing(
  context: Context,
  spec: MadeSpec,
  present: Found,
  world: World,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { operation, owner } = context;
  const what = `the interface ${spec.name}`;
  if (present.mark?.owner !== owner) return Err(notOurs(operation, what, present.mark, owner));
  const unknown = untold(spec);
  const { attach, key, ...wanted } = spec;
  const told = Object.fromEntries(Object.entries(wanted).filter(([field]) => !unknown.includes(field)));
  const now = presentSpec(present);
  const found = differences(
    {
      ...told,
      ...(key !== undefined && !hasKey(present.mark, key) && { key }),
      ...(attach !== undefined && {
        attach: { bridge: findDomain(world, attach.bridge)?.name ?? attach.bridge },
      }),
    },
    now,
  );
  if (found.length > 0) return Err(differs(operation, what, found));
  const addresses = await addressesOf(context, present.index);
  if (addresses.isErr()) return addresses;
  const warnings = unknown.map(
    (field) => `VPP does not tell ${field}: whether ${spec.name} has it as given is not known`,
  );
  return Ok({ ...interfaceInfo(present, addresses.value), created: false, warnings });
}

function halfMade(operation: string, name: string): ConflictError {
  const message = `${operation}: the interface ${name} is being made by somebody else, or was left half made: deleteInterface() and collectGarbage() take it away`;
  return new ConflictError({ operation, object: `interface ${name}`, message });
}

const socketOf = (context: Context, spec: MadeSpec): string | undefined => {
  if (spec.type === "memif") return spec.socket;
  if (spec.type === "vhost-user") return spec.socket ?? `${context.socketDirectory}/${spec.name}.sock`;
  return undefined;
};

/** Refuses what VPP would refuse, or take for something else. */
function occupied(
  context: Context,
  spec: MadeSpec,
  world: World,
): { readonly error: ConflictError; readonly isNameless: boolean } | undefined {
  const { operation } = context;
  const socket = socketOf(context, spec);
  for (const { name, device, details } of world.interfaces) {
    let taken: string | undefined;
    if (device.type === "vhost-user" && device.details.sock_filename === socket)
      taken = `the socket ${socket}`;
    if (device.type === "memif" && spec.type === "memif" && device.socket === socket) {
      const isMaster = device.details.role !== "MEMIF_ROLE_API_SLAVE";
      if (isMaster !== (spec.role === "master")) taken = `the socket ${socket}, in the other role,`;
      else if (device.details.id === (spec.id ?? 0)) taken = `id ${spec.id ?? 0} on the socket ${socket}`;
    }
    if (device.type === "memif" && spec.type === "vhost-user" && device.socket === socket)
      taken = `the socket ${socket}`;
    if (
      device.type === "af-packet" &&
      spec.type === "af-packet" &&
      device.details.host_if_name === spec.device
    )
      taken = `the device ${spec.device}`;
    if (
      device.type === "tap" &&
      spec.type === "tap" &&
      device.details.host_if_name === (spec.device ?? spec.name)
    )
      taken = `the device ${device.details.host_if_name}`;
    if (taken === undefined) continue;
    const message = `${operation}: ${spec.type} interface ${spec.name}: the interface ${name} has ${taken} already: use another`;
    const error = new ConflictError({ operation, object: `interface ${spec.name}`, message });
    return { error, isNameless: details.tag === "" };
  }
  return undefined;
}

/** The smallest number of a loopback that is free. */
function freeInstance(world: World): number {
  const taken = new Set(
    world.interfaces.map(({ device }) => (device.type === "loopback" ? device.instance : -1)),
  );
  let instance = 0;
  while (taken.has(instance)) instance++;
  return instance;
}

async function make(
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
  let target: Target | undefined;
  if (spec.attach !== undefined) {
    const found = await targetOf(change, steps, world, spec.attach);
    if (found === again || found.isErr()) return found;
    target = found.value;
    const { id } = target;
    steps.push(`the bridge domain ${id}`, (fresh) => dropNameless(fresh, found.value));
  }
  let isNewSocket = false;
  let socketId = 0;
  if (spec.type === "memif") {
    const acquired = await acquireSocket(change, steps, spec.socket);
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
    instance: freeInstance(world),
  };
  const index = await makeTagged(change, steps, making);
  if (index === again || index.isErr()) return index;
  const set = await configure(context, making, index.value, target);
  if (set.isErr()) return set;
  return settle(context, steps, making, index.value, target);
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

/** SUBIF_ALREADY_EXISTS, IF_ALREADY_EXISTS, INVALID_REGISTRATION: somebody else has just made the same. */
const taken: ReadonlySet<number | undefined> = new Set([-68, -79, -31]);

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
  target: Target | undefined,
): Promise<Result<void, VSwitchError>> {
  if (spec.mtu !== undefined) {
    const set = await context.call(SwInterfaceSetMtu, { sw_if_index: index, mtu: [spec.mtu, 0, 0, 0] });
    if (set.isErr()) return set;
  }
  if (target !== undefined) {
    const put = await putOn(context, index, target.id);
    if (put.isErr()) return put;
  }
  if (spec.adminState === "down") return Ok(undefined);
  const up = await context.call(SwInterfaceSetFlags, { sw_if_index: index, flags: 1 });
  return up.map(() => undefined);
}

/**
 * Looks whether all is as it was asked for and nobody took the name at the same time, and calls it finished. Of two that
 * take one name, whoever put the tag on second sees the other's here.
 */
async function settle(
  context: Context,
  steps: Steps,
  making: Making,
  index: number,
  target: Target | undefined,
): Promise<Result<CreatedInterface, VSwitchError> | typeof again> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const { spec, mark, makingTag } = making;
  const named = world.value.interfaces.filter(({ mark }) => mark?.name === spec.name);
  const [found] = named;
  if (named.length !== 1 || found?.index !== index || found.details.tag !== makingTag) return again;
  // VPP makes a domain that was deleted a moment ago anew, without its tag.
  if (target !== undefined && (found.domain?.id !== target.id || found.domain.details.bd_tag !== target.tag))
    return again;
  const ownsSocket = mark.ownsSocket || isSharedByOurs(world.value, spec);
  const finishedTag = interfaceTag({ ...mark, ownsSocket, isMaking: false });
  steps.pop();
  steps.push(`the interface ${spec.name}`, (fresh) => unmake(fresh, making, finishedTag));
  const tagged = await tagAs(context, index, finishedTag);
  if (tagged.isErr()) return tagged;
  return Ok({ ...interfaceInfo(found, []), error: null, created: true, warnings: dropped(context, spec) });
}
