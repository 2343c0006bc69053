/** Servers whose `_Server` tells less than that of a new one. */
import { describe, expect, it } from "vitest";

import { ScriptedPeer } from "../../support/scripted-peer.js";
import { openLab } from "../lab-database.js";
import { labJson } from "../lab.js";

const columns = {
  name: { type: "string" },
  model: { type: { key: { type: "string", enum: ["set", ["clustered", "standalone"]] } } },
  connected: { type: "boolean" },
  leader: { type: "boolean" },
  schema: { type: { key: "string", min: 0 } },
  cid: { type: { key: "uuid", min: 0 } },
  index: { type: { key: "integer", min: 0 } },
};
type Column = keyof typeof columns;

const row = {
  name: "Lab",
  model: "clustered",
  connected: true,
  leader: true,
  schema: "{}",
  index: 5,
} as const;

const only = <T>(all: Readonly<Partial<Record<Column, T>>>, names: readonly Column[]) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => names.some((each) => each === name)));

describe("an open database of a server", () => {
  const servers: readonly { readonly names: readonly Column[] }[] = [
    { names: ["name", "model", "connected", "leader"] },
    { names: ["name", "schema"] },
    { names: ["name"] },
  ];
  it.each(servers)(
    "whose _Server has only $names is read, and only these are asked for",
    async ({ names }) => {
      await using peer = await ScriptedPeer.listen("unix");
      const opening = openLab(peer.remote.text);
      const server = await peer.connection();
      const Database = { columns: only<unknown>(columns, names) };
      await server.answer({ name: "_Server", version: "1.0.0", tables: { Database } });
      const initial = only<unknown>(row, names);
      const uuid = "11111111-0000-4000-8000-000000000001";
      const asked = await server.answer({ Database: { [uuid]: { initial } } });
      const request = { Database: [{ columns: names }] };
      expect(asked).toMatchObject({
        method: "monitor_cond",
        params: ["_Server", "vswitch-drivers-1", request],
      });
      await server.answer(labJson);
      const log = { Log: { [uuid]: { initial: { k: 1, msg: "there" } } } };
      await server.answer([false, uuid, log]);
      await using db = (await opening).unwrap();
      expect([...db.table("Log")]).toMatchObject([{ k: 1, msg: "there" }]);
    },
  );

  it("whose row has no schema, although there is a column for it, is left: it has not joined", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text, { timeoutMs: 500 });
    const server = await peer.connection();
    const Database = { columns: only<unknown>(columns, ["name", "model", "schema"]) };
    await server.answer({ name: "_Server", version: "1.0.0", tables: { Database } });
    const initial = { name: "Lab", model: "clustered" };
    await server.answer({ Database: { "11111111-0000-4000-8000-000000000001": { initial } } });
    const message = expect.stringMatching(/has not joined the cluster of database Lab yet/u);
    expect(await opening).toMatchObject({ error: { kind: "timeout", message } });
  });
});
