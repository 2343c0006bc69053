import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Attachment } from "../../core/specs.js";
import type { MovedInterface } from "../../core/vswitch.js";
import { SwInterfaceSetL2Bridge } from "../bindings/l2.js";
import { addressesOf } from "./addresses.js";
import { dropNameless, releaseDomains, remakeDomain, targetOf } from "./bridges.js";
import type { Context } from "./context.js";
import { interfaceInfo } from "./info.js";
import { changedMeanwhile, noInterface, notOurs, unsupported } from "./refusals.js";
import { Steps } from "./steps.js";
import { checkAttachment } from "./support.js";
import { again, retrying, takeBack, type Change } from "./verb.js";
import { findDomain, findInterface, readDetails, readWorld, type Domain, type Found } from "./world.js";

/** Puts an interface in a bridge domain, from wherever it is; without a domain it is taken off. */
export async function putOn(
  context: Context,
  index: number,
  domain: number | undefined,
): Promise<Result<unknown, VSwitchError>> {
  return context.call(SwInterfaceSetL2Bridge, {
    rx_sw_if_index: index,
    bd_id: domain ?? 0,
    port_type: "L2_API_PORT_TYPE_NORMAL",
    shg: 0,
    enable: domain !== undefined,
  });
}

/** `attachToBridge`; without an attachment `detachFromBridge`. */
export async function move(
  change: Change,
  name: string,
  attachment: Attachment | undefined,
): Promise<Result<MovedInterface, VSwitchError>> {
  const { operation, owner } = change.context;
  const fit = attachment === undefined ? Ok(undefined) : checkAttachment(operation, owner, "", attachment);
  if (fit.isErr()) return fit;
  return retrying(change, `the interface ${name}`, () => moveOnce(change, name, attachment));
}

async function moveOnce(
  change: Change,
  name: string,
  attachment: Attachment | undefined,
): Promise<Result<MovedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const { operation, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findInterface(world.value, name);
  if (found === undefined) return Err(noInterface(operation, name));
  if (found.mark?.owner !== owner) return Err(notOurs(operation, `the interface ${name}`, found.mark, owner));
  if (
    attachment !== undefined &&
    found.device.type === "memif" &&
    found.device.details.mode === "MEMIF_MODE_API_IP"
  )
    return Err(
      unsupported(
        operation,
        "attach",
        `the interface ${name} is a memif of mode ip, carries no Ethernet and cannot be on a bridge`,
      ),
    );
  const wanted = attachment === undefined ? undefined : findDomain(world.value, attachment.bridge);
  const isThere =
    attachment === undefined
      ? found.domain === undefined
      : wanted !== undefined && wanted.id === found.domain?.id;
  if (isThere) return told(context, found, false);
  const steps = new Steps();
  const moved = await moveFound(change, steps, found, attachment);
  if (moved === again) {
    const leftBehind = await change.undo(steps);
    return leftBehind.length === 0 ? again : Err(changedMeanwhile(operation, `the interface ${name}`));
  }
  return moved.isErr() ? Err(await takeBack(change, steps, moved.error)) : moved;
}

async function moveFound(
  change: Change,
  steps: Steps,
  found: Found,
  attachment: Attachment | undefined,
): Promise<Result<MovedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const target =
    attachment === undefined ? undefined : await targetOf(change, steps, world.value, attachment);
  if (target === again) return again;
  if (target?.isErr() === true) return target;
  const to = target?.isOk() === true ? target.value : undefined;
  const now = await readDetails(context, found.index);
  if (now.isErr()) return now;
  if (now.value?.tag !== found.details.tag) return again;
  if (to !== undefined) steps.push(`the bridge domain ${to.id}`, (fresh) => dropNameless(fresh, to));
  steps.push(`the interface ${found.name} on ${attachment?.bridge ?? "no bridge"}`, (fresh) =>
    putBack(fresh, found, to?.id),
  );
  const put = await putOn(context, found.index, to?.id);
  if (put.isErr()) return put;
  const after = await readWorld(context);
  if (after.isErr()) return after;
  const there = after.value.byIndex.get(found.index);
  if (there?.details.tag !== found.details.tag || there.domain?.id !== to?.id) return again;
  if (to !== undefined && there.domain?.details.bd_tag !== to.tag) return again;
  const released = await releaseDomains(context, found.domain, to?.id);
  if (released.isErr()) return released;
  return told(context, there, true);
}

/** Undoes a move, unless somebody has moved or deleted the interface since: that is not ours to undo. */
async function putBack(
  context: Context,
  before: Found,
  from: number | undefined,
): Promise<Result<unknown, VSwitchError>> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const there = world.value.interfaces.find(
    ({ details }) => details.tag === before.details.tag && details.l2_address === before.details.l2_address,
  );
  if (there === undefined || there.domain?.id !== from) return Ok(undefined);
  const home = homeOf(world.value.domains, before.domain);
  if (home === undefined && before.domain?.mark?.owner === context.owner) {
    const remade = await remakeDomain(context, before.domain);
    if (remade.isErr()) return remade;
    return putOn(context, there.index, before.domain.id);
  }
  return putOn(context, there.index, home);
}

/** The domain that an interface came from, if it is still there. */
const homeOf = (domains: readonly Domain[], before: Domain | undefined): number | undefined =>
  domains.find(({ id, details }) => id === before?.id && details.bd_tag === before.details.bd_tag)?.id;

async function told(
  context: Context,
  found: Found,
  moved: boolean,
): Promise<Result<MovedInterface, VSwitchError>> {
  const addresses = await addressesOf(context, found.index);
  return addresses.map((all) => ({ ...interfaceInfo(found, all), moved, reopened: false }));
}
