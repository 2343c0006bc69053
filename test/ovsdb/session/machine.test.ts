/** What a session does about what happens to it, without a server, a socket or a clock. */
import { beforeEach, describe, expect, it } from "vitest";
import { IncompatibleError, RejectedError } from "../../../src/core/errors.js";
import { Conditions } from "../../../src/ovsdb/session/conditions.js";
import type { SessionEffect, SessionEvent } from "../../../src/ovsdb/session/events.js";
import { SessionMachine } from "../../../src/ovsdb/session/machine.js";
import type { SessionOptions } from "../../../src/ovsdb/session/options.js";
import { parseSessionRemotes } from "../../../src/ovsdb/session/remotes.js";
import type { ServerRow } from "../../../src/ovsdb/session/server-row.js";
import { zeroUuid } from "../../../src/ovsdb/uuid.js";

const lastId = "11111111-0000-4000-8000-000000000000";

const remotesOf = (text: string) => parseSessionRemotes(text, "test").unwrap().remotes;

const row = (fields: Partial<ServerRow> = {}): ServerRow => ({
  name: "Lab",
  model: "clustered",
  connected: true,
  leader: true,
  hasSchema: true,
  schema: "{}",
  cid: undefined,
  sid: undefined,
  index: 5,
  ...fields,
});

const refusal = (reason = "unknown method") =>
  new RejectedError({ operation: "test", reason, details: "", message: reason });

const unusable = (message: string) =>
  new IncompatibleError({
    operation: "test",
    item: "Log",
    wanted: "Log",
    present: "none",
    why: "absent",
    message,
  });

/** A machine whose time the test makes pass, and what it said to do. */
class Bench {
  readonly conditions = new Conditions(new Map([["Log", "all"]]));
  readonly machine: SessionMachine;
  now = 0;
  effects: readonly SessionEffect[] = [];

  constructor(options: Partial<SessionOptions> & { readonly remote?: string } = {}) {
    const { remote = "unix:/a,unix:/b,unix:/c", ...more } = options;
    this.machine = new SessionMachine(
      {
        operation: "test",
        database: "Lab",
        remotes: remotesOf(remote),
        cid: undefined,
        leaderOnly: true,
        shuffle: false,
        changeAware: true,
        retry: true,
        backoff: { minMs: 1000, maxMs: 8000 },
        dialMs: undefined,
        handshakeMs: 30_000,
        noProgressMs: 60_000,
        random: () => 0,
        ...more,
      },
      this.conditions,
    );
    this.tell({ kind: "start" });
  }

  tell(event: SessionEvent): void {
    this.effects = this.machine.handle(event);
  }

  /** What it said to do, without what it tells of itself and the timers that it clears. */
  get done(): readonly SessionEffect["do"][] {
    return this.effects
      .map((effect) => effect.do)
      .filter((what) => what !== "tell-state" && what !== "clear-timer");
  }

  effect<Do extends SessionEffect["do"]>(what: Do): Extract<SessionEffect, { do: Do }> | undefined {
    return this.effects.find((effect): effect is Extract<SessionEffect, { do: Do }> => effect.do === what);
  }

  /** How long it waits before the next attempt; 0 where it makes one at once. */
  get waitMs(): number {
    const timer = this.effects.find((effect) => effect.do === "set-timer" && effect.timer === "wait");
    return timer?.do === "set-timer" ? timer.ms : 0;
  }

  connect(): void {
    this.tell({ kind: "connected", now: this.now });
  }

  /** Connects, and is told that of the server. */
  meet(...rows: readonly ServerRow[]): void {
    this.connect();
    this.tell({ kind: "server-schema", present: true });
    this.tell({ kind: "server-rows", rows, now: this.now });
  }

  sync(fields: Partial<ServerRow> = {}, id: string | undefined = lastId): void {
    this.meet(row(fields));
    this.tell({ kind: "schema", changed: false });
    this.tell({ kind: "monitored", lastId: id, now: this.now });
  }

  lose(): void {
    this.tell({ kind: "disconnected", reason: "gone", error: new Error("gone"), now: this.now });
  }

  failToDial(): void {
    this.tell({ kind: "dial-failed", reason: "refused", error: new Error("refused"), now: this.now });
  }

  /** The wait is over. */
  wake(): void {
    this.now += this.waitMs;
    this.tell({ kind: "timer", timer: "wait", arrived: 0, now: this.now });
  }
}

