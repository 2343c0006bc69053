import type { VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { Deleted } from "../core/vswitch.js";
import { commit, commitPrepared, committedApplied, notApplied, retrying, type Context } from "./context.js";
import { lookUp } from "./lookup.js";
import { leavingOf, ownPort } from "./placement.js";
import { deleteOperations, type Leaving, type OwnPort } from "./plan.js";
import type { Uuid } from "./rows.js";

/** `deleteInterface`. With `only`, an interface of this name with another id is left alone: it is a later one. */
export async function remove(
  context: Context,
  name: string,
  only?: Uuid,
): Promise<Result<Deleted, VSwitchError>> {
  const root = context.session.knownRoot ?? (await context.session.rootId(context.deadline));
  if (root.isErr()) return root;
  return await retrying(context, (nth) => {
    const seen = nth === 0 ? context.seen.ports.get(name) : undefined;
    context.seen.ports.delete(name);
    if (seen === undefined || (only !== undefined && only !== seen.interface)) {
      return removeOnFacts(context, root.value, name, only);
    }
    return take(context, root.value, { name, owner: context.owner, ...seen }, undefined);
  });
}

async function removeOnFacts(
  context: Context,
  root: Uuid,
  name: string,
  only: Uuid | undefined,
): Promise<Result<Deleted, VSwitchError>> {
  const found = await lookUp(context.session, context.deadline, name, undefined);
  if (found.isErr()) return found;
  const there = found.value.interface;
  if (there === undefined) return Ok({ deleted: false });
  const own = ownPort(context, there);
  if (own.isErr()) return own;
  // On no bridge: between two reads somebody deleted it, and the database is about to collect it.
  if (own.value === undefined || (only !== undefined && own.value.interface !== only))
    return Ok({ deleted: false });
  const leaving = await leavingOf(context, own.value, there.bridgeRow);
  if (leaving.isErr()) return leaving;
  return take(context, root, own.value, leaving.value);
}

async function take(
  context: Context,
  root: Uuid,
  own: OwnPort,
  leaving: Leaving | undefined,
): Promise<Result<Deleted, VSwitchError>> {
  const change = { root, wait: context.wait };
  const known = leaving === undefined ? context.session.prepared.delete(change, own) : undefined;
  const committed = await (known === undefined
    ? commit(context, root, deleteOperations(root, own, leaving))
    : commitPrepared(context, known));
  if (committed.isErr()) return committed;
  const done = await committedApplied(context, committed.value);
  if (done?.isErr() === true) {
    const doing = `waiting for ovs-vswitchd to let go of ${own.name}, which is deleted in the database (is ovs-vswitchd running?)`;
    return Err(notApplied(context, doing, done.error));
  }
  return Ok({ deleted: true });
}
