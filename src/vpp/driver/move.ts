import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Attachment } from "../../core/specs.js";
import type { MovedInterface } from "../../core/vswitch.js";
import { addressesOf } from "./addresses.js";
import type { Context } from "./context.js";
import { pushNameless, releaseDomains, remakeDomain, targetsOf, type Targets } from "./domains.js";
import { interfaceInfo } from "./info.js";
import { arrange, hindrance, isPlaced, placeIn, placeOf, raise, vlansOf, type Place } from "./place.js";
import { changedMeanwhile, noInterface, notOurs, unsupported } from "./refusals.js";
import { Steps } from "./steps.js";
import { checkAttachment } from "./support.js";
import { hasVlan, noVlans } from "./tunnel.js";
import { again, mostAttempts, retrying, takeBack, type Change } from "./verb.js";
import { layoutOf, nowhere, type Layout } from "./vlan.js";
import {
  domainFor,
  domainsOf,
  findBridge,
  findInterface,
  readDetails,
  readWorld,
  type Domain,
  type Found,
  type World,
} from "./world.js";

/** `attachToBridge`; without an attachment `detachFromBridge`. */
export async function move(
  change: Change,
  name: string,
  attachment: Attachment | undefined,
): Promise<Result<MovedInterface, VSwitchError>> {
  const { operation, owner, client } = change.context;
  const fit =
    attachment === undefined
      ? Ok(undefined)
      : checkAttachment(operation, owner, "", attachment, (message) => client.capability(message));
  if (fit.isErr()) return fit;
  const wanted = { attachment, layout: attachment === undefined ? nowhere : layoutOf(attachment) };
  return retrying(change, `the interface ${name}`, () => moveOnce(change, name, wanted));
}

interface Wanted {
  readonly attachment: Attachment | undefined;
  readonly layout: Layout;
}

async function moveOnce(
  change: Change,
  name: string,
  wanted: Wanted,
): Promise<Result<MovedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const { operation, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findInterface(world.value, name);
  if (found === undefined) return Err(noInterface(operation, name));
  if (found.mark?.owner !== owner) return Err(notOurs(operation, `the interface ${name}`, found.mark, owner));
  const isIp = found.device.type === "memif" && found.device.details.mode === "MEMIF_MODE_API_IP";
  if (wanted.attachment !== undefined && isIp) {
    const why = `the interface ${name} is a memif of mode ip, carries no Ethernet and cannot be on a bridge`;
    return Err(unsupported(operation, "attach", why));
  }
  if (wanted.attachment !== undefined && found.device.type === "vxlan" && hasVlan(wanted.attachment))
    return Err(unsupported(operation, "attach", `the interface ${name}: ${noVlans}`));
  const hindered = hindrance(operation, world.value, found, wanted.layout);
  if (hindered !== undefined) return Err(hindered);
  if (isThere(world.value, found, wanted)) return told(context, found, false);
  const steps = new Steps();
  const moved = await moveFound(change, steps, world.value, found, wanted);
  if (moved === again) {
    // Where the other is in the way of this too, the next attempt starts from whatever is there.
    await change.undo(steps);
    return again;
  }
  return moved.isErr() ? Err(await takeBack(change, steps, moved.error)) : moved;
}

/** Whether an interface is on the bridge already, in the way that is wanted. */
function isThere(world: World, found: Found, { attachment, layout }: Wanted): boolean {
  const bridge = attachment && findBridge(world.domains, attachment.bridge);
  const targets = new Map<number, { readonly id: number; readonly tag: string }>();
  for (const vlan of vlansOf(layout)) {
    const domain = bridge && domainFor(bridge, vlan);
    if (domain === undefined) return false;
    targets.set(vlan, { id: domain.id, tag: domain.details.bd_tag });
  }
  return isPlaced(found, layout, targets);
}

