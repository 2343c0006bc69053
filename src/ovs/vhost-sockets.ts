import { dirname, isAbsolute, join } from "node:path";
import type { RootRow } from "./rows.js";

type Place = Pick<RootRow, "other_config" | "external_ids">;

/** `unix:` remotes of a switch on this host: its database socket lies in the run directory. */
function runDirectory(root: Place, remote: string): string | null {
  // Written by ovs-ctl(8) when it starts the daemons.
  const told = root.external_ids.get("rundir");
  if (told !== undefined && isAbsolute(told)) return told;
  return remote.startsWith("unix:/") ? dirname(remote.slice("unix:".length)) : null;
}

/**
 * Where vswitchd makes the sockets of `dpdkvhostuser` ports: `other_config:vhost-sock-dir`, below the run directory
 * (ovs-vswitchd.conf.db(5)). `null`: nobody says.
 */
export function vhostSocketDirectory(root: Place | undefined, remote: string): string | null {
  if (root === undefined) return null;
  const run = runDirectory(root, remote);
  if (run === null) return null;
  return join(run, root.other_config.get("vhost-sock-dir") ?? ".");
}
