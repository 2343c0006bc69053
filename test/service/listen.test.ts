import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { passedDescriptor, serve, type ServeOptions, type Service } from "../../src/service/index.js";
import { Ok } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { RpcClient, startBench } from "./bench.js";

let folder = "";
const services: Service[] = [];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "vswitch-listen-")));
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(socket: ServeOptions["socket"]): ReturnType<typeof serve> {
  const memory = new MemorySwitch();
  const started = await serve({ socket, connect: async () => Ok(memory.connect()) });
  if (started.isOk()) services.push(started.value);
  return started;
}

/** A socket whose service was killed. */
async function leaveBehind(path: string): Promise<void> {
  const passing = join(folder, "passing");
  const dead = createServer().listen(passing);
  await once(dead, "listening");
  renameSync(passing, path);
  dead.close();
}

const message = async (socket: ServeOptions["socket"]): Promise<string> =>
  (await start(socket)).unwrapErr().message;
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the socket", () => {
  test("is its owner's alone, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      const path = join(folder, "s");
      (await start({ path })).unwrap();
      expect(mode(path)).toBe("600");
      expect(process.umask()).toBe(0);
    } finally {
      process.umask(before);
    }
  });

  test("gets the mode and the group that are asked for", async () => {
    const path = join(folder, "s");
    const gid = process.getgid?.() ?? 0;
    (await start({ path, mode: 0o660, group: String(gid) })).unwrap();
    expect([mode(path), statSync(path).gid]).toEqual(["660", gid]);
  });

  test("goes when the service ends, and nothing else is left", async () => {
    const path = join(folder, "new", "s");
    const service = (await start({ path })).unwrap();
    expect(mode(join(folder, "new"))).toBe("755");
    await service.close();
    expect(existsSync(path)).toBe(false);
  });

  test("that another service has put there since stays", async () => {
    const path = join(folder, "s");
    const service = (await start({ path })).unwrap();
    rmSync(path);
    writeFileSync(path, "not ours");
    await service.close();
    expect(existsSync(path)).toBe(true);
  });

  test("that a dead service left behind is replaced", async () => {
    const path = join(folder, "s");
    await leaveBehind(path);
    (await start({ path })).unwrap();
    using client = await RpcClient.connect(path);
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
  });

  test("that another service listens on is left to it", async () => {
    const path = join(folder, "s");
    (await start({ path })).unwrap();
    expect((await start({ path })).unwrapErr()).toMatchObject({ kind: "conflict", object: `socket ${path}` });
    using client = await RpcClient.connect(path);
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
  });

  test.each(["a free place", "a place that a dead service has left"])(
    "of services that start at once on %s one wins, and the others say so",
    async (what) => {
      for (let round = 0; round < 20; round += 1) {
        const path = join(folder, `s${round}`);
        if (what !== "a free place") await leaveBehind(path);
        const started = await Promise.all(Array.from({ length: 6 }, () => start({ path })));
        const losers = started.filter((each) => each.isErr()).map((each) => each.unwrapErr());
        expect(losers).toHaveLength(5);
        for (const { kind, message: words } of losers)
          expect(`${kind}: ${words}`).toMatch(
            /^conflict: serve: another service (listens|starts just now) on/u,
          );
        using client = await RpcClient.connect(path);
        expect(await client.call("listBridges")).toMatchObject({ result: [] });
        expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
      }
    },
  );

  test("is not kept from its place by a claim of a service that was killed while it started", async () => {
    const path = join(folder, "s");
    const name = createHash("sha256").update("s").digest("hex").slice(0, 8);
    await leaveBehind(join(folder, `.${name}.00112233aabb`));
    (await start({ path })).unwrap();
    expect(readdirSync(folder)).toEqual(["s"]);
  });

  test("may have the longest path that the kernel takes", async () => {
    const path = join(folder, "s".repeat(107 - folder.length - 1));
    (await start({ path })).unwrap();
    using client = await RpcClient.connect(path);
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
  });

  test("does not take the place of a file", async () => {
    const path = join(folder, "s");
    writeFileSync(path, "precious");
    expect(await message({ path })).toContain("something else is there, which stays as it is");
    expect(existsSync(path)).toBe(true);
  });
});

