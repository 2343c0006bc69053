/** User and group names of the host, without a call into libc: what passwd(5) and group(5) say. */
import { readFileSync } from "node:fs";

function numberIn(file: string, name: string): number | undefined {
  if (/^\d{1,9}$/u.test(name)) return Number(name);
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  for (const line of content.split("\n")) {
    const [entry, , id = ""] = line.split(":");
    if (entry === name && /^\d+$/u.test(id)) return Number(id);
  }
  return undefined;
}

/** The number of a user, given by name or number; `undefined`: nobody of this name is in `/etc/passwd`. */
export const userId = (name: string): number | undefined => numberIn("/etc/passwd", name);

/** The number of a group, given by name or number; `undefined`: none of this name is in `/etc/group`. */
export const groupId = (name: string): number | undefined => numberIn("/etc/group", name);
