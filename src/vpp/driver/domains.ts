import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { BridgeDomainAddDel, BridgeDomainAddDelV2, BridgeDomainDump } from "../bindings/l2.js";
import type { Context } from "./context.js";
import { domainTag, readDomainTag, type DomainMark } from "./marks.js";
import { noBridge } from "./refusals.js";
import type { Steps } from "./steps.js";
import { mostDomain, numberOf } from "./support.js";
import { again, type Change } from "./verb.js";
import { domainFor, findBridge, none, readDomains, type Domain, type World } from "./world.js";

/* Bridge domains, one by one. A bridge is one or more of them: see `vlan.ts`. */

const alreadyExists = -119;
const hasMembers = -120;
const noSuchDomain = -6;

const isRejected = (error: VSwitchError, ...codes: readonly number[]): boolean =>
  error.kind === "rejected" && error.code !== undefined && codes.includes(error.code);

/** The number is another domain's. */
export const isTaken = (error: VSwitchError): boolean => isRejected(error, alreadyExists);

/** Makes a domain, or with `isAdd: false` deletes it. */
export function sendDomain(
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
export async function dropDomain(context: Context, id: number): Promise<Result<boolean, VSwitchError>> {
  const dropped = await sendDomain(context, id, false, "");
  if (dropped.isOk()) return Ok(true);
  return isRejected(dropped.error, hasMembers, noSuchDomain) ? Ok(false) : Err(dropped.error);
}

/** Half of the numbers is left to people. */
const firstNamed = 0x80_0000;

/**
 * The number of a domain that goes by a name: found from the name, so that two who make it at once collide, and VPP
 * refuses the second.
 */
export function numberFor(name: string, taken: ReadonlySet<number>): number {
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

/** Where to put an interface: the domains of some VLANs of a bridge, by VLAN. */
export type Targets = ReadonlyMap<number, Target>;

/** The domains of a bridge for these VLANs, made where they are not there; `again`: somebody else has just made one. */
export async function targetsOf(
  change: Change,
  steps: Steps,
  world: World,
  wanted: { readonly bridge: string; readonly createBridge?: boolean | undefined },
  vlans: Iterable<number>,
): Promise<Result<Targets, VSwitchError> | typeof again> {
  const { operation, owner } = change.context;
  const bridge = findBridge(world.domains, wanted.bridge);
  if (bridge === undefined && wanted.createBridge === false) return Err(noBridge(operation, wanted.bridge));
  const name = bridge?.name ?? wanted.bridge;
  const targets = new Map<number, Target>();
  for (const vlan of vlans) {
    const present = bridge && domainFor(bridge, vlan);
    const kind = vlan === 0 ? "on-demand" : "vlan";
    const target =
      present === undefined
        ? await makeDomain(change, steps, world, { owner, name, kind, vlan })
        : Ok({ id: present.id, tag: present.details.bd_tag });
    if (target === again || target.isErr()) return target;
    targets.set(vlan, target.value);
  }
  return Ok(targets);
}

/** Notes that what VPP makes of a domain that goes meanwhile is to be taken back. */
export function pushNameless(steps: Steps, targets: Targets): void {
  for (const target of targets.values())
    steps.push(`the bridge domain ${target.id}`, (fresh) => dropNameless(fresh, target));
}

/** Whether the domain that something was put in is the one that was meant: VPP makes one that is gone anew, without its tag. */
export const isTarget = (domain: Domain | undefined, target: Target | undefined): boolean =>
  domain?.id === target?.id && domain?.details.bd_tag === target?.tag;

/** Makes a domain of ours; `again`: somebody else has its number. */
export async function makeDomain(
  { context }: Change,
  steps: Steps,
  world: World,
  mark: DomainMark,
): Promise<Result<Target, VSwitchError> | typeof again> {
  const { name, vlan } = mark;
  const id = numberFor(
    vlan === 0 ? name : `${name}\0${vlan}`,
    new Set(world.domains.map((domain) => domain.id)),
  );
  const tag = domainTag(mark);
  const what = vlan === 0 ? name : `${name} of VLAN ${vlan}`;
  steps.push(`the bridge domain ${what}`, (fresh) => dropIfOurs(fresh, id, tag));
  const made = await sendDomain(context, id, true, tag);
  if (made.isOk()) return Ok({ id, tag });
  if (!isTaken(made.error)) return Err(made.error);
  steps.pop();
  return again;
}

/** Makes a domain of ours again that was deleted a moment ago. */
export async function remakeDomain(
  context: Context,
  { id, details }: Domain,
): Promise<Result<unknown, VSwitchError>> {
  const made = await sendDomain(context, id, true, details.bd_tag);
  return made.isErr() && isTaken(made.error) ? Ok(undefined) : made;
}

/** Deletes a domain that has this tag and nothing on it. */
export async function dropIfOurs(
  context: Context,
  id: number,
  tag: string,
): Promise<Result<unknown, VSwitchError>> {
  const read = await context.dump(BridgeDomainDump, { bd_id: id, sw_if_index: none });
  if (read.isErr()) return read;
  const present = read.value.find((domain) => domain.bd_id === id);
  if (present?.bd_tag !== tag || present.sw_if_details.length > 0) return Ok(undefined);
  return dropDomain(context, id);
}

/** How long a domain of ours that nothing is on may be in the hands of somebody who is just using it, in milliseconds. */
const strayMs = 5;

/** Whether a domain is this owner's, made on demand, and nothing is on it. */
export const isLeft = (context: Context, { mark, members, keptBy }: Domain): boolean =>
  mark?.owner === context.owner &&
  members.length === 0 &&
  (mark.kind === "vlan" || (mark.kind === "on-demand" && keptBy === undefined));

/**
 * Deletes such a domain, and makes it again where `ensureBridge` has just said that it stays. Gives whether it is gone by
 * our hand.
 */
export async function dropLeft(context: Context, domain: Domain): Promise<Result<boolean, VSwitchError>> {
  const dropped = await dropDomain(context, domain.id);
  if (dropped.isErr() || !dropped.value || domain.mark?.kind === "vlan") return dropped;
  const read = await context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none });
  if (read.isErr()) return read;
  const isKept = read.value.some(({ bd_tag: tag }) => {
    const mark = readDomainTag(tag);
    return mark?.kind === "kept" && mark.owner === domain.mark?.owner && mark.name === domain.mark.name;
  });
  return isKept ? (await remakeDomain(context, domain)).map(() => false) : dropped;
}

