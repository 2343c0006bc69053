/** `vswitch serve` as a process, with the example client of another language, on a real Open vSwitch where there is one. */
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { availableFlavours, startOpenVSwitch } from "../support/openvswitch.js";
import { spawnVswitch, vswitchArgs } from "../support/run-cli.js";
import { RpcClient } from "./bench.js";

const run = promisify(execFile);
const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/service/${name}`, import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const askedFromShell = ["socat", "nc"].some(
  (name) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0,
);

let folder = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vswitch-serve-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Served {
  readonly child: ChildProcess;
  readonly path: string;
  readonly said: () => string;
}

async function started(child: ChildProcess, path: string): Promise<Served> {
  children.push(child);
  let said = "";
  const serving = new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      said += String(chunk);
      if (said.includes("serving on")) resolve();
    });
    child.once("close", () => reject(new Error(`it ended: ${said}`)));
  });
  await serving;
  return { child, path, said: () => said };
}

const serveIn = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> => {
  const path = join(folder, "s");
  return started(spawnVswitch(["serve", "--socket", path, ...args], env), path);
};

describe("vswitch serve", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "ends cleanly at %s: exit code 0, no socket left",
    async (signal) => {
      const { child, path } = await serveIn(["--engine", "memory"]);
      using client = await RpcClient.connect(path);
      expect(await client.call("listBridges")).toMatchObject({ result: [] });
      child.kill(signal);
      await once(child, "close");
      expect([child.exitCode, existsSync(path)]).toEqual([0, false]);
    },
  );

  test("of two that start at once one serves, and the other ends and says why", async () => {
    const both = await Promise.allSettled([serveIn(["--engine", "memory"]), serveIn(["--engine", "memory"])]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const reasons = both.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
    expect(reasons.join("")).toMatch(
      /another service (listens|starts just now) on .*; end it, or take another/u,
    );
    using client = await RpcClient.connect(join(folder, "s"));
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
  });

  test("starts without a switch, and says where it looked", async () => {
    const { path, said } = await serveIn(["--engine", "ovs"], { OVS_RUNDIR: folder });
    using client = await RpcClient.connect(path);
    expect(await client.call("listBridges")).toMatchObject({ error: { data: { kind: "unreachable" } } });
    expect(said()).toContain(`${folder}/db.sock`);
  });

  test.each<[readonly string[], string]>([
    [["--socket-mode", "rw"], '--socket-mode is "rw"; expected permissions such as 0600 or 0660'],
    [["--max-clients", "0"], "--max-clients is 0; expected an integer from 1 to 10000"],
    [["--owner", "a/b"], "--owner is"],
    [["--socket", "relative"], "expected an absolute path"],
  ])("%j is refused before anything listens", async (args, words) => {
    const own = args[0] === "--socket" ? [] : ["--socket", join(folder, "s")];
    const child = spawnVswitch(["serve", "--engine", "memory", ...own, ...args]);
    children.push(child);
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    await once(child, "close");
    expect([child.exitCode, existsSync(join(folder, "s"))]).toEqual([1, false]);
    expect(said).toContain(words);
  });

  test.skipIf(!hasPython)(
    "takes the socket that systemd passes, and leaves it (skipped: no python3)",
    async () => {
      const path = join(folder, "s");
      const activate = [
        "import os, socket, sys",
        "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()",
        "os.dup2(s.fileno(), 3); os.set_inheritable(3, True)",
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')",
        "os.execv(sys.argv[2], sys.argv[2:])",
      ].join("\n");
      const command = [process.execPath, ...vswitchArgs, "serve", "--engine", "memory"];
      const child = spawn("python3", ["-c", activate, path, ...command], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const { said } = await started(child, path);
      using client = await RpcClient.connect(path);
      expect(await client.call("listBridges")).toMatchObject({ result: [] });
      expect(said()).toContain("the socket that was passed to it (descriptor 3)");
      child.kill("SIGTERM");
      await once(child, "close");
      expect([child.exitCode, existsSync(path)]).toEqual([0, true]);
    },
  );
});

describe("the example clients", () => {
  test.skipIf(!hasPython)(
    "client.py calls, tells errors by kind, and watches (skipped: no python3)",
    async () => {
      const { path } = await serveIn(["--engine", "memory"]);
      const env = { ...process.env, VSWITCH_SOCKET: path };
      const ask = (...args: readonly string[]) => run("python3", [example("client.py"), ...args], { env });
      const made = await ask(
        "createInterface",
        '{"spec": {"type": "tap", "name": "t0", "attach": {"bridge": "br0"}}}',
      );
      expect(JSON.parse(made.stdout)).toMatchObject({ created: true, bridge: "br0" });
      await expect(ask("getInterface", '{"name": "none"}')).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^not-found: getInterface: /u),
      });
      const watch = spawn("python3", [example("client.py"), "watch"], {
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      children.push(watch);
      const [first] = await once(watch.stdout, "data");
      expect(String(first)).toContain('{"kind": "current", "interface": {"name": "t0"');
    },
  );

  test.skipIf(!askedFromShell)("client.sh calls (skipped: neither socat nor nc)", async () => {
    const { path } = await serveIn(["--engine", "memory"]);
    const { stdout } = await run("sh", [example("client.sh"), "listBridges"], {
      env: { ...process.env, VSWITCH_SOCKET: path },
    });
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, result: [] });
  });
});

const { dummy } = availableFlavours();

test.skipIf(!dummy.available)(`outlives the database of a real Open vSwitch${dummy.note}`, async () => {
  await using ovs = await startOpenVSwitch({ flavour: "dummy" });
  const { path } = await serveIn(["--engine", "ovs", "--db", ovs.remote, "--datapath-type", "dummy"]);
  using client = await RpcClient.connect(path);
  const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } };
  expect(await client.call("createInterface", { spec })).toMatchObject({
    result: { created: true, bridge: "br0" },
  });
  await ovs.server.killServer();
  expect(await client.call("listBridges", { timeoutMs: 3000 })).toMatchObject({
    error: { data: { kind: expect.stringMatching(/^(?:unreachable|disconnected)$/u) } },
  });
  await ovs.server.startServer();
  expect(await client.call("createInterface", { spec })).toMatchObject({
    result: { created: false, bridge: "br0" },
  });
});
