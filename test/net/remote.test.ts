import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseRemotes } from "../../src/net/remote.js";

const parse = (text: string) => parseRemotes(text, "connect", { runDirectory: "/run/ovs" }).unwrap();
const refusal = (text: string) => parseRemotes(text, "connect", { runDirectory: "/run/ovs" }).unwrapErr();

describe("parseRemotes", () => {
  it.each([
    ["unix:/run/db.sock", { kind: "unix", path: "/run/db.sock" }],
    ["unix:/run/größe, net.sock", { kind: "unix", path: "/run/größe, net.sock" }],
    ["tcp:10.0.0.1:6641", { kind: "tcp", host: "10.0.0.1", port: 6641 }],
    ["tcp:10.0.0.1", { kind: "tcp", host: "10.0.0.1", port: 6640 }],
    ["tcp:10.0.0.1:", { kind: "tcp", host: "10.0.0.1", port: 6640 }],
    ["ssl:switch-1.example:6640", { kind: "ssl", host: "switch-1.example", port: 6640 }],
    ["tcp:[::1]:6641", { kind: "tcp", host: "::1", port: 6641 }],
    ["tcp:[::1]", { kind: "tcp", host: "::1", port: 6640 }],
    ["tcp:[fe80::1%eth0]:1", { kind: "tcp", host: "fe80::1%eth0", port: 1 }],
  ])("reads %s", (text, remote) => {
    expect(parse(text)).toEqual([{ ...remote, text }]);
  });

  it("takes an IPv6 address without brackets as a host without a port, as OVS does", () => {
    expect(parse("tcp:::1:2:3:4:80")).toEqual([
      { kind: "tcp", host: "::1:2:3:4:80", port: 6640, text: "tcp:::1:2:3:4:80" },
    ]);
  });

  it("splits a list at a comma that is followed by a method, and only there", () => {
    expect(parse("tcp:127.0.0.1:6641, ssl:[::1] ,unix:/a,b/c,unix:/d").map(({ text }) => text)).toEqual([
      "tcp:127.0.0.1:6641",
      "ssl:[::1] ",
      "unix:/a,b/c",
      "unix:/d",
    ]);
  });

  it("looks for a relative path in the run directory", () => {
    expect(parse("unix:db.sock")).toMatchObject([{ path: "/run/ovs/db.sock", text: "unix:db.sock" }]);
  });

  it("takes the run directory from OVS_RUNDIR", () => {
    const before = process.env["OVS_RUNDIR"];
    try {
      process.env["OVS_RUNDIR"] = "/somewhere";
      expect(parseRemotes("unix:db.sock", "connect").unwrap()).toMatchObject([
        { path: "/somewhere/db.sock" },
      ]);
      delete process.env["OVS_RUNDIR"];
      expect(parseRemotes("unix:db.sock", "connect").unwrap()).toMatchObject([
        { path: "/var/run/openvswitch/db.sock" },
      ]);
    } finally {
      if (before === undefined) delete process.env["OVS_RUNDIR"];
      else process.env["OVS_RUNDIR"] = before;
    }
  });

  it("counts the bytes of a path, not its characters: 107 fit, 108 do not", () => {
    expect(parse(`unix:/${"a".repeat(106)}`)).toHaveLength(1);
    expect(refusal(`unix:/${"a".repeat(107)}`).message).toMatch(/108 bytes.*shorter path/);
    expect(refusal(`unix:/${"ö".repeat(54)}`).message).toMatch(/109 bytes/);
  });

  it.each([
    ["", /is empty.*unix:PATH/],
    ["/run/db.sock", /write unix:\/run\/db\.sock/],
    ["http://127.0.0.1", /unix:PATH, tcp:HOST/],
    ["unix:", /path is empty/],
    ["unix:/a\0b", /NUL/],
    ["tcp:", /host is empty/],
    ["tcp::6640", /host is empty/],
    ["tcp:a b:6640", /is not a host/],
    ["tcp:[::g]:6640", /is not a host.*brackets/],
    ["tcp:::1:2:3:4:5:6:7:8:9", /is not a host/],
    ["tcp:h:0", /"0" is not a port/],
    ["tcp:h:65536", /"65536" is not a port/],
    ["tcp:h:http", /"http" is not a port/],
    ["ptcp:6640", /makes this side listen/],
    ["punix:/a", /makes this side listen/],
    ["pssl:6640", /makes this side listen/],
    ["cid:1b54a0f4-5b6a-4b9f-8f3f-000000000000", /takes openDatabase/],
    ["tcp:h,ptcp:6640", /"ptcp:6640".*listen/],
  ])("refuses %j and says what to write", (text, message) => {
    const error = refusal(text);
    expect(error).toMatchObject({ kind: "invalid", operation: "connect", path: "remote" });
    expect(error.message).toMatch(message);
  });

  it("never throws, whatever the text", () => {
    const scheme = fc.constantFrom("", "unix:", "tcp:", "ssl:[");
    fc.assert(
      fc.property(scheme, fc.string({ unit: "binary" }), (begin, text) => {
        const result = parseRemotes(begin + text, "connect");
        expect(result.isOk() || result.error.kind === "invalid").toBe(true);
      }),
      // An Err takes a picture of the stack, for which the test runner reads source maps: 10 ms and more.
      { numRuns: 40 },
    );
  });
});
