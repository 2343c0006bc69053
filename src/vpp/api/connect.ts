import type { Result } from "../../core/result.js";
import { parseRemotes } from "../../net/remote.js";
import { VppClient } from "./client.js";
import type { VppConnectError } from "./errors.js";
import { readSettings, type VppConnectOptions } from "./options.js";

/**
 * Connects to VPP. The client stays usable when the connection is lost: it connects again, and its `generation` counts
 * the connections. Close it when done: it keeps the process alive.
 *
 * @returns `unreachable` when nobody listens there or the socket may not be used, `protocol` when what answers is not
 * VPP, `timeout` and `aborted`; nothing is left behind then
 *
 * @example
 * ```ts
 * await using vpp = (await connectVpp({ api: { directory: "/usr/share/vpp/api" } })).unwrap();
 * const version = (await vpp.call("show_version")).unwrap();
 * console.log(version["version"]);
 * ```
 */
export async function connectVpp(
  options: VppConnectOptions = {},
): Promise<Result<VppClient, VppConnectError>> {
  const settings = readSettings(options);
  if (settings.isErr()) return settings;
  const remotes = parseRemotes(settings.value.remote, "connectVpp", { runDirectory: "/run/vpp" });
  if (remotes.isErr()) return remotes;
  const client = new VppClient(settings.value, remotes.value);
  const { signal, timeoutMs } = options;
  const opened = await client.open({ signal, timeoutMs });
  return opened.map(() => client);
}
