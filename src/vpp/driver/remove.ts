import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Deleted } from "../../core/vswitch.js";
import { releaseDomain } from "./bridges.js";
import type { Context } from "./context.js";
import { deleteDevice } from "./device.js";
import { releaseSocket } from "./memif-socket.js";
import { notOurs } from "./refusals.js";
import type { Change } from "./verb.js";
import { findInterface, readDetails, readWorld, type Found } from "./world.js";

/** INVALID_SW_IF_INDEX: it is gone already. */
const gone = -2;

/** `deleteInterface`. */
export async function remove({ context }: Change, name: string): Promise<Result<Deleted, VSwitchError>> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findInterface(world.value, name);
  if (found === undefined) return Ok({ deleted: false });
  if (found.mark?.owner !== context.owner)
    return Err(notOurs(context.operation, `the interface ${name}`, found.mark, context.owner));
  return removeFound(context, found);
}

/** Deletes an interface, and what was made for it: its memif socket, its on-demand domain. */
export async function removeFound(context: Context, found: Found): Promise<Result<Deleted, VSwitchError>> {
  const deleted = await deleteSame(context, found);
  if (deleted.isErr()) return deleted;
  if (found.mark?.ownsSocket === true && found.device.type === "memif" && found.device.socket !== null) {
    const released = await releaseSocket(context, found.device.socket);
    if (released.isErr()) return released;
  }
  const released = await releaseDomain(context, found.domain);
  if (released.isErr()) return released;
  return Ok({ deleted: deleted.value });
}

/**
 * Deletes an interface if it is still the one that was found: its index may be another's by now. VPP has no request that
 * does both; the two go out one after the other, on one connection.
 */
export async function deleteSame(context: Context, found: Found): Promise<Result<boolean, VSwitchError>> {
  const now = await readDetails(context, found.index);
  if (now.isErr()) return now;
  const { tag, l2_address: mac, interface_name: name } = found.details;
  const isSame = now.value?.tag === tag && now.value.l2_address === mac && now.value.interface_name === name;
  if (!isSame) return Ok(false);
  const deleted = await deleteDevice(context, found);
  if (deleted.isOk()) return Ok(true);
  return deleted.error.kind === "rejected" && deleted.error.code === gone ? Ok(false) : deleted;
}
