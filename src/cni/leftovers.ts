import { tryLockAttachment, type Context } from "./context.js";
import type { InterfaceInfo, VSwitch } from "../index.js";
import type { SwitchAddress } from "./plan.js";
import { deleteInterface, noTraces, ownTraces } from "./teardown.js";

/** The leftovers of a switch. One that cannot be read goes: its interface is found by GC, by its mark. */
function leftoversOf({ store }: Context, { engine, remote }: SwitchAddress): ReadonlySet<string> {
  const keys = store.leftovers().filter((key) => {
    const found = store.readLeftover(key);
    if (typeof found !== "string") {
      const { switch: at } = found.record;
      return at.engine === engine && at.remote === remote;
    }
    store.forget(key);
    return false;
  });
  return new Set(keys);
}

/** Takes one leftover away, unless its attachment lives again, or somebody works on it. */
async function sweepOne(
  context: Context,
  vswitch: VSwitch,
  key: string,
  info: InterfaceInfo | undefined,
): Promise<void> {
  const { store, call } = context;
  // Else an ADD of this key could begin between the look at its record and the deletion.
  using held = tryLockAttachment(context, key);
  if (held === undefined || store.read(key) !== "absent") return;
  const found = store.readLeftover(key);
  const then = typeof found === "string" ? noTraces : ownTraces(context, key, found.record.traces);
  const traces = info === undefined ? then : { ...then, names: [info.name, ...then.names] };
  const outcome = await deleteInterface(vswitch, { key, traces, everywhere: false }, call);
  if (outcome !== "away") await store.remove(key);
}

/**
 * Deletes the interfaces that could not be deleted while this switch was away, within `budgetMs`. What cannot be done
 * is told in the log, and done another time.
 */
export async function sweepLeftovers(
  context: Context,
  vswitch: VSwitch,
  address: SwitchAddress,
  budgetMs: number,
): Promise<void> {
  const endsAt = performance.now() + budgetMs;
  try {
    const keys = leftoversOf(context, address);
    if (keys.size === 0) return;
    const listed = await vswitch.listInterfaces({ ownOnly: true, statistics: false, ...context.call });
    if (listed.isErr()) throw listed.error;
    const byKey = new Map(listed.value.map((info) => [info.mark?.key ?? "", info]));
    for (const key of keys) {
      if (performance.now() > endsAt || context.world.signal.aborted) return;
      await sweepOne(context, vswitch, key, byKey.get(key));
    }
  } catch (error) {
    context.world.log(
      "warning",
      `a leftover stays: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
