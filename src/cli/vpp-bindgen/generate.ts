import type { VSwitchError } from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import { type Bindings, checkBindings, generateBindings, writeBindings } from "../../vpp/codegen/index.js";
import { type ApiModel, readApiDirectory } from "../../vpp/schema/index.js";
import type { GenerateArguments } from "./arguments.js";
import type { Said } from "./said.js";

/** Generates, and writes or checks. */
export function runGenerate(asked: GenerateArguments): Result<Said, VSwitchError> {
  const inputs: { release: string; model: ApiModel }[] = [];
  for (const { release, path } of asked.inputs) {
    const model = readApiDirectory(path);
    if (model.isErr()) return Err(model.error);
    inputs.push({ release, model: model.value });
  }
  const bindings = generateBindings(inputs, asked);
  if (bindings.isErr()) return Err(bindings.error);
  return asked.check ? check(bindings.value, asked.out) : write(bindings.value, asked.out);
}

function check(bindings: Bindings, out: string): Result<Said, VSwitchError> {
  return checkBindings(bindings, out).map((stale) => ({
    out: stale.map(({ file, why }) => `${file}: ${why}`),
    notes: stale.length > 0 ? [`${stale.length} files in ${out} are stale; generate them again`] : [],
    failed: stale.length > 0,
  }));
}

function write(bindings: Bindings, out: string): Result<Said, VSwitchError> {
  const { report } = bindings;
  return writeBindings(bindings, out).map(({ written, unchanged, removed }) => ({
    out: [
      `${report.messages} messages and ${report.types} types in ${bindings.files.size} files, ${kilobytes(report.bytes)} kB`,
      `${out}: ${written.length} written, ${unchanged.length} unchanged, ${removed.length} removed`,
      ...report.skipped.map(({ module, item, why }) => `skipped: ${item} of ${module}: ${why}`),
    ],
    notes: report.notes,
    failed: false,
  }));
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
