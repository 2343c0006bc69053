import { once } from "node:events";
import { chmodSync, chownSync, renameSync, rmSync, unlinkSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { ConflictError, Err, Ok, type InvalidError, type Result } from "../index.js";
import { groupId, userId } from "./accounts.js";
import { answers, Claim } from "./claim.js";
import { badSocket, operation, present, safePlace } from "./place.js";

/** Where a service listens, and who may connect: whoever may write the socket (unix(7)). */
export interface SocketOptions {
  /** An absolute path of at most 107 bytes. */
  readonly path: string;
  /** Permissions of the socket. Default: `0o600`, only its owner. For others' use give a `group` and `0o660`. */
  readonly mode?: number | undefined;
  /** The user that the socket belongs to, by name or number. Default: the service's own. */
  readonly owner?: string | undefined;
  /** The group that the socket belongs to, by name or number. Default: the service's own. */
  readonly group?: string | undefined;
}

/** Takes the socket away again. */
export type Unlink = () => void;

type Ids = Readonly<Record<"uid" | "gid", number>>;

const unchanged = -1;

function readIds({ path, owner, group }: SocketOptions): Result<Ids, InvalidError> {
  const uid = owner === undefined ? unchanged : userId(owner);
  if (uid === undefined)
    return Err(badSocket(path, "a user of this host, by name or number", `there is no user ${owner}`));
  const gid = group === undefined ? unchanged : groupId(group);
  if (gid === undefined)
    return Err(badSocket(path, "a group of this host, by name or number", `there is no group ${group}`));
  return Ok({ uid, gid });
}

/** Others that start at the same time look whether this one lives. */
const onLook = (socket: Socket): void => void socket.destroy();

const inUse = (path: string, how: string): ConflictError => {
  const message = `${operation}: another service ${how} on ${path}; end it, or take another socket`;
  return new ConflictError({ operation, object: `socket ${path}`, message });
};

/** A socket that its service left behind may be replaced; one in use, and anything else, may not. */
async function isFree(path: string): Promise<Result<void, InvalidError | ConflictError>> {
  const stats = present(path);
  if (stats === undefined) return Ok(undefined);
  if (!stats.isSocket())
    return Err(badSocket(path, "a name that is free", "something else is there, which stays as it is"));
  if (!(await answers(path))) return Ok(undefined);
  return Err(inUse(path, "listens"));
}

/**
 * Listens on a new socket. It is made under another name and gets its place when owner and mode are right, so nobody
 * can connect before, and there is no moment without a socket where an old one is replaced. Of services that start at
 * once one gets the place.
 */
export async function listenOn(
  server: Server,
  options: SocketOptions,
): Promise<Result<Unlink, InvalidError | ConflictError>> {
  const ids = readIds(options);
  if (ids.isErr()) return ids;
  const { uid, gid } = ids.value;
  const place = safePlace(options.path, gid === unchanged ? undefined : gid);
  if (place.isErr()) return place;
  const path = place.value;
  server.on("connection", onLook);
  let claim: Claim | undefined;
  try {
    claim = await Claim.make(server, path);
    const free = (await claim.isFirst()) ? await isFree(path) : Err(inUse(path, "starts just now"));
    if (free.isErr()) {
      await end(server, claim);
      return free;
    }
    if (uid !== unchanged || gid !== unchanged) chownSync(claim.path, uid, gid);
    chmodSync(claim.path, options.mode ?? 0o600);
    renameSync(claim.path, path);
  } catch (cause) {
    await end(server, claim);
    const why = cause instanceof Error ? cause.message : String(cause);
    return Err(badSocket(path, "a place where the service may make it", why, cause));
  } finally {
    server.off("connection", onLook);
  }
  const made = present(path);
  return Ok(() => {
    const now = present(path);
    if (now !== undefined && now.ino === made?.ino && now.dev === made.dev) unlinkSync(path);
  });
}

/** Gives a claim up: first its name, so that nobody waits for it. */
async function end(server: Server, claim: Claim | undefined): Promise<void> {
  if (claim !== undefined) rmSync(claim.path, { force: true });
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}

/**
 * The listening socket that systemd passes to a service (sd_listen_fds(3)): one, as file descriptor 3. `undefined`:
 * none was passed to this process.
 */
export function passedDescriptor(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const mine = env["LISTEN_PID"] === String(pid) && env["LISTEN_FDS"] === "1";
  return mine ? 3 : undefined;
}
