import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { BridgeSpec } from "../../core/specs.js";
import type { Deleted, EnsuredBridge } from "../../core/vswitch.js";
import { BridgeDomainAddDel, BridgeDomainAddDelV2, BridgeDomainDump } from "../bindings/l2.js";
import type { Context } from "./context.js";
import { bridgeInfo, lifetimeOf } from "./info.js";
import { domainTag, readDomainTag, type DomainMark } from "./marks.js";
import { noBridge, notOurs, unsupported } from "./refusals.js";
import { Steps } from "./steps.js";
import { checkBridgeName, mostDomain, numberOf } from "./support.js";
import { again, retrying, takeBack, type Change } from "./verb.js";
import { findDomain, none, readDomains, readWorld, type Domain, type World } from "./world.js";

const alreadyExists = -119;
const hasMembers = -120;
const noSuchDomain = -6;

const isRejected = (error: VSwitchError, ...codes: readonly number[]): boolean =>
  error.kind === "rejected" && error.code !== undefined && codes.includes(error.code);

function send(
  context: Context,
  id: number,
  isAdd: boolean,
  tag: string,
): Promise<Result<unknown, VSwitchError>> {
  const request = {
    bd_id: id,
    flood: isAdd,
    uu_flood: isAdd,
    forward: isAdd,
    learn: isAdd,
    arp_term: false,
    arp_ufwd: false,
    mac_age: 0,
    bd_tag: tag,
    is_add: isAdd,
  };
  return context.has(BridgeDomainAddDelV2)
    ? context.call(BridgeDomainAddDelV2, request)
    : context.call(BridgeDomainAddDel, request);
}

/** Deletes a domain that is empty; one that is in use, or gone, is left. Gives whether it did. */
async function dropDomain(context: Context, id: number): Promise<Result<boolean, VSwitchError>> {
  const dropped = await send(context, id, false, "");
  if (dropped.isOk()) return Ok(true);
  return isRejected(dropped.error, hasMembers, noSuchDomain) ? Ok(false) : Err(dropped.error);
}

/** Half of the numbers is left to people. */
const firstNamed = 0x80_0000;

/**
 * The number of a domain that goes by a name: found from the name, so that two who make it at once collide, and VPP
 * refuses the second.
 */
function numberFor(name: string, taken: ReadonlySet<number>): number {
  const number = numberOf(name);
  if (number !== undefined) return number;
  const start = createHash("sha256").update(name).digest().readUInt32BE(0) % firstNamed;
  let offset = start;
  while (taken.has(firstNamed + offset)) offset = (offset + 1) % firstNamed;
  return Math.min(firstNamed + offset, mostDomain);
}

/** A domain to put an interface in. */
export interface Target {
  readonly id: number;
  readonly tag: string;
}

/** The domain of a name, made where it is not there; `again`: somebody else has just made another. */
export async function targetOf(
  change: Change,
  steps: Steps,
  world: World,
  wanted: { readonly bridge: string; readonly createBridge?: boolean | undefined },
): Promise<Result<Target, VSwitchError> | typeof again> {
  const { context } = change;
  const present = findDomain(world, wanted.bridge);
  if (present !== undefined) return Ok({ id: present.id, tag: present.details.bd_tag });
  if (wanted.createBridge === false) return Err(noBridge(context.operation, wanted.bridge));
  return makeDomain(change, steps, world, {
    owner: context.owner,
    name: wanted.bridge,
    kind: "on-demand",
  });
}

async function makeDomain(
  { context }: Change,
  steps: Steps,
  world: World,
  mark: DomainMark,
): Promise<Result<Target, VSwitchError> | typeof again> {
  const id = numberFor(mark.name, new Set(world.domains.map((domain) => domain.id)));
  const tag = domainTag(mark);
  steps.push(`the bridge domain ${mark.name}`, (fresh) => dropIfOurs(fresh, id, tag));
  const made = await send(context, id, true, tag);
  if (made.isOk()) return Ok({ id, tag });
  if (!isRejected(made.error, alreadyExists)) return Err(made.error);
  steps.pop();
  return again;
}

/** Makes a domain of ours again that was deleted a moment ago. */
export async function remakeDomain(
  context: Context,
  { id, details }: Domain,
): Promise<Result<unknown, VSwitchError>> {
  const made = await send(context, id, true, details.bd_tag);
  return made.isErr() && isRejected(made.error, alreadyExists) ? Ok(undefined) : made;
}

