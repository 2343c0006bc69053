import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { watchSources } from "../../../src/vpp/codegen/index.js";
import { TemporaryDirectory } from "./generated.js";

/** A directory `api` with one API file, and one who watches it. */
class Watched extends TemporaryDirectory {
  readonly api = join(this.path, "api");
  readonly file = join(this.api, "core", "thing.api.json");
  readonly controller = new AbortController();
  readonly changes: AsyncGenerator<void, void, undefined>;

  constructor() {
    super();
    mkdirSync(join(this.api, "core"), { recursive: true });
    writeFileSync(this.file, "{}");
    this.changes = watchSources([this.api], { signal: this.controller.signal, intervalMs: 5 });
  }

  /** Does something once it is being watched, and waits until it is told. */
  async tells(change: () => void): Promise<boolean> {
    const told = this.changes.next();
    change();
    return (await told).done !== true;
  }
}

describe("watching API files", () => {
  test("tells of one that changes, comes or goes, however deep it lies", async () => {
    using at = new Watched();
    expect(await at.tells(() => writeFileSync(at.file, "{ }"))).toBe(true);
    expect(await at.tells(() => writeFileSync(join(at.api, "other.api.json"), "{}"))).toBe(true);
    expect(await at.tells(() => rmSync(at.file))).toBe(true);
    at.controller.abort();
  });

  test("tells of a directory that is replaced, and of one that comes back", async () => {
    using at = new Watched();
    const aside = join(at.path, "aside");
    expect(await at.tells(() => renameSync(at.api, aside))).toBe(true);
    expect(await at.tells(() => renameSync(aside, at.api))).toBe(true);
    at.controller.abort();
  });

  test("says nothing of other files, and ends with the signal", async () => {
    using at = new Watched();
    const told = at.changes.next();
    writeFileSync(join(at.api, "README"), "not an API file");
    const pause = new Promise((resolve) => setTimeout(resolve, 50, "silence"));
    expect(await Promise.race([told, pause])).toBe("silence");
    at.controller.abort();
    expect(await told).toEqual({ done: true, value: undefined });
  });
});