describe("a bad place is refused, and told why", () => {
  test("a directory that everybody may write", async () => {
    chmodSync(folder, 0o777);
    expect(await message({ path: join(folder, "s") })).toContain(
      `${folder} may be written by everybody, who could put another socket there`,
    );
    chmodSync(folder, 0o1777);
    expect(await message({ path: join(folder, "s") })).toContain("may be written by everybody");
  });

  test("a directory above it that everybody may write; a sticky one is safe", async () => {
    const inner = join(folder, "inner");
    mkdirSync(inner);
    chmodSync(folder, 0o777);
    expect(await message({ path: join(inner, "s") })).toContain(`${folder} may be written by everybody`);
    chmodSync(folder, 0o1777);
    (await start({ path: join(inner, "s") })).unwrap();
  });

  test("a symbolic link to such a directory", async () => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(open, join(folder, "link"));
    expect(await message({ path: join(folder, "link", "s") })).toContain(
      `${open} may be written by everybody`,
    );
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a directory that a stranger, or a strange group, may write (skipped: not root)",
    async () => {
      const { chownSync } = await import("node:fs");
      chownSync(folder, 12_345, 0);
      expect(await message({ path: join(folder, "s") })).toContain("belongs to the user 12345");
      chownSync(folder, 0, 12_345);
      chmodSync(folder, 0o775);
      expect(await message({ path: join(folder, "s") })).toContain("may be written by the group 12345");
      (await start({ path: join(folder, "s"), group: "12345", mode: 0o660 })).unwrap();
    },
  );

  test.each<[string, ServeOptions["socket"], string]>([
    ["a relative path", { path: "s" }, "expected an absolute path"],
    ["no directory", { path: "/none/such/s" }, "its directory cannot be used"],
    ["a path that is too long", { path: `/tmp/${"x".repeat(120)}` }, ""],
    ["an unknown user", { path: "/run/s", owner: "no-such-user" }, "there is no user no-such-user"],
    ["an unknown group", { path: "/run/s", group: "no-such-group" }, "there is no group no-such-group"],
  ])("%s", async (_what, socket, words) => {
    const error = (await start(socket)).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "socket" });
    expect(error.message).toContain(words);
  });
});

describe("closing", () => {
  test("answers what runs, then ends; nothing new is taken", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    bench.memory.delay("listBridges", 200);
    client.send({ jsonrpc: "2.0", id: 1, method: "listBridges" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = bench.service.close();
    client.send({ jsonrpc: "2.0", id: 2, method: "about" });
    expect(await client.next()).toMatchObject({ id: 1, result: [] });
    expect(await client.nextValue()).toBeUndefined();
    await closed;
    await expect(bench.client()).rejects.toThrow("ENOENT");
  });

  test("cancels after the grace time what still runs, and undoes it", async () => {
    await using bench = await startBench({ limits: { graceMs: 50 } });
    using client = await bench.client();
    bench.memory.delay("createInterface", 60_000);
    client.send({
      jsonrpc: "2.0",
      id: 1,
      method: "createInterface",
      params: { spec: { type: "tap", name: "t0" } },
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await bench.service.close();
    expect(await client.next()).toMatchObject({ id: 1, error: { data: { kind: "aborted" } } });
    expect(bench.memory.interfaces()).toEqual([]);
  });

  test("ends watches and idle clients at once", async () => {
    await using bench = await startBench({ limits: { graceMs: 60_000 } });
    using client = await bench.client();
    await client.call("watch");
    await client.next();
    await bench.service.close();
    expect(await client.nextValue()).toBeUndefined();
  });
});

test("a passed descriptor is taken only when it was meant for this process", () => {
  expect(passedDescriptor({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 7)).toBe(3);
  expect(passedDescriptor({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 8)).toBeUndefined();
  expect(passedDescriptor({ LISTEN_PID: "7", LISTEN_FDS: "2" }, 7)).toBeUndefined();
  expect(passedDescriptor({}, 7)).toBeUndefined();
});
