/** Guides whose TypeScript is one program: taken out of the text, and run, it prints what the text says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "../..");

/** A guide in `doc/`. */
export interface Guide {
  /** Its TypeScript as one module, in which modules may have other names. */
  program(modules: Readonly<Record<string, string>>): string;
  /** What the text says that the program prints, a line each. */
  readonly printed: readonly string[];
}

export function readGuide(file: string): Guide {
  const text = readFileSync(join(root, file), "utf8");
  const code = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block = ""]) => block).join("\n");
  return {
    program: (modules) =>
      Object.entries(modules).reduce(
        (module, [name, other]) => module.replaceAll(JSON.stringify(name), JSON.stringify(other)),
        code,
      ),
    printed: [...text.matchAll(/\/\/ prints (.*)$/gm)].map(([, line = ""]) => line),
  };
}

/** What a program did that ran. */
export interface Ran {
  readonly lines: readonly string[];
  readonly code: number;
}

/** Writes modules into a folder of their own, and runs the one called `guide.ts`. */
export async function runGuide(
  modules: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "guide-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    for (const [name, text] of modules) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await run(join(folder, "guide.ts"), env);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(file: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (out += data.toString()));
  await once(child, "close");
  return { lines: out.trimEnd().split("\n"), code: child.exitCode ?? -1 };
}