/**
 * Deletes the on-demand domains that an interface has left, and others that nothing is on: when two move one interface at
 * once, one of them takes it from a domain that it does not know of. `targets` are the domains that it is in now.
 */
export async function releaseDomains(
  context: Context,
  left: readonly Domain[],
  targets: readonly number[] = [],
): Promise<Result<unknown, VSwitchError>> {
  const read = await readDomains(context);
  if (read.isErr()) return read;
  const known = new Map(left.map((domain) => [domain.id, domain]));
  const strays: Domain[] = [];
  for (const domain of read.value) {
    if (targets.includes(domain.id)) continue;
    const before = known.get(domain.id);
    if (before !== undefined && isNameless(context, before, domain)) {
      const dropped = await dropDomain(context, domain.id);
      if (dropped.isErr()) return dropped;
    }
    if (!isLeft(context, domain)) continue;
    if (before === undefined) strays.push(domain);
    else {
      const dropped = await dropLeft(context, domain);
      if (dropped.isErr()) return dropped;
    }
  }
  return strays.length === 0 ? Ok(undefined) : releaseStrays(context, strays);
}

/**
 * Whether a domain that was left is what VPP made anew, without its tag, of one of ours that went while something was put
 * in it: it was ours then, or has a number that people are not to use.
 */
const isNameless = (context: Context, before: Domain, { id, details, members }: Domain): boolean =>
  details.bd_tag === "" &&
  members.length === 0 &&
  (before.mark?.owner === context.owner || (before.details.bd_tag === "" && id >= firstNamed));

async function releaseStrays(
  context: Context,
  strays: readonly Domain[],
): Promise<Result<unknown, VSwitchError>> {
  await sleep(strayMs);
  const later = await readDomains(context);
  if (later.isErr()) return later;
  for (const domain of later.value) {
    const isStray = strays.some(
      ({ id, details }) => id === domain.id && details.bd_tag === domain.details.bd_tag,
    );
    const dropped = isStray && isLeft(context, domain) ? await dropLeft(context, domain) : Ok(undefined);
    if (dropped.isErr()) return dropped;
  }
  return Ok(undefined);
}

/** What is left of a domain that was deleted while something was put on it: VPP made it anew, without a tag. */
async function dropNameless(context: Context, { id, tag }: Target): Promise<Result<unknown, VSwitchError>> {
  return tag === "" ? Ok(undefined) : dropIfOurs(context, id, "");
}