let bench: Bench;

const wrong = (): void =>
  bench.tell({ kind: "inconsistent", error: new Error("no such row"), now: bench.now });

beforeEach(() => {
  bench = new Bench();
});

describe("a session's machine, on its way to the rows,", () => {
  it("asks for _Server's schema, its rows, the schema and then the rows", () => {
    expect(bench.effect("dial")?.remote.text).toBe("unix:/a");
    bench.connect();
    expect(bench.done).toEqual(["get-server-schema", "set-timer"]);
    bench.tell({ kind: "server-schema", present: true });
    expect(bench.done).toEqual(["monitor-server", "set-timer"]);
    bench.tell({ kind: "server-rows", rows: [row()], now: 0 });
    expect(bench.done).toEqual(["get-schema", "set-timer"]);
    bench.tell({ kind: "schema", changed: true });
    expect(bench.effect("monitor")).toMatchObject({ method: "monitor_cond_since", lastId: zeroUuid });
    bench.tell({ kind: "monitored", lastId, now: 0 });
    expect(bench.machine.state).toBe("monitoring");
    // Not before there is a monitor whose end would tell of a change.
    expect(bench.effect("change-aware")).toMatchObject({ isAware: true });
  });

  it("asks an old server, which has no _Server, for the schema at once", () => {
    bench.connect();
    bench.tell({ kind: "server-schema", present: false });
    expect(bench.done).toEqual(["get-schema", "set-timer"]);
  });

  it("falls back to older monitors, all rows anew, and leaves a server that refuses them all", () => {
    bench.meet(row());
    bench.tell({ kind: "schema", changed: true });
    for (const method of ["monitor_cond", "monitor"]) {
      bench.tell({ kind: "monitor-refused", error: refusal(), now: 0 });
      expect(bench.effect("monitor")).toMatchObject({ method, lastId: zeroUuid });
    }
    bench.tell({ kind: "monitor-refused", error: refusal("no such table"), now: 0 });
    expect(bench.done).toContain("hang-up");
    expect(bench.machine.reason).toBe("no such table");
  });

  it("leaves a server that does not answer, but not one whose rows keep coming", () => {
    bench.meet(row());
    bench.tell({ kind: "schema", changed: true });
    for (let bytes = 1; bytes < 5; bytes += 1) {
      bench.tell({ kind: "timer", timer: "progress", arrived: bytes, now: 0 });
      expect(bench.done).toEqual(["set-timer"]);
    }
    bench.tell({ kind: "timer", timer: "progress", arrived: 4, now: 0 });
    expect(bench.done).toContain("hang-up");
    expect(bench.machine.reason).toBe("unix:/a: the server does not answer");
  });

  it("stays with a server whose database is not what was expected, and asks again when its schema changes", () => {
    bench.meet(row());
    bench.tell({ kind: "unusable", error: unusable("no table Log") });
    expect(bench.machine.state).toBe("incompatible");
    expect(bench.done).not.toContain("hang-up");
    bench.tell({ kind: "server-rows", rows: [row({ index: 6 })], now: 0 });
    expect(bench.done).toEqual([]);
    const another = row({ index: 7, schema: '{"version":"2.0.0"}' });
    bench.tell({ kind: "server-rows", rows: [another], now: 0 });
    expect(bench.done).toEqual(["get-schema", "set-timer"]);
    bench.tell({ kind: "server-rows", rows: [{ ...another, index: 8 }], now: 0 });
    expect(bench.done).toEqual([]);
  });

  it("tries a database that was of no use by its conditions again when others are set", () => {
    bench.conditions.set("Log", [["k", "==", 1]]);
    bench.meet(row());
    bench.tell({ kind: "schema", changed: true });
    bench.tell({ kind: "unusable", error: unusable("no column Log.k") });
    bench.conditions.set("Log", "none");
    bench.tell({ kind: "conditions-set" });
    expect(bench.done).toEqual(["monitor", "set-timer"]);
    expect(bench.effect("monitor")?.conditions).toEqual(new Map([["Log", "none"]]));
    bench.conditions.set("Log", "all");
    bench.tell({ kind: "conditions-set" });
    expect(bench.done).toEqual([]);
    bench.tell({ kind: "monitored", lastId, now: 0 });
    expect(bench.effect("change-conditions")?.conditions).toEqual(new Map([["Log", "all"]]));
  });
});

