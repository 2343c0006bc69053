import type { Mark } from "../core/vswitch.js";

/*
 * Our marks in `external_ids`. vswitchd and the database ignore keys that they do not know
 * (ovs-vswitchd.conf.db(5), "Common Columns"), and they outlive every restart.
 */
const ownerKey = "vswitch-drivers-owner";
const keyKey = "vswitch-drivers-key";
const lifetimeKey = "vswitch-drivers-lifetime";
const roleKey = "vswitch-drivers-role";

type ExternalIds = ReadonlyMap<string, string>;

/** The pairs that a row of ours carries. */
export function markPairs(mark: Mark): readonly (readonly [string, string])[] {
  return [
    [ownerKey, mark.owner],
    [keyKey, mark.key],
  ];
}

/** What a row carries in `external_ids`: what the user gave, and our marks. */
export function allIds(
  given: Readonly<Record<string, string>> | undefined,
  marks: readonly (readonly [string, string])[],
): ExternalIds {
  return new Map(given === undefined ? marks : [...Object.entries(given), ...marks]);
}

/** The pairs that a bridge of ours carries. */
export function bridgePairs(
  mark: Mark,
  lifetime: "on-demand" | "persistent",
): readonly (readonly [string, string])[] {
  return [...markPairs(mark), [lifetimeKey, lifetime]];
}

/** The pair that tells an owner's rows from all others. */
export const ownerPair = (owner: string): ReadonlyMap<string, string> => new Map([[ownerKey, owner]]);

/** What tells an owner's bridges that were made on demand from all others. */
export const onDemandMarks = (owner: string): ReadonlyMap<string, string> =>
  new Map([
    [ownerKey, owner],
    [lifetimeKey, "on-demand"],
  ]);

/** Who made a row, by its `external_ids`; `null`: not this library. */
export function markOf(externalIds: ExternalIds): Mark | null {
  const owner = externalIds.get(ownerKey);
  const key = externalIds.get(keyKey);
  return owner === undefined || key === undefined ? null : { owner, key };
}

/** How long a bridge of ours lives. */
export function lifetimeOf(externalIds: ExternalIds): "on-demand" | "persistent" | null {
  const lifetime = externalIds.get(lifetimeKey);
  return lifetime === "on-demand" || lifetime === "persistent" ? lifetime : null;
}

/** `vswitch-drivers-lifetime=persistent`, for a bridge that is to stay from now on. */
export const persistentPair: readonly [string, string] = [lifetimeKey, "persistent"];

/** What is in `external_ids` besides our marks. */
export function foreignIds(externalIds: ExternalIds): Record<string, string> {
  const foreign: [string, string][] = [];
  for (const pair of externalIds) if (!pair[0].startsWith("vswitch-drivers-")) foreign.push(pair);
  return Object.fromEntries(foreign);
}

/**
 * The bridge that holds interfaces which are on no bridge: in Open vSwitch a port lives only inside one. It is shared
 * by all owners, forwards nothing (`fail_mode=secure`, no flows), and goes when it is empty.
 */
export const holdingBridge = "vswitch-holding";

/** What marks the holding bridge. */
export const holdingPair: readonly [string, string] = [roleKey, "holding"];

export const isHolding = (externalIds: ExternalIds): boolean => externalIds.get(roleKey) === "holding";
