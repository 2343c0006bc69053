import type { VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { Attachment } from "../core/specs.js";
import type { MovedInterface } from "../core/vswitch.js";
import { checkApplied } from "./check.js";
import { commit, retrying, type Committed, type Context } from "./context.js";
import { interfaceInfo, vlanOf } from "./info.js";
import { lookUp, type Found } from "./lookup.js";
import { bridgeNameOf, leavingOf, ownPort, targetOf } from "./placement.js";
import { moveOperations, vlanOperations, type OwnPort } from "./plan.js";
import { noInterface } from "./refusals.js";
import type { Uuid } from "./rows.js";
import { portColumns } from "./spec-columns.js";

/** `attachToBridge`; without an attachment `detachFromBridge`: the port moves to the holding bridge. */
export async function move(
  context: Context,
  name: string,
  attachment: Attachment | undefined,
): Promise<Result<MovedInterface, VSwitchError>> {
  const root = await context.session.rootId(context.deadline);
  if (root.isErr()) return root;
  return retrying(context, () => moveOnFacts(context, root.value, name, attachment));
}

/** What an undo takes back: a port where a verb has put it. */
interface Placed {
  readonly port: Uuid;
  readonly attachment: Attachment | undefined;
}

/** Undoes a move, unless somebody has moved or deleted the port since: that is not ours to undo. */
async function moveBack(
  context: Context,
  name: string,
  back: Attachment | undefined,
  from: Placed,
): Promise<Result<unknown, VSwitchError>> {
  const root = await context.session.rootId(context.deadline);
  if (root.isErr()) return root;
  const moved = await retrying(context, () => moveOnFacts(context, root.value, name, back, from));
  return moved.isErr() && moved.error.kind === "not-found" ? Ok(undefined) : moved;
}

async function moveOnFacts(
  context: Context,
  root: Uuid,
  name: string,
  attachment: Attachment | undefined,
  from?: Placed,
): Promise<Result<MovedInterface, VSwitchError>> {
  const { operation, session, deadline } = context;
  const looked = await lookUp(session, deadline, name, bridgeNameOf(attachment));
  if (looked.isErr()) return looked;
  const found = looked.value.interface;
  if (found === undefined) return Err(noInterface(operation, name));
  const own = ownPort(context, found);
  if (own.isErr()) return own;
  if (own.value === undefined) return Err(noInterface(operation, name));
  const here = own.value.bridge.name === bridgeNameOf(attachment);
  const isThere = here && (attachment === undefined || sameVlan(found, attachment));
  if (isThere || (from !== undefined && !isStill(found, own.value, from))) {
    const info = interfaceInfo(found, session.facts.vhostSocketDirectory);
    return Ok({ ...info, moved: false, reopened: false });
  }
  context.seen.ports.delete(name);
  if (here && attachment !== undefined) {
    const committed = await commit(context, root, vlanOperations(own.value, attachment));
    if (committed.isErr()) return committed;
    return settle(context, found, own.value, attachment, committed.value, false);
  }
  const target = targetOf(context, attachment, looked.value);
  if (target.isErr()) return target;
  const leaving = await leavingOf(context, own.value, found.bridgeRow);
  if (leaving.isErr()) return leaving;
  const operations = moveOperations(root, own.value, leaving.value, target.value, attachment);
  const committed = await commit(context, root, operations);
  if (committed.isErr()) return committed;
  return settle(context, found, own.value, attachment, committed.value, true);
}

const isStill = (found: Found, own: OwnPort, { port, attachment }: Placed): boolean =>
  own.port === port && own.bridge.name === bridgeNameOf(attachment) && sameVlan(found, attachment);

function sameVlan(found: Found, attachment: Attachment | undefined): boolean {
  const now = found.port;
  if (now === undefined) return false;
  const wanted = portColumns(attachment);
  return (
    now.tag === wanted.tag &&
    now.vlan_mode === wanted.vlan_mode &&
    now.trunks.length === wanted.trunks.length &&
    wanted.trunks.every((vlan) => now.trunks.includes(vlan))
  );
}

async function settle(
  context: Context,
  before: Found,
  own: OwnPort,
  attachment: Attachment | undefined,
  committed: Committed,
  reopened: boolean,
): Promise<Result<MovedInterface, VSwitchError>> {
  const back = before.bridge && { bridge: before.bridge.name, ...vlanOf(before.port) };
  const checked = await checkApplied(context, committed, {
    what: `the interface ${own.name} on ${attachment?.bridge ?? "no bridge"}`,
    interface: own.interface,
    type: before.interface.type,
    undo: (fresh) => moveBack(fresh, own.name, back, { port: own.port, attachment }),
  });
  if (checked.isErr()) return checked;
  // Without waiting nobody knows yet what vswitchd makes of it: what it wrote of the old place no longer counts.
  const row = { ...before.interface, ...(checked.value ?? { ofport: null, error: null }) };
  const info = interfaceInfo(
    { interface: row, port: portColumns(attachment), bridge: attachment && { name: attachment.bridge } },
    context.session.facts.vhostSocketDirectory,
  );
  return Ok({ ...info, moved: true, reopened });
}
