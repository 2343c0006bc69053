/** The CNI plugin through the service: its methods, and the shims that a runtime starts. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { cniMethods } from "../../src/cli/cni-methods.js";
import { CniLab, containerId } from "../cni/support/lab.js";
import { startBench, type Bench } from "./bench.js";

const source = (name: string): string => fileURLToPath(new URL(`../../shim/${name}`, import.meta.url));
const has = (...names: readonly string[]): boolean =>
  names.every((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0);

let lab: CniLab;
let bench: Bench;
beforeEach(async () => {
  lab = new CniLab();
  bench = await startBench({ methods: cniMethods });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  lab[Symbol.dispose]();
});

/** The in-memory switch makes no socket that the plugin could wait for, so the container makes it. */
const conf = (): Record<string, unknown> =>
  lab.conf({
    host: {
      engine: "vpp",
      iftype: "memif",
      netType: "bridge",
      memif: { role: "slave" },
      bridge: { bridgeId: 4 },
    },
  });

describe("the methods", () => {
  test("run the plugin, on the connection of the service", async () => {
    using client = await bench.client();
    const params = { env: lab.env({ command: "" }), stdin: JSON.stringify(conf()) };
    const added = await client.call("cni.add", params);
    expect(added.result).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringContaining('"socketPath"'),
    });
    expect(bench.memory.interfaces()).toMatchObject([{ bridge: "4", mark: { owner: "cni" } }]);
    expect((await client.call("cni.del", params)).result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(bench.memory.interfaces()).toEqual([]);
  });

  test("answer what the plugin refuses as the plugin does", async () => {
    using client = await bench.client();
    const { result } = await client.call("cni.add", { env: {}, stdin: "" });
    expect(result).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('"code": 4') });
    expect(await client.call("cni.add", { env: { A: 1 }, stdin: "" })).toMatchObject({
      error: { data: { kind: "invalid", path: "env.A" } },
    });
  });

  test("are not there unless they were asked for", async () => {
    await using plain = await startBench();
    using client = await plain.client();
    expect(await client.call("cni.version", { env: {}, stdin: "" })).toMatchObject({
      error: { code: -32601 },
    });
  });
});

/** What a process that is about to end has not given back is no leak. */
const ASAN_OPTIONS = "detect_leaks=0";