async function moveFound(
  change: Change,
  steps: Steps,
  world: World,
  found: Found,
  { attachment, layout }: Wanted,
): Promise<Result<MovedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const made: Result<Targets, VSwitchError> | typeof again =
    attachment === undefined
      ? Ok(new Map())
      : await targetsOf(change, steps, world, attachment, vlansOf(layout));
  if (made === again || made.isErr()) return made;
  const targets = made.value;
  const now = await readDetails(context, found.index);
  if (now.isErr()) return now;
  if (now.value?.tag !== found.details.tag) return again;
  const place = placeIn(layout, targets);
  pushNameless(steps, targets);
  steps.push(`the interface ${found.name} on ${attachment?.bridge ?? "no bridge"}`, (fresh) =>
    putBack(fresh, found, place),
  );
  const arranged = await arrange(context, found, place);
  if (arranged === again || arranged.isErr()) return arranged;
  const there = await raised(context, found, layout);
  if (there === again || there.isErr()) return there;
  if (there.value === undefined || !isPlaced(there.value, layout, targets)) return again;
  const ids = [...targets.values()].map(({ id }) => id);
  const released = await releaseDomains(context, domainsOf(found), ids);
  if (released.isErr()) return released;
  return told(context, there.value, true);
}

/** The interface after it was arranged, with its sub-interfaces up; undefined: it is another's, or gone. */
async function raised(
  context: Context,
  found: Found,
  layout: Layout,
): Promise<Result<Found | undefined, VSwitchError> | typeof again> {
  const look = async (): Promise<Result<Found | undefined, VSwitchError>> => {
    const world = await readWorld(context);
    return world.map(({ byIndex }) => {
      const there = byIndex.get(found.index);
      return there?.details.tag === found.details.tag ? there : undefined;
    });
  };
  const there = await look();
  if (there.isErr() || there.value === undefined || layout.subs.size === 0) return there;
  const up = await raise(context, there.value);
  return up === again || up.isErr() ? up : look();
}

/** Undoes a move, unless somebody has moved or deleted the interface since: that is not ours to undo. */
async function putBack(
  context: Context,
  before: Found,
  place: Place,
): Promise<Result<unknown, VSwitchError>> {
  for (let nth = 0; nth < mostAttempts; nth++) {
    const done = await tryPutBack(context, before, place);
    if (done !== again) return done;
  }
  return Err(changedMeanwhile(context.operation, `the interface ${before.name}`));
}

async function tryPutBack(
  context: Context,
  before: Found,
  place: Place,
): Promise<Result<unknown, VSwitchError> | typeof again> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const there = world.value.interfaces.find(
    ({ details }) => details.tag === before.details.tag && details.l2_address === before.details.l2_address,
  );
  if (there === undefined || !isBetween(placeOf(there), placeOf(before), place)) return Ok(undefined);
  const homes = new Map<number, number>();
  for (const domain of domainsOf(before)) {
    const home = await homeOf(context, world.value.domains, domain);
    if (home.isErr()) return home;
    if (home.value) homes.set(domain.id, domain.id);
  }
  const home = (id: number | undefined): number | undefined => (id === undefined ? id : homes.get(id));
  const { untagged, subs } = placeOf(before);
  const arranged = await arrange(context, there, {
    untagged: home(untagged),
    subs: new Map([...subs].map(([id, domain]) => [id, home(domain)])),
  });
  if (arranged === again || arranged.isErr() || subs.size === 0) return arranged;
  const after = await readWorld(context);
  if (after.isErr()) return after;
  const back = after.value.byIndex.get(there.index);
  return back === undefined ? Ok(undefined) : raise(context, back);
}

/** Whether a place can have come about on the way from one to another. */
function isBetween(now: Place, from: Place, to: Place): boolean {
  const isKept = [...from.subs].every(([id, at]) => at !== undefined || to.subs.has(id));
  const isOnTheWay =
    now.untagged === from.untagged || now.untagged === to.untagged || (!isKept && now.untagged === undefined);
  return (
    isOnTheWay &&
    [...now.subs].every(
      ([id, at]) =>
        (from.subs.has(id) && from.subs.get(id) === at) ||
        (to.subs.has(id) && (at === undefined || to.subs.get(id) === at)),
    )
  );
}

/** Whether the domain that an interface came from is there; if it was ours and is gone, it is made again. */
async function homeOf(
  context: Context,
  domains: readonly Domain[],
  before: Domain,
): Promise<Result<boolean, VSwitchError>> {
  const isThere = domains.some(
    ({ id, details }) => id === before.id && details.bd_tag === before.details.bd_tag,
  );
  if (isThere || before.mark?.owner !== context.owner) return Ok(isThere);
  const remade = await remakeDomain(context, before);
  return remade.map(() => true);
}

async function told(
  context: Context,
  found: Found,
  moved: boolean,
): Promise<Result<MovedInterface, VSwitchError>> {
  const addresses = await addressesOf(context, found.index);
  return addresses.map((all) => ({ ...interfaceInfo(found, all), moved, reopened: false }));
}
