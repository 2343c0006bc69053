import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Interrupted } from "../../src/cli/interrupt.js";
import { main } from "../../src/cli/main.js";
import { AbortedError, Err, RejectedError, UnreachableError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { failingConnect, onMemory, runCli, Sink, toMemory } from "../support/run-cli.js";

describe("usage", () => {
  test.each([
    ["", "missing command name"],
    ["frob", "unknown command: frob"],
    ["list --frob", "unknown argument: frob"],
    ["delete t0 t1", "unknown argument: t1"],
    ["create frob n", "unknown arguments: frob, n"],
    [
      "create",
      "missing type; expected one of vhost-user, memif, tap, internal, loopback, af-packet, dpdk, patch, vxlan, geneve",
    ],
    ["create vhost-user", "missing argument: got 0, need at least 1"],
    ["create vhost-user n", "missing option --mode"],
    ["create vxlan n", "missing option --remote-ip"],
    ["create memif n", "missing option --role, --socket"],
    ["create vhost-user n --mode x", '--mode is "x"; expected one of "server", "client"'],
    ["create tap n --peer x", "unknown argument: peer"],
    ["attach n", "missing argument: got 1, need at least 2"],
    ["--engine ovn list", '--engine is "ovn"; expected one of "ovs", "vpp", "memory"'],
    ["--db", "option --db requires an argument"],
    ["--db a --remote b list", "--db is given more than once"],
    ["-t soon list", '-t or --timeout is "soon"; expected seconds, such as 5 or 0.5'],
    ["-t -1 list", '-t or --timeout is "-1"; expected seconds, such as 5 or 0.5'],
  ])("vswitch %s", async (line, message) => {
    const ran = await runCli(line.split(" ").filter((word) => word !== ""));
    expect(ran).toEqual({ code: 1, stdout: "", stderr: `vswitch: ${message}; use --help for help\n` });
  });

  test("--help and --version go to standard output", async () => {
    const version = await runCli(["-V"]);
    expect(version.stdout).toMatch(/^vswitch \d+\.\d+\.\d+\n$/u);
    for (const command of ["", "create", "create vhost-user", "attach", "gc", "doctor"]) {
      const ran = await runCli([...command.split(" ").filter((word) => word !== ""), "--help"]);
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      await expect(ran.stdout).toMatchFileSnapshot(
        `golden/help-${command.replace(" ", "-") || "vswitch"}.txt`,
      );
    }
  });
});

/** The options with which the command line connects. */
const asked = async (line: string, env = {}): Promise<unknown> => {
  let options: unknown;
  await runCli(line.split(" "), {
    env,
    connect: (given) => {
      options = given;
      return toMemory(new MemorySwitch())({});
    },
  });
  return options;
};

describe("what a connection is asked for", () => {
  const signal: unknown = expect.any(AbortSignal);
  const timeoutMs: unknown = expect.any(Number);
  const rest = { signal, timeoutMs };

  test("nothing, where nothing is said", async () => {
    expect(await asked("list")).toEqual(rest);
  });

  test("everything, in the words of ovs-vsctl", async () => {
    const line =
      "--db=ssl:192.0.2.1:6640 -p key.pem -c cert.pem -C ca.pem --engine ovs --datapath-type system list";
    expect(await asked(line)).toEqual({
      ...rest,
      remote: "ssl:192.0.2.1:6640",
      tls: { key: "key.pem", cert: "cert.pem", ca: "ca.pem" },
      engine: "ovs",
      datapathType: "system",
    });
    expect(await asked("list --remote unix:/x")).toMatchObject({ remote: "unix:/x" });
  });

  test("the owner of the option, else of VSWITCH_OWNER", async () => {
    expect(await asked("list", { VSWITCH_OWNER: "lab" })).toMatchObject({ owner: "lab" });
    expect(await asked("--owner me list", { VSWITCH_OWNER: "lab" })).toMatchObject({ owner: "me" });
    expect(await asked("list", { VSWITCH_OWNER: "" })).toEqual(rest);
  });

  test("the seconds of -t are for all that the command does; 0 is for ever", async () => {
    expect(await asked("-t 0.001 list")).toMatchObject({ timeoutMs: 1 });
    expect(await asked("-t 0 list")).toMatchObject({ timeoutMs: 2_147_483_647 });
    const memory = new MemorySwitch();
    memory.delay("listInterfaces", 60_000);
    const ran = await onMemory(memory)("-t 0.01 list");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^vswitch: listInterfaces: no answer within \d+ ms/u);
  });

  test("an option that the library refuses is named", async () => {
    expect(await onMemory(new MemorySwitch())("--owner a,b list")).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("errors", () => {
  const refused = new UnreachableError({
    operation: "connect",
    address: "unix:/x",
    errno: "EACCES",
    hint: "run as root",
    message: "connect: cannot connect to unix:/x: permission denied; run as root",
  });

  test("on standard error, exit code 1", async () => {
    expect(await runCli(["list"], { connect: failingConnect(refused) })).toEqual({
      code: 1,
      stdout: "",
      stderr: "vswitch: connect: cannot connect to unix:/x: permission denied; run as root\n",
    });
  });

  test("with --json as one document on standard output too", async () => {
    const ran = await runCli(["list", "--json"], { connect: failingConnect(refused) });
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toEqual({ error: refused.toJSON() });
    expect(ran.stderr).toContain("permission denied");
    const usage = await runCli(["frob", "--json"]);
    expect(usage.code).toBe(1);
    expect(JSON.parse(usage.stdout)).toMatchObject({
      error: { kind: "invalid", message: "unknown command: frob; use --help for help" },
    });
  });

  test("with what is left behind, and nothing that could command a terminal", async () => {
    const memory = new MemorySwitch();
    const fields = { operation: "x", message: "bad \u001b[2J\nname", reason: "r", details: "d" };
    memory.failNext("listInterfaces", new RejectedError({ ...fields, leftBehind: ["one", "two"] }));
    expect((await onMemory(memory)("list")).stderr).toBe(
      "vswitch: bad \\u001b[2J\\u000aname\nvswitch: left behind: one\nvswitch: left behind: two\n",
    );
  });
});

describe("signals", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends what runs, and the exit code is %i", async (name, code) => {
    const memory = new MemorySwitch();
    memory.delay("createInterface", 60_000);
    const controller = new AbortController();
    const connect = toMemory(memory);
    const ran = await runCli(["create", "tap", "t0", "--json"], {
      signal: controller.signal,
      connect: async (options) => {
        const connected = await connect(options);
        setImmediate(() => controller.abort(new Interrupted(name)));
        return connected;
      },
    });
    expect(ran.code).toBe(code);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { kind: "aborted" } });
    expect(memory.interfaces()).toEqual([]);
  });

  test("one that comes while connecting ends that", async () => {
    const controller = new AbortController();
    const ran = await runCli(["list"], {
      signal: controller.signal,
      connect: ({ signal }) =>
        new Promise((resolve) => {
          const message = "connect: cancelled";
          signal?.addEventListener("abort", () =>
            resolve(Err(new AbortedError({ operation: "connect", outcome: "not-sent", message }))),
          );
          controller.abort(new Interrupted("SIGINT"));
        }),
    });
    expect(ran).toEqual({ code: 130, stdout: "", stderr: "vswitch: connect: cancelled\n" });
  });
});

const run = (stdout: PassThrough, argv: readonly string[]): Promise<number> =>
  main({
    argv,
    stdin: Readable.from([]),
    stdout,
    stderr: new Sink(),
    env: {},
    signal: new AbortController().signal,
    connect: toMemory(new MemorySwitch()),
  });
const failing = (code: string): PassThrough => {
  const stream = new PassThrough();
  stream._write = (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code }));
  return stream;
};

describe("standard output", () => {
  test("a reader that has left is no error, and ends a watch", async () => {
    expect(await run(failing("EPIPE"), ["show"])).toBe(0);
    expect(await run(failing("EPIPE"), ["watch"])).toBe(0);
  });

  test("a full disk is one", async () => {
    expect(await run(failing("ENOSPC"), ["show"])).toBe(1);
  });
});
