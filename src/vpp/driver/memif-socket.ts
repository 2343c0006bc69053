import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import {
  MemifSocketFilenameAddDel,
  MemifSocketFilenameAddDelV2,
  MemifSocketFilenameDump,
} from "../bindings/memif.js";
import type { Context } from "./context.js";
import { changedMeanwhile } from "./refusals.js";
import type { Steps } from "./steps.js";
import type { Change } from "./verb.js";

/** ENTRY_ALREADY_EXISTS and, on older releases, SUBIF_ALREADY_EXISTS: the id is another socket's. */
const idTaken: ReadonlySet<number | undefined> = new Set([-116, -68]);

/** How many ids that others take in between are tried. */
const mostTries = 1000;

/** INVALID_ARGUMENT: no such id. */
const noSuchId = -73;

/** UNEXPECTED_INTF_STATE: memifs use it. */
const inUse = -74;

async function readSockets(context: Context): Promise<Result<ReadonlyMap<number, string>, VSwitchError>> {
  const read = await context.dump(MemifSocketFilenameDump, {});
  return read.map((sockets) => new Map(sockets.map((each) => [each.socket_id, each.socket_filename])));
}

async function send(
  context: Context,
  isAdd: boolean,
  id: number,
  path: string,
): Promise<Result<unknown, VSwitchError>> {
  const request = { is_add: isAdd, socket_id: id, socket_filename: path };
  return context.has(MemifSocketFilenameAddDelV2)
    ? context.call(MemifSocketFilenameAddDelV2, request)
    : context.call(MemifSocketFilenameAddDel, request);
}

function lowestId(sockets: ReadonlyMap<number, string>, path: string): number | undefined {
  const ids = [...sockets].filter(([, other]) => other === path).map(([id]) => id);
  return ids.length === 0 ? undefined : Math.min(...ids);
}

/** The smallest number that is free, as people number them: `memif1/0` is the first. */
function freeId(sockets: ReadonlyMap<number, string>, not: ReadonlySet<number>): number {
  let id = 1;
  while (sockets.has(id) || not.has(id)) id++;
  return id;
}

/** A registered memif socket. */
export interface MemifSocket {
  readonly id: number;
  readonly isNew: boolean;
}

/**
 * The id of a memif socket, registered where it is not yet: of what is `known`, a moment old, only the first try is made,
 * and each is looked at behind it. Others may register sockets at the same time: VPP refuses an id that another path has,
 * and of two ids for one path the lower one counts.
 */
export async function acquireSocket(
  change: Change,
  steps: Steps,
  known: ReadonlyMap<number, string>,
  path: string,
): Promise<Result<MemifSocket, VSwitchError>> {
  const { context, brokenSockets } = change;
  const registration = `the memif socket ${path}`;
  for (let nth = 0; nth < mostTries; nth++) {
    const before = nth === 0 ? Ok(known) : await readSockets(context);
    if (before.isErr()) return before;
    const present = lowestId(before.value, path);
    if (present !== undefined) return Ok({ id: present, isNew: false });
    const id = freeId(before.value, brokenSockets);
    steps.push(registration, (fresh) => releaseSocket(fresh, id, path));
    // In one write: VPP answers one after the other.
    const [added, after] = await Promise.all([send(context, true, id, path), readSockets(context)]);
    if (added.isErr()) {
      if (added.error.kind !== "rejected") return added;
      steps.pop();
      if (idTaken.has(added.error.code)) continue;
      return added;
    }
    if (after.isErr()) return after;
    if (lowestId(after.value, path) === id) return Ok({ id, isNew: true });
    const released = after.value.get(id) === path ? await dropSocket(context, id, path) : Ok(true);
    if (released.isErr()) return released;
    steps.pop();
  }
  return Err(changedMeanwhile(context.operation, registration));
}

/** Gives whether the id is free now. */
async function dropSocket(
  context: Context,
  id: number,
  path: string,
): Promise<Result<boolean, VSwitchError>> {
  const dropped = await send(context, false, id, path);
  if (dropped.isOk()) return Ok(true);
  const { error } = dropped;
  if (error.kind === "rejected" && error.code === inUse) return Ok(false);
  return error.kind === "rejected" && error.code === noSuchId ? Ok(true) : Err(error);
}

/**
 * Takes back the registration of a socket that nothing uses (any more), if the id still is that path's. VPP refuses it
 * while a memif does. Gives whether the socket is registered no more.
 */
export async function releaseSocket(
  context: Context,
  id: number,
  path: string,
): Promise<Result<boolean, VSwitchError>> {
  const registered = await isRegistered(context, id, path);
  if (registered.isErr()) return registered;
  return registered.value && id !== 0 ? dropSocket(context, id, path) : Ok(!registered.value);
}

/** Whether an id is that of this path. While a memif uses it, it stays so. */
export async function isRegistered(
  context: Context,
  id: number,
  path: string,
): Promise<Result<boolean, VSwitchError>> {
  const sockets = await readSockets(context);
  return sockets.map((all) => all.get(id) === path);
}
