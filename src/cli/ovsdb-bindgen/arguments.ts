import yargs from "yargs";
import type { IntegerForm, TlsOptions } from "../../ovsdb/index.js";
import { version } from "../version.js";

/** Where a schema comes from. */
export type Source =
  | { readonly file: string }
  | { readonly remote: string; readonly database: string; readonly tls: TlsOptions | undefined };

/** What the arguments ask for. */
export type Arguments =
  | {
      readonly kind: "generate";
      readonly source: Source;
      readonly out: string;
      readonly databaseType: string | undefined;
      readonly schemaConstant: string | undefined;
      readonly runtime: string;
      readonly integers: IntegerForm;
      readonly check: boolean;
      readonly timeoutMs: number;
    }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "misused"; readonly message: string };

/** Reads the arguments of the command line. */
export async function parse(argv: readonly string[]): Promise<Arguments> {
  let asked: Arguments | undefined;
  let text = "";
  let wrong: string | undefined;
  const parser = yargs([])
    .detectLocale(false)
    .scriptName("ovsdb-bindgen")
    .usage("Writes the types of an OVSDB database's rows as TypeScript, from its schema.")
    .command(
      "$0",
      "write the types",
      (command) =>
        command
          .option("schema", {
            type: "string",
            requiresArg: true,
            describe: "schema file, such as vswitch.ovsschema",
          })
          .option("remote", {
            type: "string",
            requiresArg: true,
            describe: "running server to ask instead, such as unix:/run/openvswitch/db.sock",
          })
          .option("db", { type: "string", requiresArg: true, describe: "name of the server's database" })
          .option("out", {
            type: "string",
            demandOption: true,
            requiresArg: true,
            describe: "file to write",
          })
          .option("integers", {
            choices: ["exact", "bigint", "number"] as const,
            default: "exact" as const,
            describe: "how integers are read that may be beyond 2^53",
          })
          .option("database-type", {
            type: "string",
            requiresArg: true,
            describe: "name of the type of all tables",
          })
          .option("schema-constant", {
            type: "string",
            requiresArg: true,
            describe: "name of the constant that holds the schema",
          })
          .option("runtime", {
            type: "string",
            default: "vswitch-drivers/ovsdb",
            requiresArg: true,
            describe: "where generated code imports its runtime from",
          })
          .option("check", {
            type: "boolean",
            default: false,
            describe: "write nothing; exit 1 when the file is stale",
          })
          .option("private-key", {
            type: "string",
            requiresArg: true,
            describe: "key file, for ssl: remotes",
          })
          .option("certificate", {
            type: "string",
            requiresArg: true,
            describe: "certificate file, for ssl: remotes",
          })
          .option("ca-cert", {
            type: "string",
            requiresArg: true,
            describe: "file of who may have signed the server's certificate",
          })
          .option("timeout", {
            type: "number",
            default: 10,
            requiresArg: true,
            describe: "seconds to wait for a server",
          })
          .example("$0 --schema vswitch.ovsschema --out src/open-vswitch.ts", "")
          .example("$0 --remote tcp:127.0.0.1:6641 --db OVN_Northbound --out src/ovn-nb.ts", ""),
      (given) => {
        const { schema, remote, db, out, integers, databaseType, schemaConstant, runtime, check } = given;
        const tls = tlsOf(given.caCert, given.certificate, given.privateKey);
        const source = sourceOf(schema, remote, db, tls);
        if (source === undefined) {
          asked = { kind: "misused", message: "give either --schema, or --remote and --db" };
          return;
        }
        asked = {
          kind: "generate",
          source,
          out,
          databaseType,
          schemaConstant,
          runtime,
          integers,
          check,
          timeoutMs: given.timeout * 1000,
        };
      },
    )
    .strict()
    .parserConfiguration({ "parse-positional-numbers": false, "duplicate-arguments-array": false })
    .help("help", "show this help")
    .alias("help", "h")
    .version("version", "print the version", `ovsdb-bindgen ${version()}`)
    .alias("version", "V")
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(110);
  // What is wrong is told to the callback; it is not thrown.
  await parser.parseAsync([...argv], {}, (error: unknown, _given: unknown, output: string) => {
    text = output;
    if (error instanceof Error) wrong = oneLine(error.message);
  });
  if (wrong !== undefined) return { kind: "misused", message: wrong };
  return asked ?? { kind: "text", text };
}

/** Where the schema comes from; `undefined` where that is not said, or said twice. */
function sourceOf(
  schema: string | undefined,
  remote: string | undefined,
  database: string | undefined,
  tls: TlsOptions | undefined,
): Source | undefined {
  if (schema !== undefined)
    return remote === undefined && database === undefined ? { file: schema } : undefined;
  return remote === undefined || database === undefined ? undefined : { remote, database, tls };
}

function tlsOf(
  ca: string | undefined,
  cert: string | undefined,
  key: string | undefined,
): TlsOptions | undefined {
  return ca === undefined && cert === undefined && key === undefined ? undefined : { ca, cert, key };
}

function oneLine(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, "; ");
}
