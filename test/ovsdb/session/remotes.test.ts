/** Lists of remotes as a session takes them. */
import { describe, expect, it } from "vitest";
import { parseSessionRemotes } from "../../../src/ovsdb/session/remotes.js";

const cid = "11111111-0000-4000-8000-000000000001";

describe("the remotes of a session", () => {
  it("may be active and passive ones, of one cluster, in any order", () => {
    const text = `tcp:[::1]:6641, cid:${cid},punix:/run/p.sock, ssl:db.example,pssl:6642:127.0.0.1`;
    const list = parseSessionRemotes(text, "test").unwrap();
    expect(list.cid).toBe(cid);
    expect(list.remotes.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "active tcp:[::1]:6641",
      "passive punix:/run/p.sock",
      "active ssl:db.example",
      "passive pssl:6642:127.0.0.1",
    ]);
  });

  it("may have commas in their paths: a new one begins with letters and a colon", () => {
    const { remotes } = parseSessionRemotes("unix:/run/a,b/c,d.sock,punix:/e,f", "test").unwrap();
    expect(remotes.map(({ text }) => text)).toEqual(["unix:/run/a,b/c,d.sock", "punix:/e,f"]);
  });

  it.each([
    ["cid:nope,unix:/a", "cid:nope"],
    [`cid:${cid}`, `cid:${cid}`],
    ["unix:/a,ftp:x", "ftp:x"],
    ["", ""],
  ])("are refused where one cannot be used: %j", (text, got) => {
    expect(parseSessionRemotes(text, "test").unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "remote",
      got,
    });
  });
});