describe("a session's machine, of the servers there are,", () => {
  it.each([
    ["has no such database", [], /has no database Lab$/],
    ["follows", [row({ leader: false })], /not the leader/],
    ["is cut off", [row({ connected: false })], /cut off from its cluster/],
    ["has not joined", [row({ hasSchema: false })], /has not joined/],
    ["relays", [row({ model: "relay" })], /relay, which never leads/],
  ])("refuses one that %s, and takes the next", (_what, rows, reason) => {
    bench.meet(...rows);
    expect(bench.machine.reason).toMatch(reason);
    expect(bench.effect("dial")?.remote.text).toBe("unix:/b");
  });

  it("refuses one that is behind what it has seen, until it is told to forget that", () => {
    bench.sync({ index: 9 });
    bench.lose();
    bench.meet(row({ index: 8 }));
    expect(bench.machine.reason).toMatch(/behind what was seen before \(index 8, seen 9\)/);
    bench.tell({ kind: "reset-min-index" });
    bench.meet(row({ index: 8 }));
    expect(bench.machine.state).toBe("synchronizing");
  });

  it("forgets what it has seen with the cluster that it was of", () => {
    bench.sync({ index: 9, cid: lastId });
    bench.tell({ kind: "set-remotes", remotes: remotesOf("unix:/x"), cid: zeroUuid, now: 0 });
    bench.meet(row({ index: 3, cid: zeroUuid }));
    expect(bench.machine.state).toBe("synchronizing");
  });

  it("tries them in an order of its own, each once a round, so that many clients spread", () => {
    const firsts = new Set<string | undefined>();
    for (let client = 0; client < 3; client += 1) {
      bench = new Bench({ shuffle: true, random: () => client / 3 });
      const round = [0, 1, 2].map(() => {
        const { text = "" } = bench.effect("dial")?.remote ?? {};
        bench.failToDial();
        return text;
      });
      firsts.add(round[0]);
      expect(new Set(round)).toEqual(new Set(["unix:/a", "unix:/b", "unix:/c"]));
    }
    expect(firsts.size).toBeGreaterThan(1);
    bench = new Bench({ random: () => 0.5 });
    expect(bench.effect("dial")?.remote.text).toBe("unix:/a");
  });

  it("takes followers and relays where it need not be the leader", () => {
    for (const fields of [{ leader: false }, { model: "relay", leader: false } as const]) {
      bench = new Bench({ leaderOnly: false });
      bench.sync(fields);
      expect(bench.machine.state).toBe("monitoring");
    }
  });

  it("demands the cluster that it was told", () => {
    bench = new Bench({ cid: lastId });
    bench.meet(row({ cid: zeroUuid }));
    expect(bench.machine.reason).toMatch(/is not of cluster/);
  });

  it("keeps a server that is among its new remotes, and leaves any other at once", () => {
    bench.sync();
    bench.tell({ kind: "set-remotes", remotes: remotesOf("unix:/x,unix:/a"), cid: undefined, now: 0 });
    expect(bench.done).toEqual([]);
    bench.tell({ kind: "set-remotes", remotes: remotesOf("unix:/x"), cid: undefined, now: 0 });
    expect(bench.done).toEqual(["hang-up", "dial"]);
    expect(bench.effect("dial")?.remote.text).toBe("unix:/x");
  });
});

