import { expect, test } from "vitest";
import { vhostSocketDirectory } from "../../src/ovs/vhost-sockets.js";

const root = (otherConfig: Record<string, string>, externalIds: Record<string, string> = {}) => ({
  other_config: new Map(Object.entries(otherConfig)),
  external_ids: new Map(Object.entries(externalIds)),
});

test("the sockets of servers are below the run directory, which ovs-ctl writes down", () => {
  const told = root({ "vhost-sock-dir": "vhost" }, { rundir: "/var/run/openvswitch" });
  expect(vhostSocketDirectory(told, "tcp:192.0.2.1:6640")).toBe("/var/run/openvswitch/vhost");
});

test("or is where the database's socket is", () => {
  expect(vhostSocketDirectory(root({}), "unix:/run/ovs/db.sock")).toBe("/run/ovs");
});

test("for a remote switch that does not say, nobody knows", () => {
  expect(vhostSocketDirectory(root({}), "tcp:192.0.2.1:6640")).toBeNull();
  expect(vhostSocketDirectory(undefined, "unix:/run/ovs/db.sock")).toBeNull();
});
