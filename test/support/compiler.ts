import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** What the compiler, as strict as this project has it, says of modules that are in no file. */
export function diagnosticsOf(modules: ReadonlyMap<string, string>): readonly string[] {
  const file = join(import.meta.dirname, "../../tsconfig.json");
  const config: unknown = ts.parseConfigFileTextToJson(file, readFileSync(file, "utf8")).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(file, ".."));
  const host = ts.createCompilerHost(options);
  const withModules: ts.CompilerHost = {
    ...host,
    // In a folder that is not there, none would be looked for.
    directoryExists: () => true,
    fileExists: (name) => modules.has(name) || host.fileExists(name),
    readFile: (name) => modules.get(name) ?? host.readFile(name),
    getSourceFile: (name, version, onError) => {
      const text = modules.get(name);
      return text === undefined
        ? host.getSourceFile(name, version, onError)
        : ts.createSourceFile(name, text, version);
    },
  };
  const program = ts.createProgram([...modules.keys()], options, withModules);
  return [...modules.keys()].flatMap((name) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  );
}
