import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { withLeftBehind } from "../../core/retold.js";
import type { Collected } from "../../core/vswitch.js";
import { BridgeDomainDump } from "../bindings/l2.js";
import type { Context } from "./context.js";
import { dropDomain, dropLeft, isLeft } from "./domains.js";
import { keyForms, readDomainTag } from "./marks.js";
import { removeFound } from "./remove.js";
import type { Change } from "./verb.js";
import { none, readDomains, readWorld } from "./world.js";

/** `collectGarbage`: what carries our mark and no valid key goes, one by one; then our domains that are empty. */
export async function collect(
  change: Change,
  valid: ReadonlySet<string>,
): Promise<Result<Collected, VSwitchError>> {
  const { context } = change;
  const { deadline, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const keys = keyForms(valid);
  const deleted: string[] = [];
  const kept: string[] = [];
  const failed: { name: string; error: VSwitchError }[] = [];
  for (const found of world.value.interfaces) {
    const { mark, name } = found;
    if (mark?.owner !== owner) continue;
    if (keys.has(mark.key)) {
      kept.push(name);
      continue;
    }
    if (deadline.signal.aborted)
      return Err(deadline.failure(`deleting ${name}`, "not-sent", deletedSoFar(deleted)));
    const gone = await removeFound(change, found);
    if (gone.isErr()) failed.push({ name, error: gone.error });
    else if (gone.value.deleted) deleted.push(name);
  }
  const sweep = new Sweep();
  const swept = await sweepDomains(context, sweep);
  const error = swept.isErr() ? swept.error : sweep.refusal;
  if (error === undefined) return Ok({ deleted, kept, failed });
  const undeleted = failed.map((each) => `${each.name} was not deleted: ${each.error.message}`);
  return Err(withLeftBehind(error, [...deletedSoFar(deleted), ...undeleted, ...sweep.told]));
}

const deletedSoFar = (names: readonly string[]): readonly string[] =>
  names.map((name) => `${name} was deleted`);

/** What became of domains, one by one: one that VPP does not let go of keeps none of the others. */
class Sweep {
  /** A line for each that is gone, and that is not. */
  readonly told: string[] = [];
  /** Of the first that VPP did not let go of. */
  refusal: VSwitchError | undefined;

  /** Notes how it went; fails where no other can be tried. */
  note(what: string, gone: Result<boolean, VSwitchError>): Result<void, VSwitchError> {
    if (gone.isOk()) {
      if (gone.value) this.told.push(`${what} was deleted`);
      return Ok(undefined);
    }
    const { error } = gone;
    if (error.kind !== "rejected") return Err(error);
    this.told.push(`${what} was not deleted: ${error.reason}`);
    this.refusal ??= error;
    return Ok(undefined);
  }
}

/** Deletes this owner's on-demand domains that nothing is on, and marks whose domain is gone. */
async function sweepDomains(context: Context, sweep: Sweep): Promise<Result<void, VSwitchError>> {
  const domains = await readDomains(context);
  if (domains.isErr()) return domains;
  for (const domain of domains.value) {
    if (!isLeft(context, domain)) continue;
    const noted = sweep.note(`the bridge domain ${domain.id}`, await dropLeft(context, domain));
    if (noted.isErr()) return noted;
  }
  return sweepKeepers(context, sweep);
}

async function sweepKeepers(context: Context, sweep: Sweep): Promise<Result<void, VSwitchError>> {
  const read = await context.dump(BridgeDomainDump, { bd_id: none, sw_if_index: none });
  if (read.isErr()) return read;
  const onDemand = new Set<string>();
  for (const { bd_tag: tag } of read.value) {
    const mark = readDomainTag(tag);
    if (mark?.owner === context.owner && mark.kind === "on-demand") onDemand.add(mark.name);
  }
  for (const { bd_id: id, bd_tag: tag } of read.value) {
    const mark = readDomainTag(tag);
    if (mark?.owner !== context.owner || mark.kind !== "kept" || onDemand.has(mark.name)) continue;
    const noted = sweep.note(`the bridge domain ${id}`, await dropDomain(context, id));
    if (noted.isErr()) return noted;
  }
  return Ok(undefined);
}
