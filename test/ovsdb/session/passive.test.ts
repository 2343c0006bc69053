/** A server that connects again to where an open database listens, while its earlier connection seems to be there. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLab } from "../lab-database.js";
import { PeerConnection } from "../../support/scripted-peer.js";

it("is served over the new connection, and the old one is closed (lib/jsonrpc.c)", async () => {
  const dir = mkdtempSync(join(tmpdir(), "passive-"));
  try {
    const path = join(dir, "s");
    const abort = new AbortController();
    const opening = openLab(`punix:${path}`, { signal: abort.signal });
    await expect.poll(() => existsSync(path)).toBe(true);
    const dialled = () => new PeerConnection(connect(path));
    const first = dialled();
    expect(await first.next()).toMatchObject({ method: "get_schema" });
    const second = dialled();
    expect(await second.next()).toMatchObject({ method: "get_schema" });
    await first.ended;
    abort.abort();
    await second.ended;
    expect(await opening).toMatchObject({ error: { kind: "aborted" } });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
