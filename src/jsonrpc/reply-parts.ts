import type { PartsReader } from "./message-parts.js";
import type { PendingCalls, ResultParts } from "./pending-calls.js";

/**
 * Reads the reply to call `id` in parts, as ovsdb-server begins it; from another server it may come in another form, and
 * whole. What it has of the result goes to the call, while that waits; `end` is told when it is complete.
 */
export function replyReader(
  id: number,
  { depth, members }: ResultParts,
  calls: PendingCalls,
  end: () => void,
  isLive: () => boolean,
): PartsReader {
  const take = (part: unknown): boolean => {
    if (typeof part === "object" && part !== null) {
      const { result, "": more }: { readonly result?: unknown; readonly ""?: unknown } = part;
      calls.peek(id)?.parts?.take(result ?? more);
    }
    return isLive();
  };
  const takeMembers = (list: readonly unknown[]): boolean => {
    calls.peek(id)?.parts?.members?.take(list);
    return isLive();
  };
  return {
    // A refusal begins with the same names, and comes whole.
    prefixes: ["[", "{"].map((bracket) => Buffer.from(`{"id":${id},"result":${bracket}`)),
    depth,
    take,
    members: members && { names: members.names, take: takeMembers },
    finish: (last) => {
      if (take(last)) end();
    },
  };
}
