import { differences } from "../../core/differences.js";
import { ConflictError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Attachment, InterfaceSpec } from "../../core/specs.js";
import type { CreatedInterface } from "../../core/vswitch.js";
import { addressesOf } from "./addresses.js";
import type { Context } from "./context.js";
import { isMade, untold, type MadeSpec } from "./device.js";
import { interfaceInfo, presentSpec } from "./info.js";
import { make } from "./make.js";
import { hasKey } from "./marks.js";
import { occupied } from "./occupied.js";
import { changedMeanwhile, differs, notOurs, unsupported } from "./refusals.js";
import { Steps } from "./steps.js";
import { checkSpec } from "./support.js";
import { normalTunnel } from "./tunnel.js";
import { again, mostAttempts, retrying, takeBack, type Change } from "./verb.js";
import { findBridge, findInterface, readWorld, type Found, type World } from "./world.js";

/** `createInterface`. */
export async function create(
  change: Change,
  spec: InterfaceSpec,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { context } = change;
  const { operation, owner, client } = context;
  const fit = checkSpec(operation, owner, spec, (message) => client.capability(message));
  if (fit.isErr()) return fit;
  if (!isMade(spec)) return Err(unsupported(operation, spec.type, `${spec.type} is not offered on VPP`));
  const until = performance.now() + patienceMs;
  return retrying(change, `the interface ${spec.name}`, (nth) =>
    createOnce(change, spec, {
      isPatient: nth < mostAttempts && performance.now() < until,
      isFirst: nth === 1,
    }),
  );
}

/** How long somebody else has to finish what is half made, in milliseconds. */
const patienceMs = 1000;

interface Attempt {
  /** What somebody else has half made may still be finished. */
  readonly isPatient: boolean;
  readonly isFirst: boolean;
}

async function createOnce(
  change: Change,
  spec: MadeSpec,
  { isPatient, isFirst }: Attempt,
): Promise<Result<CreatedInterface, VSwitchError> | typeof again> {
  const { context } = change;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const present = findInterface(world.value, spec.name);
  if (present?.mark?.isMaking === true)
    return isPatient ? again : Err(halfMade(context.operation, spec.name));
  if (present !== undefined) return existing(context, spec, present, world.value);
  const busy = occupied(context, spec, world.value);
  // It may be this very interface, made by somebody else a moment ago and without a tag still.
  if (busy !== undefined) return isPatient && busy.isNameless ? again : Err(busy.error);
  const steps = new Steps();
  const made = await make(change, steps, spec, world.value, isFirst);
  if (made === again) {
    const leftBehind = await change.undo(steps);
    return leftBehind.length === 0
      ? again
      : Err(await takeBack(change, steps, changedMeanwhile(context.operation, `the interface ${spec.name}`)));
  }
  return made.isErr() ? Err(await takeBack(change, steps, made.error)) : made;
}

async function existing(
  context: Context,
  spec: MadeSpec,
  present: Found,
  world: World,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { operation, owner } = context;
  const what = `the interface ${spec.name}`;
  if (present.mark?.owner !== owner) return Err(notOurs(operation, what, present.mark, owner));
  const unknown = untold(spec);
  const { attach, key, ...wanted } = spec.type === "vxlan" ? normalTunnel(spec) : spec;
  const told = Object.fromEntries(Object.entries(wanted).filter(([field]) => !unknown.includes(field)));
  const now = presentSpec(present, attach);
  const found = differences(
    {
      ...told,
      ...(key !== undefined && !hasKey(present.mark, key) && { key }),
      ...(attach !== undefined && { attach: wantedAttachment(attach, world) }),
    },
    now,
  );
  if (found.length > 0) return Err(differs(operation, what, found));
  const addresses = await addressesOf(context, present.index);
  if (addresses.isErr()) return addresses;
  const warnings = unknown.map(
    (field) => `VPP does not tell ${field}: whether ${spec.name} has it as given is not known`,
  );
  return Ok({ ...interfaceInfo(present, addresses.value), created: false, warnings });
}

function wantedAttachment(attach: Attachment, world: World): Record<string, unknown> {
  const { bridge, vlanMode, tag, trunks = [] } = attach;
  return {
    bridge: findBridge(world.domains, bridge)?.name ?? bridge,
    vlanMode,
    tag,
    // An empty list is none.
    ...(trunks.length > 0 && { trunks }),
  };
}

function halfMade(operation: string, name: string): ConflictError {
  const message = `${operation}: the interface ${name} is being made by somebody else, or was left half made: deleteInterface() and collectGarbage() take it away`;
  return new ConflictError({ operation, object: `interface ${name}`, message });
}
