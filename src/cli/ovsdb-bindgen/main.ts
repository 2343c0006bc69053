import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import {
  checkNames,
  checkRowTypes,
  defaultNames,
  generateRowTypes,
  readSchemaFile,
  writeRowTypes,
} from "../../ovsdb/codegen/index.js";
import { connectOvsdb, type DatabaseSchema } from "../../ovsdb/index.js";
import { parse, type Arguments, type Source } from "./arguments.js";

/** What the program has of the world, so that it can run inside another one. */
export interface World {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Ends the wait for a server. */
  readonly signal: AbortSignal;
}

/** The `ovsdb-bindgen` command. Gives the exit code: 0 done; 1 any error, or with `--check` that the file is stale. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const parsed = await parse(argv);
  if (parsed.kind === "text") {
    world.stdout.write(`${parsed.text}\n`);
    return 0;
  }
  if (parsed.kind === "misused") {
    world.stderr.write(`ovsdb-bindgen: ${parsed.message}; use --help for help\n`);
    return 1;
  }
  const done = await run(parsed, world.signal);
  if (done.isErr()) {
    world.stderr.write(`ovsdb-bindgen: ${done.error.message}\n`);
    return 1;
  }
  world.stdout.write(`${done.value.said}\n`);
  return done.value.failed ? 1 : 0;
}

async function run(
  asked: Extract<Arguments, { readonly kind: "generate" }>,
  signal: AbortSignal,
): Promise<Result<{ readonly said: string; readonly failed: boolean }, VSwitchError>> {
  const schema = await schemaFrom(asked.source, asked.timeoutMs, signal);
  if (schema.isErr()) return schema;
  const names = defaultNames(schema.value);
  const options = {
    databaseType: asked.databaseType ?? names.databaseType,
    schemaConstant: asked.schemaConstant ?? names.schemaConstant,
    runtimeModule: asked.runtime,
    integers: asked.integers,
  };
  const bad = checkNames(schema.value, options);
  if (bad.isErr()) return bad;
  const text = generateRowTypes(schema.value, options);
  const { out } = asked;
  if (asked.check) {
    return checkRowTypes(text, out).map((state) =>
      state === "unchanged"
        ? { said: `${out}: up to date`, failed: false }
        : { said: `${out}: ${state}; generate it again`, failed: true },
    );
  }
  const columns = [...schema.value.tables.values()].reduce((sum, table) => sum + table.columns.size, 0);
  const what = `${schema.value.name} ${schema.value.version}`.trim();
  return writeRowTypes(text, out).andThen((state) =>
    Ok({
      said: `${what}: ${schema.value.tables.size} tables, ${columns} columns, ${kilobytes(text)} kB\n${out}: ${state === "unchanged" ? "unchanged" : "written"}`,
      failed: false,
    }),
  );
}

function kilobytes(text: string): string {
  return (Buffer.byteLength(text) / 1000).toFixed(0);
}

async function schemaFrom(
  source: Source,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Result<DatabaseSchema, VSwitchError>> {
  if ("file" in source) return readSchemaFile(source.file);
  const connected = await connectOvsdb({ ...source, operation: "readSchema", timeoutMs, signal });
  if (connected.isErr()) return Err(connected.error);
  await using client = connected.value;
  return Ok(client.schema);
}
