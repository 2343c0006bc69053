/**
 * Sessions that were recorded at a real ovsdb-server are played again, with what the server said cut after every byte in
 * turn: what the client sends, and what its user sees, is each time what it was then.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Ok } from "../../../src/core/result.js";
import type { ByteStream } from "../../../src/net/stream.js";
import { byteByByte, cutsOf, inTwo, Playback, whole, type Cut } from "./playback.js";
import { readRecording, type Entry } from "./recording.js";
import { play, scenarios, type Scenario } from "./scenarios.js";

const net = vi.hoisted(() => ({ connect: (): ByteStream | undefined => undefined }));

vi.mock("../../../src/net/dial.js", () => ({ dial: () => Promise.resolve(Ok(net.connect())) }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  net.connect = () => undefined;
});

async function replay(scenario: Scenario, entries: readonly Entry[], cut: Cut): Promise<string> {
  const playback = new Playback(entries, cut, () => vi.advanceTimersByTime(100));
  net.connect = () => playback.connect();
  return await playback.run(play(scenario, playback));
}

function seenThen(entries: readonly Entry[]): string {
  const last = entries.at(-1);
  return last !== undefined && "seen" in last ? last.seen : "";
}

describe.each(scenarios)("the recorded session $name", (scenario) => {
  const entries = readRecording(scenario.name);
  const then = seenThen(entries);

  it("goes as it went", async () => {
    expect(JSON.parse(await replay(scenario, entries, whole))).toEqual(JSON.parse(then));
  });

  it("goes as it went byte by byte", async () => {
    expect(await replay(scenario, entries, byteByByte)).toBe(then);
  });

  it("goes as it went, whichever byte the server's words are cut after", { timeout: 120_000 }, async () => {
    const others: { readonly bytes: number; readonly seen: string }[] = [];
    for (let bytes = 1; bytes < cutsOf(entries) && others.length < 3; bytes += 1) {
      const seen = await replay(scenario, entries, inTwo(bytes)).catch(String);
      if (seen !== then) others.push({ bytes, seen });
    }
    expect(others).toEqual([]);
  });
});
