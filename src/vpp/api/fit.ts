import type { AnyMessage } from "../wire/index.js";
import type { Capability } from "./capability.js";

/** What of a message says whether a server has it: its name, its CRCs, its fingerprint. */
export type MessageForm = Pick<AnyMessage, "name" | "crcs" | "layout">;

/** A message that a server does not have in a form that is known. */
export type Misfit = Exclude<Capability, { readonly state: "available" }>;

/** How messages fit a server. */
export interface Fit {
  /** The messages that the server has, in one of their forms. */
  readonly fitting: readonly string[];
  /** Messages that the server lacks where another version of them does fit, such as `memif_create` for `memif_create_v2`. */
  readonly replaced: readonly { readonly message: string; readonly by: string }[];
  /** What the server lacks. */
  readonly misfits: readonly Misfit[];
}

/**
 * Whether a server has all messages of these forms, such as those of generated bindings. Several forms of one name are
 * alternatives: bindings for several releases have them.
 *
 * @param capability - tells what the server can do with a message, as {@link VppClient.capability} does
 */
export function fitOf(
  forms: Iterable<MessageForm>,
  capability: (form: MessageForm) => Capability | undefined,
): Fit {
  const found = new Map<string, Capability>();
  for (const form of forms) {
    if (found.get(form.name)?.state === "available") continue;
    const answer = capability(form);
    if (answer !== undefined) found.set(form.name, answer);
  }
  const fitting: string[] = [];
  const replaced: { message: string; by: string }[] = [];
  const misfits: Misfit[] = [];
  for (const [message, answer] of found) {
    if (answer.state === "available") {
      fitting.push(message);
      continue;
    }
    const others = answer.state === "absent" ? answer.alternatives : [];
    const by = others.find((other) => found.get(other)?.state === "available");
    if (by === undefined) misfits.push(answer);
    else replaced.push({ message, by });
  }
  return { fitting, replaced, misfits };
}
