import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { InterfaceInfo } from "../../core/vswitch.js";
import { SwInterfaceAddDelAddress } from "../bindings/interface.js";
import { IpAddressDump } from "../bindings/ip.js";
import type { Context } from "./context.js";
import { interfaceInfo } from "./info.js";
import { normalIp } from "./ip.js";
import { noInterface, notOurs } from "./refusals.js";
import { Steps } from "./steps.js";
import { takeBack, type Change } from "./verb.js";
import { findInterface, readDetails, readWorld, type Found } from "./world.js";

/** The addresses of an interface, IPv4 first, as VPP has them. */
export async function addressesOf(
  context: Context,
  index: number,
): Promise<Result<readonly string[], VSwitchError>> {
  const [four, six] = await Promise.all([
    context.dump(IpAddressDump, { sw_if_index: index, is_ipv6: false }),
    context.dump(IpAddressDump, { sw_if_index: index, is_ipv6: true }),
  ]);
  if (four.isErr()) return four;
  if (six.isErr()) return six;
  return Ok([...four.value, ...six.value].map(({ prefix }) => prefix));
}

/** One form of an address: the way that it is written does not count. */
function normal(address: string): string {
  const [host = "", length = ""] = address.split("/");
  return `${normalIp(host)}/${length}`;
}

function change(
  context: Context,
  index: number,
  isAdd: boolean,
  prefix: string,
): Promise<Result<unknown, VSwitchError>> {
  return context.call(SwInterfaceAddDelAddress, {
    sw_if_index: index,
    is_add: isAdd,
    del_all: false,
    prefix,
  });
}

/** `setAddresses`. */
export async function setAddresses(
  verb: Change,
  name: string,
  wanted: readonly string[],
): Promise<Result<InterfaceInfo, VSwitchError>> {
  const { context } = verb;
  const { operation, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const found = findInterface(world.value, name);
  if (found === undefined) return Err(noInterface(operation, name));
  if (found.mark?.owner !== owner) return Err(notOurs(operation, `the interface ${name}`, found.mark, owner));
  const present = await addressesOf(context, found.index);
  if (present.isErr()) return present;
  const steps = new Steps();
  const set = await replace(context, steps, found, present.value, wanted);
  if (set.isErr()) return Err(await takeBack(verb, steps, set.error));
  return set.map((addresses) => interfaceInfo(found, addresses));
}

async function replace(
  context: Context,
  steps: Steps,
  found: Found,
  present: readonly string[],
  wanted: readonly string[],
): Promise<Result<readonly string[], VSwitchError>> {
  const { index, name, details } = found;
  const have = new Set(present.map(normal));
  const want = new Set(wanted.map(normal));
  const apply = async (isAdd: boolean, prefix: string): Promise<Result<unknown, VSwitchError>> => {
    // The index may be another's by now.
    const now = await readDetails(context, index);
    if (now.isErr()) return now;
    if (now.value?.tag !== details.tag || now.value.l2_address !== details.l2_address)
      return Err(noInterface(context.operation, name));
    const verb = isAdd ? "added" : "removed";
    steps.push(`the address ${prefix} of ${name}, ${verb}`, (fresh) => restore(fresh, found, !isAdd, prefix));
    const done = await change(context, index, isAdd, prefix);
    if (done.isErr() && done.error.kind === "rejected") steps.pop();
    return done;
  };
  // Those that go first: VPP refuses addresses whose subnets overlap.
  for (const prefix of present) {
    if (want.has(normal(prefix))) continue;
    const removed = await apply(false, prefix);
    if (removed.isErr()) return removed;
  }
  for (const prefix of want) {
    if (have.has(prefix)) continue;
    const added = await apply(true, prefix);
    if (added.isErr()) return added;
  }
  return addressesOf(context, index);
}

/** Undoes one change of an address, if it was done and the interface is still there. */
async function restore(
  context: Context,
  before: Found,
  isAdd: boolean,
  prefix: string,
): Promise<Result<unknown, VSwitchError>> {
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const there = world.value.interfaces.find(
    ({ details }) => details.tag === before.details.tag && details.l2_address === before.details.l2_address,
  );
  if (there === undefined) return Ok(undefined);
  const present = await addressesOf(context, there.index);
  if (present.isErr()) return present;
  if (present.value.some((address) => normal(address) === normal(prefix)) === isAdd) return Ok(undefined);
  return change(context, there.index, isAdd, prefix);
}
