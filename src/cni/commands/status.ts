import { contextOf, ipamOf } from "../context.js";
import type { Invocation } from "../environment.js";
import { code, CniError } from "../errors.js";
import { findPlugin, ipamIfKnown } from "../ipam.js";
import { Defaults, resolveEnds } from "../netconf/ends.js";
import type { Loaded } from "../netconf/load.js";
import { switchAddress } from "../plan.js";
import { connectTo } from "../switch.js";
import type { World } from "../world.js";

const unavailable = (message: string, cause?: unknown): CniError =>
  new CniError({ code: code.notAvailable, message, cause });

/** STATUS: whether an ADD could work now. Throws a {@link CniError} of code 50 when the switch cannot do it. */
export async function status(world: World, invocation: Invocation, loaded: Loaded): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const { host } = resolveEnds(loaded.conf, new Defaults());
  const connected = await connectTo(world, switchAddress(loaded.conf), context.call);
  if (connected.isErr()) throw unavailable(connected.error.message, connected.error);
  {
    await using vswitch = connected.value;
    const able = await vswitch.capabilities(context.call);
    if (able.isErr()) throw unavailable(able.error.message, able.error);
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
