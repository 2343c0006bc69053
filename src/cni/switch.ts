import type { CallOptions, CreatedInterface, InterfaceInfo, VSwitch, VSwitchError } from "../index.js";
import { Err, Ok, type Result } from "../index.js";
import { fromVSwitch } from "./errors.js";
import { owner } from "./names.js";
import type { Plan, SwitchAddress } from "./plan.js";
import type { World } from "./world.js";

/** Connects to the switch of an attachment. */
export function connectTo(
  world: World,
  { engine, remote, datapathType }: SwitchAddress,
  call: CallOptions,
): Promise<Result<VSwitch, VSwitchError>> {
  return world.connect({
    engine,
    owner,
    ...call,
    ...(remote !== undefined && { remote }),
    ...(datapathType !== undefined && { datapathType }),
  });
}

const isOf = (info: InterfaceInfo, key: string): boolean =>
  info.mark?.owner === owner && info.mark.key === key;

/** Every error but that there is none. */
async function named(
  vswitch: VSwitch,
  name: string,
  call: CallOptions,
): Promise<Result<InterfaceInfo | undefined, VSwitchError>> {
  const found = await vswitch.getInterface(name, { statistics: false, ...call });
  if (found.isOk()) return found;
  return found.error.kind === "not-found" ? Ok(undefined) : found;
}

/**
 * The attachment's interface: by the names that it may have, and where `everywhere` says so among all of ours. The
 * mark decides whose it is: a name alone may be another container's.
 */
export async function findInterface(
  vswitch: VSwitch,
  { key, names, everywhere }: { key: string; names: readonly string[]; everywhere: boolean },
  call: CallOptions,
): Promise<Result<InterfaceInfo | undefined, VSwitchError>> {
  for (const name of names) {
    const found = await named(vswitch, name, call);
    if (found.isErr()) return found;
    if (found.value !== undefined && isOf(found.value, key)) return found;
  }
  if (!everywhere) return Ok(undefined);
  const all = await vswitch.listInterfaces({ ownOnly: true, statistics: false, ...call });
  return all.map((interfaces) => interfaces.find((info) => isOf(info, key)));
}

/** A name that another attachment has: container ids may begin alike. */
const isTaken = (error: VSwitchError): boolean =>
  error.kind === "conflict" ||
  (error.kind === "already-exists" && error.differences.some(({ path }) => path === "key"));

/** Makes the interface under the first of its names that is free. */
export async function createInterface(
  vswitch: VSwitch,
  plan: Plan,
  call: CallOptions,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const [usual, other] = plan.names;
  const first = await vswitch.createInterface(plan.spec(usual), call);
  if (first.isOk() || !isTaken(first.error)) return first;
  const second = await vswitch.createInterface(plan.spec(other), call);
  return second.isErr() && isTaken(second.error) ? Err(first.error) : second;
}

/** Throws what a driver says as a {@link CniError}. */
export function unwrap<T>(result: Result<T, VSwitchError>): T {
  if (result.isOk()) return result.value;
  throw fromVSwitch(result.error);
}