describe("a session's machine, when it has lost its server,", () => {
  it("tries each remote at once, and then waits 1, 2, 4 and at most 8 s", () => {
    const waits = Array.from({ length: 8 }, () => {
      bench.failToDial();
      const { waitMs } = bench;
      if (waitMs > 0) bench.wake();
      return waitMs;
    });
    expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it("waits like that for a single server that was up to date", () => {
    bench = new Bench({ remote: "unix:/a" });
    bench.sync({ model: "standalone" });
    bench.now = 60_000;
    bench.lose();
    expect(bench.waitMs).toBe(1000);
  });

  it("goes round a cluster that elects its leader every half second, for 10 s, and then waits like others", () => {
    bench.sync();
    bench.now = 60_000;
    bench.lose();
    const waits: number[] = [];
    while (bench.now < 72_000) {
      waits.push(bench.waitMs);
      if (bench.waitMs > 0) bench.wake();
      bench.failToDial();
    }
    const round = [0, 0, 500];
    expect(waits.slice(0, 7)).toEqual([0, ...round, ...round]);
    expect(waits.slice(-3)).toEqual([500, 1000, 2000]);
    expect(waits.filter((wait) => wait === 500)).toHaveLength(20);
  });

  it("that led and leads no more, tries the others at once, but not without end where each stops leading", () => {
    bench.sync();
    let atOnce = 0;
    for (let at = 0; at < 20; at += 1) {
      bench.tell({ kind: "server-rows", rows: [row({ leader: false })], now: bench.now });
      if (bench.waitMs === 0) atOnce += 1;
      else bench.wake();
      bench.sync();
    }
    expect(atOnce).toBeLessThanOrEqual(15);
    expect(bench.now).toBeGreaterThan(1000);
  });

  it.each([
    ["standalone", [1000, 2000, 4000, 8000, 8000, 8000]],
    ["clustered", [0, 0, 1000, 2000, 4000, 8000]],
  ] as const)(
    "to what cannot be right, of a %s server as soon as it is up to date, each time, waits ever longer",
    (model, waits) => {
      if (model === "standalone") bench = new Bench({ remote: "unix:/a" });
      expect(
        waits.map(() => {
          bench.sync({ model });
          wrong();
          const { waitMs } = bench;
          if (waitMs > 0) bench.wake();
          return waitMs;
        }),
      ).toEqual(waits);
    },
  );

  it("of what cannot be right, after it was right for long, tries all servers at once", () => {
    bench.sync();
    bench.now = 60_000;
    wrong();
    expect(bench.waitMs).toBe(0);
    bench.sync();
    wrong();
    expect(bench.waitMs).toBe(0);
  });

  it("looks for the next leader as quickly after the last of many losses as after the first", () => {
    const waits: number[] = [];
    while (bench.now < 60_000) {
      bench.sync();
      bench.now += 300;
      bench.lose();
      waits.push(bench.waitMs);
      if (bench.waitMs > 0) bench.wake();
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  });

  it("goes on from the transaction that it knows, and anew after what cannot be right", () => {
    bench.sync();
    bench.tell({ kind: "updated", lastId: "22222222-0000-4000-8000-000000000000" });
    bench.lose();
    bench.meet(row());
    bench.tell({ kind: "schema", changed: false });
    expect(bench.effect("monitor")?.lastId).toBe("22222222-0000-4000-8000-000000000000");
    bench.tell({ kind: "inconsistent", error: new Error("no such row"), now: 0 });
    bench.meet(row());
    bench.tell({ kind: "schema", changed: false });
    expect(bench.effect("monitor")?.lastId).toBe(zeroUuid);
  });

  it("reads everything anew where the schema is another one, or conditions were under way", () => {
    bench.sync();
    bench.lose();
    bench.meet(row());
    bench.tell({ kind: "schema", changed: true });
    expect(bench.effect("monitor")?.lastId).toBe(zeroUuid);
    bench.tell({ kind: "monitored", lastId, now: 0 });
    bench.conditions.set("Log", "none");
    bench.tell({ kind: "conditions-set" });
    expect(bench.done).toEqual(["change-conditions"]);
    bench.lose();
    bench.meet(row());
    bench.tell({ kind: "schema", changed: false });
    const monitor = bench.effect("monitor");
    expect(monitor?.lastId).toBe(zeroUuid);
    expect(monitor?.conditions.get("Log")).toBe("none");
  });

  it("begins again on the same connection where the server has changed the database", () => {
    bench.sync();
    bench.tell({ kind: "monitor-canceled", monitor: "data" });
    expect(bench.done).toEqual(["change-aware", "cancel-monitor", "get-server-schema", "set-timer"]);
    expect(bench.effect("change-aware")).toMatchObject({ isAware: false });
    expect(bench.effect("cancel-monitor")?.monitor).toBe("server");
  });

  it("ends where it is not to try again: after one round, or with the first loss", () => {
    bench = new Bench({ retry: false });
    for (let at = 0; at < 3; at += 1) bench.failToDial();
    expect(bench.machine.state).toBe("closed");
    bench = new Bench({ retry: false });
    bench.sync();
    bench.lose();
    expect(bench.done).toEqual(["hang-up"]);
    bench.tell({ kind: "start" });
    expect(bench.effects).toEqual([]);
  });
});