/** Deletes a domain that has this tag and nothing on it. */
async function dropIfOurs(context: Context, id: number, tag: string): Promise<Result<unknown, VSwitchError>> {
  const read = await context.dump(BridgeDomainDump, { bd_id: id, sw_if_index: none });
  if (read.isErr()) return read;
  const present = read.value.find((domain) => domain.bd_id === id);
  if (present?.bd_tag !== tag || present.sw_if_details.length > 0) return Ok(undefined);
  return dropDomain(context, id);
}

/** How long a domain of ours that nothing is on may be in the hands of somebody who is just using it, in milliseconds. */
const strayMs = 5;

const isLeft = (context: Context, domain: Domain): boolean =>
  domain.mark?.owner === context.owner && lifetimeOf(domain) === "on-demand" && domain.members.length === 0;

/** Deletes such a domain, and makes it again where `ensureBridge` has just said that it stays. */
async function dropLeft(context: Context, domain: Domain): Promise<Result<unknown, VSwitchError>> {
  const dropped = await dropDomain(context, domain.id);
  if (dropped.isErr() || !dropped.value) return dropped;
  const read = await context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none });
  if (read.isErr()) return read;
  const isKept = read.value.some(({ bd_tag: tag }) => {
    const mark = readDomainTag(tag);
    return mark?.kind === "kept" && mark.owner === domain.mark?.owner && mark.name === domain.mark.name;
  });
  return isKept ? remakeDomain(context, domain) : Ok(undefined);
}

/**
 * Deletes the on-demand domain that an interface has left, and others that nothing is on: when two move one interface at
 * once, one of them takes it from a domain that it does not know of. `target` is where it is now.
 */
export async function releaseDomains(
  context: Context,
  left: Domain | undefined,
  target?: number,
): Promise<Result<unknown, VSwitchError>> {
  const read = await readDomains(context);
  if (read.isErr()) return read;
  const empty = read.value.filter((domain) => domain.id !== target && isLeft(context, domain));
  const strays = empty.filter(({ id }) => id !== left?.id);
  for (const domain of empty) {
    if (domain.id !== left?.id) continue;
    const dropped = await dropLeft(context, domain);
    if (dropped.isErr()) return dropped;
  }
  if (strays.length === 0) return Ok(undefined);
  await sleep(strayMs);
  const later = await readDomains(context);
  if (later.isErr()) return later;
  for (const domain of later.value) {
    const isStray = strays.some(({ id, name }) => id === domain.id && name === domain.name);
    const dropped = isStray && isLeft(context, domain) ? await dropLeft(context, domain) : Ok(undefined);
    if (dropped.isErr()) return dropped;
  }
  return Ok(undefined);
}

/** What is left of a domain that was deleted while something was put on it: VPP made it anew, without a tag. */
export async function dropNameless(
  context: Context,
  { id, tag }: Target,
): Promise<Result<unknown, VSwitchError>> {
  return tag === "" ? Ok(undefined) : dropIfOurs(context, id, "");
}

/** `ensureBridge`. */
export function ensure(change: Change, spec: BridgeSpec): Promise<Result<EnsuredBridge, VSwitchError>> {
  return retrying(change, `the bridge ${spec.name}`, () => ensureOnce(change, spec));
}

