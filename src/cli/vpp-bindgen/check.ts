import type { VSwitchError } from "../../core/errors.js";
import { Ok, type Result } from "../../core/result.js";
import { connectVpp } from "../../vpp/api/connect.js";
import type { VppClient } from "../../vpp/api/client.js";
import { fitOf, type Fit, type Misfit } from "../../vpp/api/fit.js";
import { ShowVersion } from "../../vpp/bindings/vpe.js";
import { type GeneratedMessage, readGeneratedMessages, usedMessages } from "../../vpp/codegen/index.js";
import type { CheckArguments } from "./arguments.js";
import type { Said } from "./said.js";

/** Connects to a VPP and says which messages of bindings it does not have as they are generated. */
export async function runCheck(
  asked: CheckArguments,
  signal: AbortSignal,
): Promise<Result<Said, VSwitchError>> {
  const read = readGeneratedMessages(asked.bindings);
  if (read.isErr()) return read;
  const messages = asked.usedIn === undefined ? read.value : usedIn(asked.usedIn, read.value);
  const connected = await connect(asked, signal);
  if (connected.isErr()) return connected;
  await using client = connected.value;
  const version = await client.call(ShowVersion, {}, { signal });
  if (version.isErr()) return version;
  const fit = fitOf(messages, (form) => client.capability(form));
  const server = `${asked.remote} is VPP ${version.value.version} with ${[...client.messages()].length} messages`;
  const out = asked.json
    ? [JSON.stringify({ version: version.value.version, ...fit }, undefined, 2)]
    : text(server, fit);
  return Ok({ out, notes: notes(fit, asked), failed: fit.misfits.length > 0 });
}

/** The server tells its own API where it can: then a CRC that is unknown is judged by the bytes it stands for. */
async function connect(
  { remote, api }: CheckArguments,
  signal: AbortSignal,
): Promise<Result<VppClient, VSwitchError>> {
  const common = { remote, name: "vpp-bindgen check", reconnect: false, signal };
  if (api !== undefined) return connectVpp({ ...common, api: { directory: api } });
  const told = await connectVpp({ ...common, api: "bootstrap" });
  return told.isErr() && told.error.kind === "unsupported" ? connectVpp(common) : told;
}

/** The messages that a source tree uses, and what answers those. */
function usedIn(directory: string, messages: readonly GeneratedMessage[]): readonly GeneratedMessage[] {
  const used = new Set(usedMessages(directory, new Set(messages.map(({ name }) => name))));
  for (const { name, answers } of messages) {
    if (used.has(name)) for (const answer of answers) used.add(answer);
  }
  return messages.filter(({ name }) => used.has(name));
}

const headings: readonly (readonly [Misfit["state"], string])[] = [
  ["other-layout", "Laid out otherwise"],
  ["plugin-not-loaded", "Of a plugin that is not loaded"],
  ["absent", "Not in this release"],
];

function text(server: string, { fitting, replaced, misfits }: Fit): readonly string[] {
  const lines = [`${server}.`];
  for (const [state, heading] of headings) {
    const found = misfits.filter((misfit) => misfit.state === state);
    if (found.length > 0)
      lines.push(`${heading} (${found.length}):`, ...found.map((misfit) => `  ${line(misfit)}`));
  }
  if (replaced.length > 0) {
    lines.push(`Not in this release, where the bindings have another version that is (${replaced.length}):`);
    lines.push(...replaced.map(({ message, by }) => `  ${message}: ${by}`));
  }
  const all = fitting.length + replaced.length + misfits.length;
  return [...lines, `${fitting.length} of ${all} messages fit.`];
}

function line(misfit: Misfit): string {
  if (misfit.state === "other-layout")
    return `${misfit.message}: the server has it as ${misfit.message}_${misfit.crc}`;
  if (misfit.state === "plugin-not-loaded") return `${misfit.message} (${misfit.module})`;
  const others = misfit.alternatives.length === 0 ? "" : `: it has ${misfit.alternatives.join(", ")}`;
  return `${misfit.message}${others}`;
}

function notes({ misfits }: Fit, { remote, bindings }: CheckArguments): readonly string[] {
  if (misfits.length === 0) return [];
  const isOther = misfits.some(({ state }) => state === "other-layout");
  const advice = isOther ? "; generate them from this server's API files too, with another --in" : "";
  return [
    `${remote} does not fit ${bindings}: ${misfits.length} messages are not there as generated${advice}`,
  ];
}
