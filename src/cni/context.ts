import { createHash } from "node:crypto";
import type { CallOptions } from "../index.js";
import type { AttachmentId, Invocation } from "./environment.js";
import type { Ipam } from "./ipam.js";
import type { Known } from "./netconf/load.js";
import { lock, tryLock, type Held, type WithoutRoom } from "./state/lock.js";
import type { SwitchAddress } from "./plan.js";
import type { AttachmentRecord, Traces } from "./state/record.js";
import { defaultStateDir, Store } from "./state/store.js";
import type { World } from "./world.js";

/** What the commands about a network or an attachment are given. */
export interface Context<L extends Known = Known> {
  readonly world: World;
  readonly invocation: Invocation;
  readonly loaded: L;
  readonly store: Store;
  /** What every call to the switch is given. */
  readonly call: CallOptions;
}

export function contextOf<L extends Known>(world: World, invocation: Invocation, loaded: L): Context<L> {
  const { stateDir = "", vswitchTimeoutMs: timeoutMs = 10_000 } = loaded.conf;
  const store = new Store(stateDir === "" ? defaultStateDir : stateDir);
  return { world, invocation, loaded, store, call: { timeoutMs, signal: world.signal } };
}

/** Waits for another run on the same attachment, as long as this one may take. */
export const lockAttachment = (
  { store, world }: Context,
  key: string,
  withoutRoom?: WithoutRoom,
): Promise<Held> => lock(store.locks, key, world, withoutRoom);

/** `undefined`: somebody works on the attachment just now. */
export const tryLockAttachment = (
  { store, world }: Context,
  key: string,
  withoutRoom?: WithoutRoom,
): Held | undefined => tryLock(store.locks, key, world.endsAt, withoutRoom);

/** The IPAM plugin of the configuration; undefined: it has none. */
export function ipamOf(context: Context): Ipam | undefined {
  const { loaded } = context;
  const type = loaded.conf.ipam?.type ?? "";
  return type === "" ? undefined : ipamFrom(context, { type, config: loaded.raw });
}

function ipamFrom(
  { world, invocation, loaded }: Context,
  { type, config }: NonNullable<AttachmentRecord["ipam"]>,
): Ipam {
  const { ipamTimeoutMs: timeoutMs = 30_000 } = loaded.conf;
  const { env, signal } = world;
  return { type, config, path: invocation.path, env, version: loaded.version, timeoutMs, signal };
}

/** The IPAM plugin that gave an attachment its addresses, with the configuration that it had then if that has changed. */
export function ipamOfRecord(context: Context, record: AttachmentRecord | undefined): Ipam | undefined {
  const then = record?.ipam;
  if (then === undefined || JSON.stringify(then.config) === JSON.stringify(lasting(context.loaded.raw)))
    return ipamOf(context);
  return ipamFrom(context, then);
}

/** The IPAM plugin, asked for another attachment than the runtime's call is about. */
export function ipamFor(
  context: Context,
  { containerId, ifName }: AttachmentId,
  record: AttachmentRecord | undefined,
): Ipam | undefined {
  const ipam = ipamOfRecord(context, record);
  const about = { CNI_CONTAINERID: containerId, CNI_IFNAME: ifName, CNI_NETNS: "" };
  return ipam && { ...ipam, env: { ...ipam.env, ...about } };
}

/** A record with what the configuration and the id say, for whoever adds what an ADD knows besides, or has nothing to add. */
export function bareRecord(
  { loaded }: Context,
  { containerId, ifName }: AttachmentId,
  address: SwitchAddress,
  traces: Traces,
): AttachmentRecord {
  const type = loaded.conf.ipam?.type ?? "";
  return {
    version: 1,
    state: "adding",
    network: loaded.conf.name,
    containerId,
    ifName,
    switch: { ...address },
    traces,
    ...(type !== "" && { ipam: { type, config: lasting(loaded.raw) } }),
    fingerprint: "",
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
