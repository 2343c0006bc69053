/** What the plugin reads from standard input: all of it, however it comes, and not for ever. */
import { execFileSync, spawn, type StdioOptions } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readInput } from "../../src/cni/stdin.js";
import { CniLab } from "./support/lab.js";
import { ended, Plugin } from "./support/plugin.js";

let folder = "";
let plugin: Plugin;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stdin-"));
  plugin = new Plugin();
}, 120_000);
afterAll(() => {
  plugin[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A pipe: a handle to read it, and one to write it, whose closing ends it. */
class Pipe implements Disposable {
  readonly reader: number;
  readonly writer: number;
  #isOpen = true;

  constructor() {
    const path = join(mkdtempSync(join(folder, "pipe-")), "pipe");
    execFileSync("mkfifo", [path]);
    // To open one end alone waits for the other.
    const both = openSync(path, constants.O_RDWR);
    this.reader = openSync(path, "r");
    this.writer = openSync(path, "w");
    closeSync(both);
  }

  end(): void {
    if (this.#isOpen) closeSync(this.writer);
    this.#isOpen = false;
  }

  [Symbol.dispose](): void {
    this.end();
    closeSync(this.reader);
  }
}

describe("a configuration is read wholly", () => {
  test("from a pipe that was written and closed before", async () => {
    using pipe = new Pipe();
    writeSync(pipe.writer, '{"a":1}');
    pipe.end();
    expect(await readInput(pipe.reader)).toBe('{"a":1}');
  });

  test("from a pipe that is written late, in pieces, and more than it holds", async () => {
    using pipe = new Pipe();
    const text = "x".repeat(300_000);
    const writes = (async () => {
      for (let at = 0; at < text.length; at += 50_000) {
        await sleep(5);
        writeSync(pipe.writer, text.slice(at, at + 50_000));
      }
      pipe.end();
    })();
    expect(await readInput(pipe.reader)).toBe(text);
    await writes;
  });

  test("from where others have left off reading a file", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "not ours\n{}");
    const handle = openSync(file, "r");
    readSync(handle, Buffer.alloc(9));
    expect(await readInput(handle)).toBe("{}");
    closeSync(handle);
  });

  test("as nothing where there is no standard input", async () => {
    expect(await readInput(987_654)).toBe("");
  });
});

test("what is longer than any configuration is not read to its end", async () => {
  await expect(readInput(openSync("/dev/zero", "r"))).rejects.toThrow("this is no network configuration");
});

describe("a runtime that does not close what it writes to", () => {
  test.each(["", '{"name":'])("after %j is told what was waited for", async (text) => {
    using pipe = new Pipe();
    writeSync(pipe.writer, text);
    await expect(readInput(pipe.reader, 20)).rejects.toThrow(
      /did not end within 20 ms: the runtime has to write .* and then to close it/u,
    );
  });

  /** Loaded before the plugin: for it a second is over in a millisecond. */
  const hasty = `const { setTimeout: wait } = globalThis; globalThis.setTimeout = (work, ms) => wait(work, ms / 1000);`;

  /** Runs the plugin on a standard input that the test keeps open. */
  async function run(
    stdin: number | "pipe",
  ): Promise<{ readonly code: number | null; readonly stdout: string }> {
    using lab = new CniLab();
    const preload = join(folder, "hasty.cjs");
    writeFileSync(preload, hasty);
    const stdio: StdioOptions = [stdin, "pipe", "ignore"];
    const env = lab.env({ command: "ADD" });
    const child = spawn(process.execPath, ["--require", preload, plugin.file], { env, stdio });
    try {
      return await ended(child);
    } finally {
      child.stdin?.destroy();
    }
  }

  test("does not keep a process: code 5, by a pipe", async () => {
    using pipe = new Pipe();
    const { code, stdout } = await run(pipe.reader);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ code: 5, msg: expect.stringContaining("within 30000 ms") });
  });

  test("does not keep a process: code 5, by a socket", async () => {
    const { code, stdout } = await run("pipe");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ code: 5, msg: expect.stringContaining("within 30000 ms") });
  });
});
