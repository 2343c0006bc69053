import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { isPassive, parseListenAddress, type ListenAddress } from "../../net/listen.js";
import { parseRemotes, splitRemotes, type Remote } from "../../net/remote.js";
import { toUuid } from "../uuid.js";

/** A remote that is dialled, or where this side listens until the server connects. */
export type SessionRemote =
  | { readonly kind: "active"; readonly text: string; readonly remote: Remote }
  | { readonly kind: "passive"; readonly text: string; readonly address: ListenAddress };

/** The same remotes in another order, each as likely. `random` gives a number from 0 up to 1. */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at -= 1) {
    const [other] = all.splice(Math.floor(random() * (at + 1)), 1);
    if (other !== undefined) all.push(other);
  }
  return all;
}

/** Remotes, and the cluster that their server has to be of. */
export interface RemoteList {
  readonly remotes: readonly SessionRemote[];
  readonly cid: string | undefined;
}

/** Reads a list of remotes, active and passive, with a `cid:UUID` among them where the cluster is pinned. */
export function parseSessionRemotes(text: string, operation: string): Result<RemoteList, InvalidError> {
  const remotes: SessionRemote[] = [];
  let cid: string | undefined;
  for (const part of splitRemotes(text)) {
    if (part.startsWith("cid:")) {
      cid = toUuid(part.slice("cid:".length).trim());
      if (cid === undefined)
        return Err(unusable(operation, part, "cid:UUID", "what follows cid: is no uuid"));
    } else if (isPassive(part)) {
      const address = parseListenAddress(part, operation);
      if (address.isErr()) return address;
      remotes.push({ kind: "passive", text: part, address: address.value });
    } else {
      const read = parseRemotes(part, operation);
      if (read.isErr()) return read;
      for (const remote of read.value) remotes.push({ kind: "active", text: part, remote });
    }
  }
  if (remotes.length > 0) return Ok({ remotes, cid });
  return Err(unusable(operation, text, "a remote besides cid:", "it names no remote"));
}

function unusable(operation: string, got: string, expected: string, why: string): InvalidError {
  const message = `${operation}: the remote ${JSON.stringify(got)} cannot be used: ${why}`;
  return new InvalidError({ operation, path: "remote", expected, got, message });
}
