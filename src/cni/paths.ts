import { posix } from "node:path";
import { longestSocketPath } from "../core/specs.js";
import { oldMemifSockets, shortId } from "../handover/index.js";
import type { AttachmentId } from "./environment.js";
import { code, CniError } from "./errors.js";
import type { Iftype } from "./netconf/ends.js";
import type { NetConf } from "./netconf/schema.js";

/** Where an attachment's things lie on the host. */
export interface Layout {
  /** The directory that is there before any attachment, and stays. */
  readonly base: string;
  readonly socketDir: string;
  /** The container's data; often the same as `socketDir`. */
  readonly dataDir: string;
}

const vhostSockets = "/var/lib/cni/vhostuser";
const memifData = "/var/run/vpp/cni";

/** The directories: below `sharedDir`, or else where the Userspace CNI of 2018 had them. */
export function layoutOf(conf: NetConf, iftype: Iftype, { containerId }: AttachmentId): Layout {
  const { sharedDir = "" } = conf;
  if (sharedDir !== "") {
    const base = posix.resolve(sharedDir);
    const own = posix.join(base, shortId(containerId));
    return { base, socketDir: own, dataDir: own };
  }
  if (iftype === "memif") {
    const dataDir = posix.join(memifData, containerId);
    return { base: memifData, socketDir: oldMemifSockets, dataDir };
  }
  const own = posix.join(vhostSockets, containerId);
  return { base: vhostSockets, socketDir: own, dataDir: own };
}

type Viewer = "vswitch" | "container";

const inside = (directory: string, path: string): boolean =>
  path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);

/** A path of the host as the switch or the container sees it: by the longest directory that is mapped. */
export function seenBy(viewer: Viewer, conf: NetConf, path: string): string {
  const mappings = (conf.paths ?? []).map((each) => ({
    from: posix.resolve(each.host),
    to: each[viewer] ?? "",
  }));
  const best = mappings
    .filter(({ from, to }) => to !== "" && inside(from, path))
    .toSorted((a, b) => b.from.length - a.from.length)[0];
  return best === undefined ? path : posix.join(best.to, posix.relative(best.from, path));
}

/** Refuses a socket path that the kernel cannot take, before anything is done. */
export function checkSocketPath(whose: string, path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= longestSocketPath) return;
  throw new CniError({
    code: code.invalidConfig,
    message: `the socket's path ${whose} has ${length} bytes, and a unix socket's has at most ${longestSocketPath}: ${path}; set sharedDir to a shorter directory`,
  });
}
