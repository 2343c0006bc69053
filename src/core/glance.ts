import type { Attachment, VhostUserSpec } from "./specs.js";

/*
 * What is right at a glance: a vhost-user client in the plainest words. A busy switch gets them by the thousand, and a
 * schema takes longer to approve of one than all else that there is to do. Whatever else is right, and all that is
 * wrong, is left to the schema.
 */

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const plainName = /^[\w-][\w.:-]{0,62}$/;
const plainKey = /^[\w.:/-]{1,255}$/;
const plainPath = /^(?:\/[\w-][\w.:@-]*)+$/;
const longestPath = 107;

const isLike = (value: unknown, pattern: RegExp): value is string =>
  typeof value === "string" && pattern.test(value);

/** An object literal without other keys than these. */
function hasOnly(value: unknown, keys: ReadonlySet<string>): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  for (const key of Object.keys(value)) if (!keys.has(key)) return false;
  return true;
}

const specKeys: ReadonlySet<string> = new Set(["type", "name", "key", "mode", "socket", "attach"]);

/** A copy of the spec, as its schema would make it; `undefined`: it is not right at a glance. */
export function plainSpec(given: unknown): VhostUserSpec | undefined {
  if (!hasOnly(given, specKeys)) return undefined;
  const { type, name, key, mode, socket, attach } = given;
  if (type !== "vhost-user" || mode !== "client") return undefined;
  if (!isLike(name, plainName) || !isLike(socket, plainPath) || socket.length > longestPath) return undefined;
  const spec: Mutable<VhostUserSpec> = { name, type, mode, socket };
  if (key !== undefined) {
    if (!isLike(key, plainKey)) return undefined;
    spec.key = key;
  }
  if (attach !== undefined) {
    const place = plainAttachment(attach);
    if (place === undefined) return undefined;
    spec.attach = place;
  }
  return spec;
}

const attachmentKeys: ReadonlySet<string> = new Set(["bridge", "tag", "createBridge"]);

function plainAttachment(given: unknown): Attachment | undefined {
  if (!hasOnly(given, attachmentKeys)) return undefined;
  const { bridge, tag, createBridge } = given;
  if (!isLike(bridge, plainName)) return undefined;
  const place: Mutable<Attachment> = { bridge };
  if (tag !== undefined) {
    if (typeof tag !== "number" || !Number.isInteger(tag) || tag < 0 || tag > 4095) return undefined;
    place.tag = tag;
  }
  if (createBridge !== undefined) {
    if (typeof createBridge !== "boolean") return undefined;
    place.createBridge = createBridge;
  }
  return place;
}
