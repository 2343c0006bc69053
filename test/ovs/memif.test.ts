import { expect, test } from "vitest";
import { memifDevargs, memifSocket } from "../../src/ovs/memif.js";

test("a memif is a virtual device of DPDK, named by the interface", () => {
  const devargs = memifDevargs({ type: "memif", name: "net0", role: "master", socket: "/run/m.sock" });
  expect(devargs).toMatch(
    /^net_memif_[0-9a-f]{12},role=server,id=0,socket=\/run\/m\.sock,socket-abstract=no$/u,
  );
  const other = memifDevargs({ type: "memif", name: "net1", role: "master", socket: "/run/m.sock" });
  expect(other.split(",")[0]).not.toBe(devargs.split(",")[0]);
});

test("every field has its argument; the ring size is given as its logarithm", () => {
  const devargs = memifDevargs({
    type: "memif",
    name: "net0",
    role: "slave",
    socket: "/run/m.sock",
    id: 7,
    ringSize: 2048,
    bufferSize: 4096,
    secret: "abc",
  });
  expect(devargs.split(",").slice(1)).toEqual([
    "role=client",
    "id=7",
    "socket=/run/m.sock",
    "socket-abstract=no",
    "bsize=4096",
    "rsize=11",
    "secret=abc",
  ]);
});

test("the socket is found again; other devices have none", () => {
  expect(memifSocket("net_memif_0,role=server,socket=/run/m.sock")).toBe("/run/m.sock");
  expect(memifSocket("0000:01:00.0,socket=/x")).toBeNull();
});
