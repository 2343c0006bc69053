import { contextOf, ipamOf, lockTimeoutMs, type Context } from "../context.js";
import type { Invocation } from "../environment.js";
import type { Ipam } from "../ipam.js";
import { attachmentKey } from "../names.js";
import type { Loaded } from "../netconf/load.js";
import { planAttachment } from "../plan.js";
import { lock } from "../state/lock.js";
import type { Found } from "../state/store.js";
import { recordedSwitch, tearDown, tracesOf, type Doomed } from "../teardown.js";
import type { World } from "../world.js";

/** The IPAM plugin that gave the addresses, with the configuration that it had then. */
function ipamOfRecord(context: Context, found: Found): Ipam | undefined {
  const now = ipamOf(context);
  const then = typeof found === "string" ? undefined : found.record.ipam;
  if (then === undefined) return now;
  const { invocation, loaded, world } = context;
  const { ipamTimeoutMs: timeoutMs = 30_000 } = loaded.conf;
  const { version } = loaded;
  if (now !== undefined && now.type === then.type) return now;
  return { ...then, path: invocation.path, env: world.env, version, timeoutMs, signal: world.signal };
}

/**
 * DEL: takes away what ADD made, by its record, or where that is lost by what ADD would make and by the marks in the
 * switch. What is missing is no failure.
 */
export async function del(world: World, invocation: Invocation, loaded: Loaded): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const { store } = context;
  const key = attachmentKey(loaded.conf.name, invocation);
  using _held = await lock(store.locks, key, lockTimeoutMs, world.signal);
  const found = store.read(key);
  await tearDown(context, doomedOf(loaded, invocation, key, found), ipamOfRecord(context, found));
}

function doomedOf(loaded: Loaded, invocation: Invocation, key: string, found: Found): Doomed {
  if (typeof found !== "string") {
    const { record } = found;
    return { key, address: recordedSwitch(record), traces: record.traces, everywhere: false };
  }
  const plan = planAttachment(loaded, invocation);
  return { key, address: plan.address, traces: tracesOf(plan), everywhere: true };
}
