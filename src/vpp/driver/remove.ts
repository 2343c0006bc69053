import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { withLeftBehind } from "../../core/retold.js";
import type { Deleted } from "../../core/vswitch.js";
import type { Context } from "./context.js";
import { deleteDevice } from "./device.js";
import { releaseDomains } from "./domains.js";
import { releaseSocket } from "./memif-socket.js";
import { notOurs } from "./refusals.js";
import { removeStaleSocket } from "./socket-directory.js";
import { Steps } from "./steps.js";
import type { Change } from "./verb.js";
import { domainsOf, findInterface, readDetails, readWorld, type Found, type World } from "./world.js";

/** INVALID_SW_IF_INDEX, and of a tunnel NO_SUCH_ENTRY: it is gone already. */
const gone: ReadonlySet<number | undefined> = new Set([-2, -6]);

/** `deleteInterface`. */
export async function remove(
  change: Change,
  name: string,
  sockets: readonly string[] = [],
): Promise<Result<Deleted, VSwitchError>> {
  const { context } = change;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findInterface(world.value, name);
  if (found === undefined)
    return sockets.length === 0 ? Ok({ deleted: false }) : removeUnfinished(context, world.value, sockets);
  if (found.mark?.owner !== context.owner)
    return Err(notOurs(context.operation, `the interface ${name}`, found.mark, context.owner));
  return removeFound(change, found);
}

/**
 * Deletes what is left of an interface whose making or deletion was never finished, and that nothing tells of but its
 * sockets: a memif gets its tag after it is made, and is gone before its socket's registration is.
 */
async function removeUnfinished(
  context: Context,
  world: World,
  sockets: readonly string[],
): Promise<Result<Deleted, VSwitchError>> {
  const isOn = (path: string | null | undefined): boolean => sockets.some((socket) => socket === path);
  let isAny = false;
  for (const found of world.interfaces) {
    if (found.device.type !== "memif" || found.details.tag !== "" || !isOn(found.device.socket)) continue;
    const deleted = await deleteSame(context, found);
    if (deleted.isErr()) return deleted;
    isAny ||= deleted.value;
  }
  for (const [id, path] of world.sockets) {
    const released = isOn(path) ? await releaseSocket(context, id, path) : Ok(false);
    if (released.isErr()) return released;
    if (released.value) await removeStaleSocket(path);
  }
  const released = await releaseDomains(context, []);
  return released.map(() => ({ deleted: isAny }));
}

/**
 * Deletes an interface, and what was made for it: its memif socket, its on-demand domain. A deletion that has begun is
 * finished where the connection or the time ends under it: a memif socket carries no mark to find it by later.
 */
export async function removeFound(change: Change, found: Found): Promise<Result<Deleted, VSwitchError>> {
  const { context } = change;
  const deleted = await deleteSame(context, found);
  const finished = deleted.isOk() ? await finish(context, found) : deleted;
  if (finished.isOk()) return deleted.map((isDone) => ({ deleted: isDone }));
  const steps = new Steps();
  steps.push(`what belongs to the interface ${found.name}`, (fresh) => finishIfBegun(fresh, found));
  const leftBehind = await change.undo(steps);
  if (leftBehind.length > 0) return Err(withLeftBehind(finished.error, leftBehind));
  return deleted.map((isDone) => ({ deleted: isDone }));
}

async function finish(context: Context, found: Found): Promise<Result<unknown, VSwitchError>> {
  if (found.mark?.ownsSocket === true && found.device.type === "memif" && found.device.socket !== null) {
    const { details, socket } = found.device;
    const released = await releaseSocket(context, details.socket_id, socket);
    if (released.isErr()) return released;
    // A slave's socket is its peer's.
    if (released.value && details.role === "MEMIF_ROLE_API_MASTER") await removeStaleSocket(socket);
  }
  return releaseDomains(context, domainsOf(found));
}

/** Finishes a deletion that has begun, be it with a sub-interface. */
async function finishIfBegun(context: Context, found: Found): Promise<Result<unknown, VSwitchError>> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const { tag, l2_address: mac } = found.details;
  const there = world.value.interfaces.find(
    ({ details }) => details.tag === tag && details.l2_address === mac,
  );
  if (there !== undefined && there.subs.length === found.subs.length) return Ok(undefined);
  const deleted = there === undefined ? Ok(true) : await deleteSame(context, there);
  return deleted.isErr() ? deleted : finish(context, found);
}

/**
 * Deletes an interface if it is still the one that was found: its index may be another's by now. VPP has no request that
 * does both; the two go out one after the other, on one connection.
 */
async function deleteSame(context: Context, found: Found): Promise<Result<boolean, VSwitchError>> {
  const now = await readDetails(context, found.index);
  if (now.isErr()) return now;
  const { tag, l2_address: mac, interface_name: name } = found.details;
  const isSame = now.value?.tag === tag && now.value.l2_address === mac && now.value.interface_name === name;
  if (!isSame) return Ok(false);
  const deleted = await deleteDevice(context, found);
  if (deleted.isOk()) return Ok(true);
  return deleted.error.kind === "rejected" && gone.has(deleted.error.code) ? Ok(false) : deleted;
}
