import { ipamOf, type Context } from "../context.js";
import { CniError, IpamRefusal } from "../errors.js";
import { findPlugin, ipamAdd } from "../ipam.js";
import type { Plan } from "../plan.js";
import { noAddressing, type Addressing } from "../result.js";
import type { AttachmentRecord } from "../state/record.js";

/** How far an ADD has come: what a failure has to take back. */
export interface Progress {
  ipam: "unasked" | "asked" | "refused";
  vswitch: boolean;
  pod: boolean;
}

/** Asks the IPAM plugin, if there is one. Throws a {@link CniError}. */
export async function addresses(
  context: Context,
  plan: Plan,
  record: AttachmentRecord,
  progress: Progress,
): Promise<Addressing> {
  const ipam = ipamOf(context);
  if (ipam === undefined) return noAddressing;
  try {
    findPlugin(ipam);
    progress.ipam = "asked";
    return await ipamAdd(ipam);
  } catch (error) {
    if (!(error instanceof IpamRefusal)) throw error;
    if (progress.ipam === "asked") progress.ipam = "refused";
    await rememberRefusal(context, plan.key, record);
    throw error;
  }
}

/** For a DEL that finds the record, should this run be killed before it has taken everything back. */
async function rememberRefusal(
  { store, world }: Context,
  key: string,
  record: AttachmentRecord,
): Promise<void> {
  try {
    await store.refused(key, record);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    world.log("warning", error.message);
  }
}
