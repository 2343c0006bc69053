/** What an open database does where it is told nothing else: as the reference client (lib/ovsdb-cs.c, lib/reconnect.c). */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { isObject } from "../../../src/ovsdb/json.js";
import { ScriptedPeer } from "../../support/scripted-peer.js";
import { openLab, upToTheRows } from "../lab-database.js";

/** The remotes that are tried meanwhile, in order. */
async function triedDuring(act: () => Promise<unknown>): Promise<readonly string[]> {
  const tried: string[] = [];
  const listen = (told: unknown): void => {
    const health = isObject(told) ? told["health"] : undefined;
    if (!isObject(health) || health["state"] !== "connecting") return;
    const remote = String(health["remote"]);
    if (remote !== tried.at(-1)) tried.push(remote);
  };
  subscribe("vswitch-drivers:ovsdb:state", listen);
  await act();
  unsubscribe("vswitch-drivers:ovsdb:state", listen);
  return tried;
}

describe("an open database that is told nothing else", () => {
  it("tries its remotes in an order that differs from client to client", async () => {
    const remotes = Array.from({ length: 8 }, (_, each) => `unix:/nonexistent/${each}`);
    const open = (more: object) => triedDuring(() => openLab(remotes.join(","), { retry: false, ...more }));
    const orders = new Set<string>();
    for (let client = 0; client < 10; client += 1) {
      const tried = await open({});
      expect(new Set(tried)).toEqual(new Set(remotes));
      orders.add(tried.join());
    }
    expect(orders.size).toBeGreaterThan(1);
    expect(await open({ shuffle: false })).toEqual(remotes);
  });

  it("asks a silent server over tcp for a sign of life, also while it waits for the rows", async () => {
    await using peer = await ScriptedPeer.listen("tcp");
    const abort = new AbortController();
    const opening = openLab(peer.remote.text, { signal: abort.signal });
    const server = await peer.connection();
    expect(await upToTheRows(server)).toMatchObject({ method: "monitor_cond_since" });
    expect(await server.next()).toMatchObject({ method: "echo", params: [] });
    await server.ended;
    abort.abort();
    expect((await opening).isErr()).toBe(true);
  });
});
