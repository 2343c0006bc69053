import { ConflictError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { BridgeSpec } from "../../core/specs.js";
import type { Deleted, EnsuredBridge } from "../../core/vswitch.js";
import type { Context } from "./context.js";
import { dropDomain, dropIfOurs, isTaken, makeDomain, numberFor, sendDomain } from "./domains.js";
import { bridgeInfo, lifetimeOf, markOf } from "./info.js";
import { domainTag } from "./marks.js";
import { notOurs, unsupported } from "./refusals.js";
import { Steps } from "./steps.js";
import { checkBridgeName } from "./support.js";
import { again, retrying, takeBack, type Change } from "./verb.js";
import {
  bridgesOf,
  findBridge,
  readDomains,
  readWorld,
  type Bridge,
  type Domain,
  type World,
} from "./world.js";

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
  const present = findBridge(world.value.domains, spec.name);
  if (present !== undefined && (present.own !== undefined || markOf(present)?.owner !== owner)) {
    const isOnDemand = markOf(present)?.owner === owner && lifetimeOf(present.own) === "on-demand";
    if (isOnDemand) return keep(change, present, world.value);
    return Ok({ ...bridgeInfo(present, world.value), created: false });
  }
  const steps = new Steps();
  const mark = { owner, name: spec.name, kind: "persistent", vlan: 0 } as const;
  const made = await makeDomain(change, steps, world.value, mark);
  if (made === again) return again;
  if (made.isErr()) return Err(await takeBack(change, steps, made.error));
  const after = await readWorld(context);
  if (after.isErr()) return Err(await takeBack(change, steps, after.error));
  const bridge = bridgesOf(after.value.domains).find(({ own }) => own?.id === made.value.id);
  if (bridge === undefined) return again;
  return Ok({ ...bridgeInfo(bridge, after.value), created: present === undefined });
}

/** Makes a bridge persistent that was made on demand. VPP cannot change a bd_tag: an empty domain beside it says that it stays. */
async function keep(
  change: Change,
  { name, own, vlans }: Bridge,
  world: World,
): Promise<Result<EnsuredBridge, VSwitchError> | typeof again> {
  const { context } = change;
  const steps = new Steps();
  const id = numberFor(`${name}\0kept`, new Set(world.domains.map((domain) => domain.id)));
  const tag = domainTag({ owner: context.owner, name, kind: "kept", vlan: 0 });
  steps.push(`the mark that the bridge domain ${name} stays`, (fresh) => dropIfOurs(fresh, id, tag));
  const kept = await sendDomain(context, id, true, tag);
  if (kept.isErr() && isTaken(kept.error)) return again;
  if (kept.isErr()) return Err(await takeBack(change, steps, kept.error));
  const after = await readDomains(context);
  if (after.isErr()) return Err(await takeBack(change, steps, after.error));
  const now = after.value.find((domain) => domain.id === own?.id && domain.mark?.name === name);
  if (now !== undefined) return Ok({ ...bridgeInfo({ name, own: now, vlans }, world), created: false });
  // The last interface has just left it. A mark that cannot be taken back goes with collectGarbage.
  await change.undo(steps);
  return again;
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
  return checkBridgeName(operation, owner, "name", spec.name, false);
}

/** `deleteBridge`. */
export async function removeBridge(change: Change, name: string): Promise<Result<Deleted, VSwitchError>> {
  const { context } = change;
  const { operation, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const present = findBridge(world.value.domains, name);
  if (present === undefined) return Ok({ deleted: false });
  const mark = markOf(present);
  if (mark?.owner !== owner) return Err(notOurs(operation, `the bridge ${name}`, mark, owner));
  const { interfaces } = bridgeInfo(present, world.value);
  if (interfaces.length > 0) return Err(notEmpty(operation, name, interfaces));
  const { own, vlans } = present;
  let deleted = false;
  for (const domain of [...vlans, ...(own === undefined ? [] : [own])]) {
    if (domain.mark?.owner !== owner) continue;
    const dropped = await dropOr(context, domain, () =>
      notEmpty(operation, name, ["an interface that has just come"]),
    );
    if (dropped.isErr()) return dropped;
    deleted ||= dropped.value;
  }
  if (own?.keptBy !== undefined) {
    const unkept = await dropDomain(context, own.keptBy);
    if (unkept.isErr()) return unkept;
  }
  return Ok({ deleted });
}

/** Deletes a domain that was empty; gives whether it did, or why not where something is on it now. */
async function dropOr(
  context: Context,
  { id }: Domain,
  whyNot: () => VSwitchError,
): Promise<Result<boolean, VSwitchError>> {
  const dropped = await dropDomain(context, id);
  if (dropped.isErr() || dropped.value) return dropped;
  const left = await readDomains(context);
  if (left.isErr()) return left;
  return left.value.some((domain) => domain.id === id) ? Err(whyNot()) : Ok(false);
}

function notEmpty(operation: string, name: string, interfaces: readonly string[]): ConflictError {
  const message = `${operation}: the bridge ${name} still has ${interfaces.slice(0, 5).join(", ")}${interfaces.length > 5 ? ", ..." : ""} on it: delete or detach these first`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}
