import { createHash } from "node:crypto";
import type { Invocation } from "./environment.js";
import type { Ipam } from "./ipam.js";
import type { Loaded } from "./netconf/load.js";
import { defaultStateDir, Store } from "./state/store.js";
import type { World } from "./world.js";

/** What the commands about a network or an attachment are given. */
export interface Context {
  readonly world: World;
  readonly invocation: Invocation;
  readonly loaded: Loaded;
  readonly store: Store;
  readonly vswitchTimeoutMs: number;
}

export function contextOf(world: World, invocation: Invocation, loaded: Loaded): Context {
  const { stateDir = "", vswitchTimeoutMs = 10_000 } = loaded.conf;
  const store = new Store(stateDir === "" ? defaultStateDir : stateDir);
  return { world, invocation, loaded, store, vswitchTimeoutMs };
}

/** How long a run waits for another one on the same attachment. */
export const lockTimeoutMs = 60_000;

/** The IPAM plugin of the configuration; undefined: it has none. */
export function ipamOf({ world, invocation, loaded }: Context): Ipam | undefined {
  const { ipam, ipamTimeoutMs = 30_000 } = loaded.conf;
  const type = ipam?.type ?? "";
  if (type === "") return undefined;
  return {
    type,
    path: invocation.path,
    env: world.env,
    config: loaded.raw,
    version: loaded.version,
    timeoutMs: ipamTimeoutMs,
    signal: world.signal,
  };
}

/** Keys of the configuration that the runtime sets anew for each call. */
const perCall: ReadonlySet<string> = new Set(["prevResult", "runtimeConfig"]);

/** The configuration as an administrator wrote it. */
export const lasting = (raw: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !perCall.has(key)));

/** Tells one configuration from another. */
export const fingerprint = (raw: Readonly<Record<string, unknown>>): string =>
  createHash("sha256")
    .update(JSON.stringify(lasting(raw)))
    .digest("base64url");
