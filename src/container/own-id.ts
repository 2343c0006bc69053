import { readFileSync } from "node:fs";

const idPattern = /[0-9a-f]{64}/u;

/**
 * The id that this container's runtime gave the sandbox, as a CNI plugin was told it: the runtime mounts the sandbox's
 * `hostname` file, and the id is in its path (docker, containerd and CRI-O have it at different depths). `content` is that of
 * `/proc/1/mountinfo` (proc(5)). `undefined`: not in a container, or in one that tells nothing.
 */
export function sandboxIdIn(content: string): string | undefined {
  for (const line of content.split("\n")) {
    const [, , , root = "", mountPoint = ""] = line.split(" ");
    if (mountPoint === "/etc/hostname" || mountPoint === "/etc/resolv.conf") {
      const id = idPattern.exec(root)?.[0];
      if (id !== undefined) return id;
    }
  }
  return undefined;
}

/** {@link sandboxIdIn} for the container that this process is in. */
export function ownSandboxId(): string | undefined {
  try {
    return sandboxIdIn(readFileSync("/proc/1/mountinfo", "utf8"));
  } catch {
    return undefined;
  }
}
