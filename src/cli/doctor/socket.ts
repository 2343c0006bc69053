import { stat } from "node:fs/promises";
import type { Finding } from "./finding.js";

/** The path of a remote on this host. */
export const pathOf = (remote: string): string | undefined =>
  remote.startsWith("unix:/") ? remote.slice(5) : undefined;

/** Whose the socket is and who may open it; nothing where there is none: connecting tells more. */
export async function examineSocket(remote: string): Promise<readonly Finding[]> {
  const path = pathOf(remote);
  if (path === undefined) return [];
  try {
    const { uid, gid, mode } = await stat(path);
    const rights = (mode & 0o777).toString(8).padStart(4, "0");
    const us = `we are uid ${process.geteuid?.() ?? "?"}`;
    const found = `${path}: owner uid ${uid}, gid ${gid}, mode ${rights}; ${us}`;
    return [{ check: "socket", status: "ok", found }];
  } catch {
    return [];
  }
}
