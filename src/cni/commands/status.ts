import type { VSwitchError } from "../../core/errors.js";
import { contextOf, ipamOf } from "../context.js";
import type { Invocation } from "../environment.js";
import { code, CniError, isAway } from "../errors.js";
import { findPlugin, ipamIfKnown } from "../ipam.js";
import { Defaults, resolveEnds } from "../netconf/ends.js";
import type { Loaded } from "../netconf/load.js";
import { switchAddress } from "../plan.js";
import { connectTo } from "../switch.js";
import type { World } from "../world.js";

const unavailable = (message: string, cause?: unknown): CniError =>
  new CniError({ code: code.notAvailable, message, cause });

/** Of a switch that does not answer it is not known whether it still carries the packets of those that are on it. */
const unanswered = (error: VSwitchError): CniError =>
  isAway(error) || error.kind === "aborted"
    ? new CniError({ code: code.limited, message: error.message, cause: error })
    : unavailable(error.message, error);

/**
 * STATUS: whether an ADD could work now. Throws a {@link CniError} of code 51 when the switch does not answer, of code 50 when
 * it cannot do it, or the IPAM plugin is not there (CNI specification 1.1.0, section 2, STATUS).
 */
export async function status(world: World, invocation: Invocation, loaded: Loaded): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const { host } = resolveEnds(loaded.conf, new Defaults());
  const connected = await connectTo(world, switchAddress(loaded.conf), context.call);
  if (connected.isErr()) throw unanswered(connected.error);
  {
    await using vswitch = connected.value;
    const able = await vswitch.capabilities(context.call);
    if (able.isErr()) throw unanswered(able.error);
    const type = host.iftype === "memif" ? "memif" : "vhost-user";
    const support = able.value.interfaceTypes[type];
    if (!support.supported) throw unavailable(`the switch can make no ${type} interface: ${support.why}`);
    const { addresses } = able.value;
    if (host.netType === "interface" && !addresses.supported)
      throw unavailable(`the switch gives no addresses to interfaces: ${addresses.why}`);
  }
  const ipam = ipamOf(context);
  if (ipam === undefined) return;
  try {
    findPlugin(ipam);
  } catch (error) {
    throw error instanceof CniError ? unavailable(error.message, error) : error;
  }
  await ipamIfKnown(ipam, "STATUS");
}
