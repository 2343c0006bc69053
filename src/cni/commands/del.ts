import { contextOf, bareRecord, ipamOfRecord, lockAttachment, type Context } from "../context.js";
import type { Invocation } from "../environment.js";
import { CniError } from "../errors.js";
import { attachmentKey } from "../names.js";
import type { LoadedForDelete } from "../netconf/load.js";
import { planAttachment, type SwitchAddress } from "../plan.js";
import { podOf } from "../pod.js";
import type { Traces } from "../state/record.js";
import type { Found } from "../state/store.js";
import { doomedByRecord, noTraces, tearDown, tracesOf, type Doomed } from "../teardown.js";
import type { World } from "../world.js";

/**
 * DEL: takes away what ADD made, by its record, or where that is lost by what ADD would make and by the marks in the
 * switch. What is missing is no failure.
 */
export async function del(world: World, invocation: Invocation, loaded: LoadedForDelete): Promise<void> {
  const context = contextOf(world, invocation, loaded);
  const { store } = context;
  const key = attachmentKey(loaded.conf.name, invocation);
  using _held = await lockAttachment(context, key, "go on");
  const found = store.read(key, invocation);
  const record = typeof found === "string" ? undefined : found.record;
  await tearDown(context, doomedOf(context, key, found), ipamOfRecord(context, record));
}

function doomedOf(context: Context<LoadedForDelete>, key: string, found: Found): Doomed {
  if (typeof found !== "string") return doomedByRecord(key, found.record);
  const { address, traces } = guess(context);
  const { invocation, loaded } = context;
  const remembered = address && bareRecord(context, invocation, address, traces);
  const { whole } = loaded;
  const pod = whole instanceof CniError ? undefined : podOf({ ...context, loaded: whole });
  const told = { pod, id: invocation };
  // Where ADD was refused, or DEL has been, there is no record; one that is lost leaves the interface.
  const unaddressed = found === "absent" ? ("unless the switch has it" as const) : undefined;
  return { key, address, traces, everywhere: true, remembered, unaddressed, told };
}

/**
 * What ADD would make. A configuration that ADD refuses has made nothing; and should it have been another one then,
 * the mark in the switch is found all the same. The runtime sends DEL after an ADD that was refused, and waits for
 * its success.
 */
function guess({ world, invocation, loaded }: Context<LoadedForDelete>): {
  readonly address: SwitchAddress | undefined;
  readonly traces: Traces;
} {
  const { whole, host } = loaded;
  try {
    if (whole instanceof CniError) throw whole;
    const plan = planAttachment(whole, invocation);
    return { address: plan.address, traces: tracesOf(plan) };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    world.log("warning", `DEL of what ADD would refuse: ${error.message}`);
    const remote = host?.remote === "" ? undefined : host?.remote;
    const engine = host?.engine === "vpp" ? "vpp" : "ovs";
    return { address: host && { engine, remote, datapathType: undefined }, traces: noTraces };
  }
}
