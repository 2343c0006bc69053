import { createHash } from "node:crypto";
import { shortId } from "../handover/index.js";
import type { AttachmentId } from "./environment.js";

/** Whose things the plugin makes on a switch. */
export const owner = "cni";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** What the keys of a network's attachments begin with. */
export const networkPrefix = (network: string): string =>
  `${digest(network).toString("base64url").slice(0, 8)}.`;

/**
 * The key of an attachment, in the switch and in the state directory: of a fixed length that fits every switch's
 * marks, and known from what the runtime says alone.
 */
export function attachmentKey(network: string, { containerId, ifName }: AttachmentId): string {
  const whole = digest(`${network}\0${containerId}\0${ifName}`).toString("base64url");
  return `${networkPrefix(network)}${whole.slice(0, 16)}`;
}

/**
 * The names of an interface on the switch, in the order in which they are tried. The first is what the old plugin
 * used; container ids that begin alike would share it, so the second has a digest in the place of the id.
 */
export function interfaceNames(network: string, id: AttachmentId): readonly [string, string] {
  const stand = digest(`${network}\0${id.containerId}`).toString("hex");
  return [`${shortId(id.containerId)}-${id.ifName}`, `${stand.slice(0, 12)}-${id.ifName}`];
}
