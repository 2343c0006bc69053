import type { Difference } from "./errors.js";

const hidden: ReadonlySet<string> = new Set(["secret"]);

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item) => b.includes(item));
  }
  return false;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * In what a thing that is there differs from what is wanted. Only what is wanted counts: a field that the caller left
 * out may have any value. Lists are compared as sets, secrets are compared and not shown.
 */
export function differences(
  wanted: Readonly<Record<string, unknown>>,
  present: Readonly<Record<string, unknown>>,
  prefix = "",
): readonly Difference[] {
  const found: Difference[] = [];
  for (const [name, want] of Object.entries(wanted)) {
    if (want === undefined) continue;
    const path = prefix + name;
    const have = Object.hasOwn(present, name) ? present[name] : undefined;
    if (isPlain(want)) found.push(...differences(want, isPlain(have) ? have : {}, `${path}.`));
    else if (!equal(want, have)) {
      found.push(
        hidden.has(name)
          ? { path, wanted: "(hidden)", present: "(hidden)" }
          : { path, wanted: want, present: have ?? null },
      );
    }
  }
  return found;
}

/** Differences as a sentence says them. */
export function describeDifferences(found: readonly Difference[]): string {
  const shown = (value: unknown): string => (value === null ? "not set" : JSON.stringify(value));
  return found.map((d) => `${d.path} is ${shown(d.present)}, not ${shown(d.wanted)}`).join("; ");
}