let folder = "";
let compiled = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vswitch-shim-"));
  if (!has("cc")) return;
  compiled = join(folder, "userspace");
  const flags = [
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wpedantic",
    "-Wconversion",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover",
    "-DGREETING_SECONDS=1",
    "-DSERVICE_SECONDS=2",
  ];
  const made = spawnSync("cc", [...flags, "-o", compiled, source("userspace-shim.c")], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function shim(
  program: readonly string[],
  command: string,
  input: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const once = join(folder, "userspace-once");
  writeFileSync(once, '#!/bin/sh\necho "itself: $CNI_COMMAND $(cat)"\nexit 3\n');
  chmodSync(once, 0o755);
  const [file = "", ...args] = program;
  const child = spawn(file, args, {
    env: {
      ...lab.env({ command }),
      VSWITCH_SOCKET: bench.path,
      USERSPACE_ONCE: once,
      GREETING_SECONDS: "1",
      ASAN_OPTIONS,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

const kinds = [
  { name: "in C", why: has("cc") ? "" : " (skipped: no cc)", program: (): readonly string[] => [compiled] },
  {
    name: "in shell",
    why: has("jq") && (has("socat") || has("nc")) ? "" : " (skipped: no jq, or neither socat nor nc)",
    program: (): readonly string[] => ["sh", source("userspace-shim.sh")],
  },
];

const greeting = '{"jsonrpc":"2.0","id":0,"result":{"methods":["cni.add"]}}\n';

/** Listens in the service's place, and says what it likes to each request in turn; `undefined`: nothing. */
async function impostor(...answers: readonly (string | undefined)[]): Promise<string> {
  const path = join(folder, `s${Math.random()}`);
  const server = createServer((socket) => {
    const left = [...answers];
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const answer = left.shift();
      if (answer !== undefined && left.length > 0) socket.write(answer);
      else if (answer !== undefined) socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return path;
}

describe.each(kinds)("the shim $name$why", ({ why, program }) => {
  test.skipIf(why !== "")("prints what the service answers, with its exit code", async () => {
    const input = JSON.stringify({ ...conf(), dns: { domain: 'é😀"\\\u0007\n' } });
    const added = await shim(program(), "ADD", input);
    expect(added).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(added.stdout)).toMatchObject({ interfaces: [{ name: "net1" }] });
    expect(existsSync(join(lab.sharedDir, containerId.slice(0, 12)))).toBe(true);
    expect(await shim(program(), "DEL", input)).toEqual({ code: 0, stdout: "", stderr: "" });
    const refused = await shim(program(), "ADD", "{");
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: 6 });
    expect(JSON.parse((await shim(program(), "VERSION", "")).stdout)).toHaveProperty("supportedVersions");
  });

  test.skipIf(why !== "")("runs the plugin itself, with the same input, where no service is", async () => {
    const input = `${"x".repeat(100_000)}é`;
    const itself = { code: 3, stdout: `itself: ADD ${input}\n`, stderr: "" };
    expect(await shim(program(), "ADD", input, { VSWITCH_SOCKET: "/none/such" })).toEqual(itself);
    expect(await shim(program(), "ADD", input, { VSWITCH_SOCKET: `/tmp/${"x".repeat(200)}` })).toEqual(
      itself,
    );
    await using plain = await startBench();
    expect(await shim(program(), "ADD", input, { VSWITCH_SOCKET: plain.path })).toEqual(itself);
  });

  test.skipIf(why !== "")(
    "runs the plugin itself where the service hangs, or hangs up, when it is greeted",
    async () => {
      const itself = { code: 3, stdout: "itself: ADD {}\n", stderr: "" };
      const begun = Date.now();
      expect(await shim(program(), "ADD", "{}", { VSWITCH_SOCKET: await impostor(undefined) })).toEqual(
        itself,
      );
      expect(Date.now() - begun).toBeGreaterThanOrEqual(900);
      expect(await shim(program(), "ADD", "{}", { VSWITCH_SOCKET: await impostor("") })).toEqual(itself);
    },
  );
});

describe.skipIf(!has("cc"))("the shim in C (skipped: no cc)", () => {
  test.each<[string, string]>([
    ["hangs up", ""],
    ["answers half a line", '{"jsonrpc":"2.0","id":1,"result":{"exitCode":0,"std'],
    ["answers nonsense", '}{"\n'],
    ["answers a string that does not end", '{"result":{"exitCode":0,"stdout":"\\\n'],
    ["answers no object", "[[[\n"],
    ["has an internal error", '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"x"}}\n'],
  ])("does not begin an ADD twice when the service %s; a DEL it does", async (_what, answer) => {
    const added = await shim([compiled], "ADD", "{}", { VSWITCH_SOCKET: await impostor(greeting, answer) });
    expect([added.code, JSON.parse(added.stdout)]).toMatchObject([1, { code: 11 }]);
    const deleted = await shim([compiled], "DEL", "{}", { VSWITCH_SOCKET: await impostor(greeting, answer) });
    expect(deleted).toEqual({ code: 3, stdout: "itself: DEL {}\n", stderr: "" });
  });

  test("waits for a service that hangs while it works as long as it is told, and begins no ADD twice", async () => {
    const added = await shim([compiled], "ADD", "{}", {
      VSWITCH_SOCKET: await impostor(greeting, undefined),
    });
    expect([added.code, JSON.parse(added.stdout)]).toMatchObject([1, { code: 11 }]);
    const deleted = await shim([compiled], "DEL", "{}", {
      VSWITCH_SOCKET: await impostor(greeting, undefined),
    });
    expect(deleted).toEqual({ code: 3, stdout: "itself: DEL {}\n", stderr: "" });
  });

  test("reads the members in any order, and every escape", async () => {
    const answer = String.raw`{"result":{"x":[{"exitCode":9}],"stdout":"\u00e9\ud83d\ude00\"\\\/\n\u0041","stderr":"e","exitCode":7},"id":1}`;
    const ran = await shim([compiled], "ADD", "{}", {
      VSWITCH_SOCKET: await impostor(greeting, `${answer}\n`),
    });
    expect(ran).toEqual({ code: 7, stdout: 'é😀"\\/\nA', stderr: "e" });
  });

  test("says on standard output that a configuration is longer than any", async () => {
    const ran = await shim([compiled], "ADD", " ".repeat(24 * 1024 * 1024));
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([
      1,
      { code: 5, msg: expect.stringContaining("too large") },
    ]);
  });

  test("says so when the plugin itself is not there either", async () => {
    const ran = await shim([compiled], "ADD", "{}", {
      VSWITCH_SOCKET: "/none/such",
      USERSPACE_ONCE: "/none/such",
    });
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([1, { code: 5 }]);
  });
});
