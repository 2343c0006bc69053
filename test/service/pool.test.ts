import { describe, expect, test } from "vitest";
import { DisconnectedError, Ok, type ConnectOptions, type VSwitch } from "../../src/index.js";
import { SwitchPool } from "../../src/service/pool.js";
import { MemorySwitch } from "../../src/testing/index.js";

function poolOn(memory: MemorySwitch): {
  readonly pool: SwitchPool;
  readonly made: VSwitch[];
  readonly asked: ConnectOptions[];
} {
  const made: VSwitch[] = [];
  const asked: ConnectOptions[] = [];
  const pool = new SwitchPool(async (options) => {
    asked.push(options);
    const vswitch = memory.connect(options.owner === undefined ? {} : { owner: options.owner });
    made.push(vswitch);
    return Ok(vswitch);
  });
  return { pool, made, asked };
}

const lost = (outcome: "not-sent" | "unknown"): DisconnectedError =>
  new DisconnectedError({ operation: "listBridges", outcome, message: "the switch has died" });

describe("SwitchPool", () => {
  test("gives callers at the same time one connection, an owner of another name another", async () => {
    const { pool, made } = poolOn(new MemorySwitch());
    await using _pool = pool;
    await Promise.all([pool.connect({}), pool.connect({}), pool.connect({ owner: "lab" })]);
    await pool.connect({ timeoutMs: 99 });
    expect(made.map(({ owner }) => owner)).toEqual(["vswitch-drivers", "lab"]);
  });

  test("what it gives outlives its close, and the pool's ends it", async () => {
    const { pool } = poolOn(new MemorySwitch());
    const first = (await pool.connect({})).unwrap();
    await first.close();
    expect((await first.listBridges()).isOk()).toBe(true);
    await pool.close();
    expect((await first.listBridges()).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
    expect((await pool.connect({})).unwrapErr().kind).toBe("disconnected");
  });

  test("a connection found dead before anything was sent is replaced under the verb", async () => {
    const memory = new MemorySwitch();
    const { pool, made } = poolOn(memory);
    await using _pool = pool;
    const vswitch = (await pool.connect({})).unwrap();
    memory.failNext("listBridges", lost("not-sent"));
    expect((await vswitch.listBridges()).isOk()).toBe(true);
    expect(made).toHaveLength(2);
  });

  test("one that dies under a verb is told, and replaced for the next", async () => {
    const memory = new MemorySwitch();
    const { pool, made } = poolOn(memory);
    await using _pool = pool;
    const vswitch = (await pool.connect({})).unwrap();
    memory.failNext("listBridges", lost("unknown"));
    expect((await vswitch.listBridges()).unwrapErr()).toMatchObject({ outcome: "unknown" });
    expect((await vswitch.listBridges()).isOk()).toBe(true);
    expect(made).toHaveLength(2);
  });

  test("one that was given up is closed only when the last call on it has ended", async () => {
    const memory = new MemorySwitch();
    const { pool, made } = poolOn(memory);
    await using _pool = pool;
    const vswitch = (await pool.connect({})).unwrap();
    memory.delay("listInterfaces", 200);
    const slow = vswitch.listInterfaces();
    memory.failNext("listBridges", lost("unknown"));
    await vswitch.listBridges();
    expect((await slow).isOk()).toBe(true);
    const [first] = made;
    expect((await first?.listBridges())?.unwrapErr().kind).toBe("disconnected");
  });

  test("a caller waits for a connection no longer than its own time", async () => {
    const pool = new SwitchPool(() => new Promise(() => undefined));
    expect((await pool.connect({ timeoutMs: 20 })).unwrapErr()).toMatchObject({
      kind: "timeout",
      timeoutMs: 20,
    });
    expect((await pool.connect({ signal: AbortSignal.abort() })).unwrapErr().kind).toBe("aborted");
    await pool.close();
  });

  test("keeps at most sixteen switches; the one unused for longest goes", async () => {
    const { pool, made, asked } = poolOn(new MemorySwitch());
    await using _pool = pool;
    for (let i = 0; i < 17; i += 1) (await pool.connect({ owner: `o${i}` })).unwrap();
    await pool.connect({ owner: "o0" });
    await pool.connect({ owner: "o16" });
    expect(asked.map(({ owner }) => owner).slice(16)).toEqual(["o16", "o0"]);
    const [first] = made;
    expect((await first?.listBridges())?.unwrapErr().kind).toBe("disconnected");
  });
});
