import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { InvalidError, UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { generatedMark } from "./generate.js";

/** One form of a message, as generated bindings have it. */
export interface GeneratedMessage {
  readonly name: string;
  /** The CRCs under which servers announce it. */
  readonly crcs: readonly string[];
  /** The fingerprint of its bytes. */
  readonly layout: string;
  /** The names of the messages that answer it. */
  readonly answers: readonly string[];
}

/** A codec as the generator writes it, up to its functions. */
const codec =
  /^export const (\w+):[^=]+= \{\s+name: "(\w+)",\s+crcs: \[([^\]]*)\],\s+layout: "(\w+)",([^(]*)\bencode\(/gm;

/** A list of what answers a request. */
const answerLists = /\b(?:replies|details|events): \[([^\]]*)\]/g;

/**
 * The messages of the bindings in a directory, by reading them: nothing of them is run.
 *
 * @returns `invalid` when nothing there was generated; `unreachable` when the directory cannot be read
 */
export function readGeneratedMessages(
  directory: string,
): Result<readonly GeneratedMessage[], InvalidError | UnreachableError> {
  let texts: readonly string[];
  try {
    texts = readdirSync(directory)
      .filter((name) => name.endsWith(".ts"))
      .toSorted()
      .map((name) => readFileSync(join(directory, name), "utf8"))
      .filter((text) => text.startsWith(generatedMark));
  } catch (cause) {
    return Err(unreadable(directory, cause));
  }
  const messages = texts.flatMap(messagesIn);
  return messages.length === 0 ? Err(empty(directory)) : Ok(messages);
}

function messagesIn(text: string): readonly GeneratedMessage[] {
  const found = [...text.matchAll(codec)];
  const names = new Map(found.map(([, identifier = "", name = ""]) => [identifier, name]));
  return found.map(([, , name = "", crcs = "", layout = "", service = ""]) => ({
    name,
    crcs: words(crcs),
    layout,
    answers: [...service.matchAll(answerLists)]
      .flatMap(([, list = ""]) => words(list))
      .map((identifier) => names.get(identifier) ?? identifier),
  }));
}

function words(list: string): readonly string[] {
  return list.match(/\w+/g) ?? [];
}

function empty(directory: string): InvalidError {
  return new InvalidError({
    operation: "readGeneratedMessages",
    path: directory,
    expected: "a directory with bindings of vpp-bindgen",
    got: "a directory without any",
    message: `${directory} holds no messages that vpp-bindgen has generated; give the directory that was its --out`,
  });
}

function unreadable(directory: string, cause: unknown): UnreachableError {
  const errno = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const hint = errno === "ENOENT" ? "generate the bindings first" : "check the path and its permissions";
  const message = `cannot read ${directory}: ${errno}; ${hint}`;
  return new UnreachableError({
    operation: "readGeneratedMessages",
    address: directory,
    errno,
    hint,
    cause,
    message,
  });
}
