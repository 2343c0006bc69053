import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { type ApiDiff, diffApis, type MessageChange, usedMessages } from "../../vpp/codegen/index.js";
import { readApiDirectory } from "../../vpp/schema/index.js";
import type { DiffArguments } from "./arguments.js";
import type { Said } from "./said.js";

/** Compares two APIs and says what differs. */
export function runDiff(asked: DiffArguments): Result<Said, VSwitchError> {
  const before = readApiDirectory(asked.before);
  if (before.isErr()) return Err(before.error);
  const after = readApiDirectory(asked.after);
  if (after.isErr()) return Err(after.error);
  const names = new Set([...before.value.messages.keys(), ...after.value.messages.keys()]);
  const only = asked.usedIn === undefined ? undefined : usedMessages(asked.usedIn, names);
  const diff = diffApis(before.value, after.value, only);
  const out = asked.json ? [JSON.stringify(diff, undefined, 2)] : text(diff);
  return Ok({ out, notes: [], failed: false });
}

const headings: readonly (readonly [MessageChange["kind"], string])[] = [
  ["removed", "Gone"],
  ["wire", "Other bytes on the wire"],
  ["meaning", "Same bytes, other meaning"],
  ["crc", "Only another CRC"],
  ["added", "New"],
];

function text({ changes, superseded, deprecated, same }: ApiDiff): readonly string[] {
  const lines: string[] = [];
  for (const [kind, heading] of headings) {
    const found = changes.filter((change) => change.kind === kind);
    if (found.length === 0) continue;
    lines.push(`${heading} (${found.length}):`);
    for (const { name, module, details } of found) {
      lines.push(`  ${name} (${module})${kind === "crc" ? `: ${details.join("; ")}` : ""}`);
      if (kind !== "crc") lines.push(...details.map((detail) => `    ${detail}`));
    }
  }
  if (superseded.length > 0) {
    lines.push(`With a successor (${superseded.length}):`);
    lines.push(...superseded.map(({ name, by }) => `  ${name}: ${by}`));
  }
  if (deprecated.length > 0) {
    lines.push(`Newly deprecated (${deprecated.length}):`);
    lines.push(...deprecated.map(({ name, why }) => `  ${name}${why === "" ? "" : `: ${why}`}`));
  }
  return [...lines, `${same} messages are the same in both.`];
}