async function ensureOnce(
  change: Change,
  spec: BridgeSpec,
): Promise<Result<EnsuredBridge, VSwitchError> | typeof again> {
  const { context } = change;
  const { operation, owner } = context;
  const fit = checkBridge(operation, owner, spec);
  if (fit.isErr()) return fit;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const present = findDomain(world.value, spec.name);
  const steps = new Steps();
  if (present?.mark?.owner === owner && lifetimeOf(present) === "on-demand") {
    // VPP cannot change a bd_tag: an empty domain beside it says that it stays.
    const { name } = present;
    const id = numberFor(`${name}\0kept`, new Set(world.value.domains.map((domain) => domain.id)));
    steps.push(`the mark that the bridge domain ${name} stays`, (fresh) =>
      dropIfOurs(fresh, id, domainTag({ owner, name, kind: "kept" })),
    );
    const kept = await send(context, id, true, domainTag({ owner, name, kind: "kept" }));
    if (kept.isErr() && isRejected(kept.error, alreadyExists)) return again;
    if (kept.isErr()) return Err(await takeBack(change, steps, kept.error));
    const after = await readDomains(context);
    if (after.isErr()) return Err(await takeBack(change, steps, after.error));
    const isThere = after.value.some((now) => now.id === present.id && now.mark?.name === name);
    if (isThere) return Ok({ ...bridgeInfo({ ...present, keptBy: id }, world.value), created: false });
    // The last interface has just left it. A mark that cannot be taken back goes with collectGarbage.
    await change.undo(steps);
    return again;
  }
  if (present !== undefined) return Ok({ ...bridgeInfo(present, world.value), created: false });
  const made = await makeDomain(change, steps, world.value, { owner, name: spec.name, kind: "persistent" });
  if (made === again) return again;
  if (made.isErr()) return Err(await takeBack(change, steps, made.error));
  const after = await readWorld(context);
  if (after.isErr()) return Err(await takeBack(change, steps, after.error));
  const domain = after.value.domains.find(({ id }) => id === made.value.id);
  return domain === undefined ? again : Ok({ ...bridgeInfo(domain, after.value), created: true });
}

function checkBridge(operation: string, owner: string, spec: BridgeSpec): Result<void, VSwitchError> {
  if (spec.failMode !== undefined)
    return Err(
      unsupported(operation, "failMode", "failMode: VPP has no controllers that could fail: leave it out"),
    );
  if (spec.externalIds !== undefined && Object.keys(spec.externalIds).length > 0)
    return Err(
      unsupported(operation, "externalIds", "externalIds: VPP keeps no external ids: leave them out"),
    );
  return checkBridgeName(operation, owner, "name", spec.name);
}

/** `deleteBridge`. */
export async function removeBridge(change: Change, name: string): Promise<Result<Deleted, VSwitchError>> {
  const { context } = change;
  const { operation, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const present = findDomain(world.value, name);
  if (present === undefined) return Ok({ deleted: false });
  if (present.mark?.owner !== owner)
    return Err(notOurs(operation, `the bridge ${name}`, present.mark, owner));
  const { interfaces } = bridgeInfo(present, world.value);
  if (interfaces.length > 0) return Err(notEmpty(operation, name, interfaces));
  const dropped = await dropDomain(context, present.id);
  if (dropped.isErr()) return dropped;
  if (!dropped.value) {
    const left = await readDomains(context);
    if (left.isErr()) return left;
    if (left.value.some(({ id }) => id === present.id))
      return Err(notEmpty(operation, name, ["an interface that has just come"]));
  }
  if (present.keptBy !== undefined) {
    const unkept = await dropDomain(context, present.keptBy);
    if (unkept.isErr()) return unkept;
  }
  return Ok({ deleted: dropped.value });
}

function notEmpty(operation: string, name: string, interfaces: readonly string[]): ConflictError {
  const message = `${operation}: the bridge ${name} still has ${interfaces.slice(0, 5).join(", ")}${interfaces.length > 5 ? ", ..." : ""} on it: delete or detach these first`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}

/** Deletes this owner's on-demand domains that nothing is on, and marks whose domain is gone. */
export async function sweepDomains(context: Context): Promise<Result<void, VSwitchError>> {
  const domains = await readDomains(context);
  if (domains.isErr()) return domains;
  for (const domain of domains.value) {
    if (!isLeft(context, domain)) continue;
    const gone = await dropLeft(context, domain);
    if (gone.isErr()) return gone;
  }
  return sweepKeepers(context);
}

async function sweepKeepers(context: Context): Promise<Result<void, VSwitchError>> {
  const read = await context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none });
  if (read.isErr()) return read;
  const onDemand = new Set<string>();
  for (const { bd_tag: tag } of read.value) {
    const mark = readDomainTag(tag);
    if (mark?.owner === context.owner && mark.kind === "on-demand") onDemand.add(mark.name);
  }
  for (const { bd_id: id, bd_tag: tag } of read.value) {
    const mark = readDomainTag(tag);
    if (mark?.owner !== context.owner || mark.kind !== "kept" || onDemand.has(mark.name)) continue;
    const gone = await dropDomain(context, id);
    if (gone.isErr()) return gone;
  }
  return Ok(undefined);
}
