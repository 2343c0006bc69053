import type { ServerTable } from "./server-table.js";

/** What a server can do with a message. */
export type Capability =
  /** It has it as the codec, or the API files, say. */
  | { readonly state: "available"; readonly message: string; readonly id: number; readonly crc: string }
  /** It has a message of this name that is laid out otherwise, or nobody can tell. */
  | { readonly state: "other-layout"; readonly message: string; readonly crc: string }
  | Absence;

/** Why a server does not have a message. */
export type Absence =
  /** It has nothing of the module that the message belongs to: the plugin is not loaded, or not built. */
  | { readonly state: "plugin-not-loaded"; readonly message: string; readonly module: string }
  /** Its release has no such message; `alternatives` are the other versions of it that it has, the newest first. */
  | { readonly state: "absent"; readonly message: string; readonly alternatives: readonly string[] };

/** Tells of what is defined in the API files of a server. */
export interface Definitions {
  /** The layout of what the server announces under a name and CRC; undefined when the files do not have it. */
  layout(name: string, crc: string): string | undefined;
  /** The module that defines a message, and all messages of it; undefined when the files do not have it. */
  module(name: string): { readonly name: string; readonly messages: readonly string[] } | undefined;
}

/** Why a server does not have a message that it has under no CRC. */
export function explainAbsence(
  table: ServerTable,
  definitions: Definitions | undefined,
  name: string,
): Absence {
  const others = alternatives(table, name);
  if (others.length > 0) return { state: "absent", message: name, alternatives: others };
  const module = definitions?.module(name);
  if (module !== undefined) {
    const isLoaded = module.messages.some((message) => table.find(message) !== undefined);
    if (!isLoaded) return { state: "plugin-not-loaded", message: name, module: module.name };
    return { state: "absent", message: name, alternatives: [] };
  }
  const subject = subjectOf(name);
  for (const other of table.names()) {
    if (other.includes(subject)) return { state: "absent", message: name, alternatives: [] };
  }
  return { state: "plugin-not-loaded", message: name, module: subject };
}

/** Other versions of a message that a server has, such as `memif_create` for `memif_create_v2`; the newest first. */
function alternatives(table: ServerTable, name: string): readonly string[] {
  const { base } = versionOf(name);
  const found: { name: string; version: number }[] = [];
  for (const other of table.names()) {
    if (other === name || !other.startsWith(base.slice(0, 3))) continue;
    const { base: otherBase, version } = versionOf(other);
    if (otherBase === base) found.push({ name: other, version });
  }
  return found.toSorted((a, b) => b.version - a.version).map((other) => other.name);
}

/** `x_v2` is the second version of `x`; the number can also stand before the last word, as in `x_v2_reply`. */
function versionOf(name: string): { base: string; version: number } {
  const numbered = /^(.+?)_v(\d+)(_reply|_details|_dump)?$/.exec(name);
  if (numbered === null) return { base: name, version: 1 };
  return { base: `${numbered[1] ?? ""}${numbered[3] ?? ""}`, version: Number(numbered[2]) };
}

/** Words that say what is done, not to what. */
const verbs =
  /^(?:(?:sw_interface|hw_interface|create|delete|modify|want|set|get|show|add|del|enable|disable)_)+|(?:_(?:create|delete|modify|set|get|add|del|dump|details|reply|events|enable|disable|if|v\d+))+$/g;

/** What a message is about, by its name: `vhost_user` of `create_vhost_user_if_v2`. */
function subjectOf(name: string): string {
  return name.replaceAll(verbs, "") || name;
}

/**
 * Whether the server is older than 20.05. Up to then messages changed under the same CRC, 78 of them with 20.05 itself,
 * when the address family went from 32 bits to 8. `bridge_domain_dump`, which every VPP has, got a new CRC with it.
 */
export function isBefore2005(table: ServerTable): boolean {
  return table.id("bridge_domain_dump", "c25fdce6") !== undefined;
}
