import { statSync, statfsSync } from "node:fs";
import type { Environment } from "./environment.js";
import { code, CniError } from "./errors.js";

/** `NSFS_MAGIC` of statfs(2): files that stand for namespaces. */
const nsfs = 0x6e_73_66_73;

const overridden = ({ CNI_NETNS_OVERRIDE: value = "" }: Environment): boolean =>
  value.toLowerCase() === "true" || value === "1";

/** Refuses a network namespace that is not there, is none, or is the plugin's own. Throws a {@link CniError}. */
export function checkNamespace(netns: string, env: Environment): void {
  let it: { dev: number; ino: number };
  let type: number;
  try {
    it = statSync(netns);
    ({ type } = statfsSync(netns));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CniError({
      code: code.unknownContainer,
      message: `failed to open netns ${JSON.stringify(netns)}: ${why}; the container is gone`,
      cause,
    });
  }
  if (type !== nsfs)
    throw new CniError({
      code: code.invalidNamespace,
      message: `CNI_NETNS is ${JSON.stringify(netns)}, which is no namespace: expected a path such as /proc/PID/ns/net`,
    });
  if (overridden(env)) return;
  const own = statSync("/proc/self/ns/net");
  if (own.dev === it.dev && own.ino === it.ino)
    throw new CniError({
      code: code.invalidNamespace,
      message: `CNI_NETNS ${netns} is the plugin's own network namespace, not a container's: nothing was done (CNI_NETNS_OVERRIDE=1 permits it)`,
    });
}
