import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { VppServer } from "../../../src/testing/vpp/index.js";
import type { VppClient } from "../../../src/vpp/api/client.js";
import { connectVpp } from "../../../src/vpp/api/connect.js";
import { readyAgain } from "../../support/vpp-toy-api.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";

const memif = {
  role: "MEMIF_ROLE_API_MASTER",
  mode: "MEMIF_MODE_API_ETHERNET",
  rx_queues: 1,
  tx_queues: 1,
  id: 1,
  socket_id: 5,
  ring_size: 1024,
  buffer_size: 2048,
  no_zero_copy: false,
  use_dma: false,
  hw_addr: "00:00:00:00:00:00",
  secret: "",
};

async function addSocket(client: VppClient, id: number, path: string): Promise<void> {
  const request = { is_add: true, socket_id: id, socket_filename: path };
  (await client.call("memif_socket_filename_add_del", request)).unwrap();
}

describe.skipIf(releases.length === 0)(`requests that end a VPP are not sent${unlessMissing}`, () => {
  test.each(releases)("%s: a memif on a socket that could not be bound before", async (release) => {
    const directory = mkdtempSync(join(tmpdir(), "hazard-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    await using server = (await VppServer.start({ api: modelOf(release) })).unwrap();
    const { remote } = server;
    await using client = (await connectVpp({ remote, api: { model: modelOf(release) } })).unwrap();
    await addSocket(client, 5, join(directory, "absent", "m.sock"));
    await addSocket(client, 6, join(directory, "m.sock"));
    const first = await client.call("memif_create", memif);
    expect(first.unwrapErr()).toMatchObject({ kind: "rejected", reason: "SYSCALL_ERROR_4" });
    for (let attempt = 0; attempt < 3; attempt++) {
      const error = (await client.call("memif_create", memif)).unwrapErr();
      expect(error).toMatchObject({ kind: "conflict", object: "memif socket 5" });
      expect(error.message).toContain("Nothing was sent");
    }
    // Whatever the id on it; and with the newer message.
    expect((await client.call("memif_create", { ...memif, id: 2 })).unwrapErr().kind).toBe("conflict");
    // Another socket is another matter.
    expect((await client.call("memif_create", { ...memif, socket_id: 6 })).isOk()).toBe(true);
    expect(server.deaths).toStrictEqual([]);
    // A VPP that has started anew knows nothing of it.
    await server.restart();
    await readyAgain(client, 2);
    await addSocket(client, 5, join(directory, "again.sock"));
    expect((await client.call("memif_create", memif)).isOk()).toBe(true);
  });

  test.each(["memif_create", "memif_create_v2"])("%s in a mode that no VPP has", async (name) => {
    const release = releases.at(-1) ?? "";
    await using server = (await VppServer.start({ api: modelOf(release) })).unwrap();
    const { remote } = server;
    await using client = (await connectVpp({ remote, api: { model: modelOf(release) } })).unwrap();
    for (const mode of ["MEMIF_MODE_API_PUNT_INJECT", 2, 77]) {
      expect((await client.call(name, { ...memif, mode })).unwrapErr()).toMatchObject({
        kind: "unsupported",
        feature: `memif mode ${mode}`,
      });
    }
    expect(server.deaths).toStrictEqual([]);
    expect(server.requests.of(name)).toStrictEqual([]);
  });
});
