import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  ealArgument,
  ealArguments,
  environmentOf,
  sandboxIdIn,
  shellLines,
  type Handover,
} from "../../src/container/index.js";
import { containerId, memif, vhost } from "./samples.js";

const end = (more: object): Handover["interface"] => ({
  type: "vhost-user",
  socket: "/vhu/s",
  mode: "client",
  ...more,
});
const memifEnd = (more: object): Handover["interface"] => ({
  type: "memif",
  socket: "/run/m",
  role: "slave",
  mode: "ethernet",
  id: 0,
  ...more,
});

describe("EAL arguments", () => {
  test.each<[Handover["interface"], string]>([
    [end({}), "--vdev=net_virtio_user3,path=/vhu/s"],
    [end({ mode: "server" }), "--vdev=net_virtio_user3,path=/vhu/s,server=1"],
    [
      end({ mac: "02:00:00:00:00:01", queues: 2, ringSize: 512 }),
      "--vdev=net_virtio_user3,path=/vhu/s,mac=02:00:00:00:00:01,queues=2,queue_size=512",
    ],
    [memifEnd({}), "--vdev=net_memif3,role=client,id=0,socket=/run/m,socket-abstract=no"],
    [
      memifEnd({
        role: "master",
        id: 7,
        mac: "02:00:00:00:00:01",
        ringSize: 2048,
        bufferSize: 4096,
        secret: "s",
      }),
      "--vdev=net_memif3,role=server,id=7,socket=/run/m,socket-abstract=no,mac=02:00:00:00:00:01,rsize=11,bsize=4096,secret=s",
    ],
  ])("%j", (given, argument) => {
    expect(ealArgument(vhost("", { interface: given }), 3).unwrap()).toBe(argument);
  });

  test("number the devices", () => {
    expect(ealArguments([vhost("/a"), memif("/b")]).unwrap()).toEqual([
      "--vdev=net_virtio_user0,path=/a/v.sock",
      "--vdev=net_memif1,role=client,id=0,socket=/b/m.sock,socket-abstract=no",
    ]);
  });

  test.each<[Handover["interface"], object]>([
    [end({ socket: "/a,server=1" }), { kind: "invalid", path: "path" }],
    [end({ socket: "/a b" }), { kind: "invalid", path: "path" }],
    [memifEnd({ secret: "a,b" }), { kind: "invalid", path: "secret" }],
    [memifEnd({ mode: "ip" }), { kind: "unsupported", feature: "memif mode ip" }],
  ])("%j cannot be said", (given, error) => {
    expect(ealArguments([vhost("", { interface: given })]).unwrapErr()).toMatchObject(error);
  });
});

test("the environment survives a shell", () => {
  const nasty = "it's $(id) `x`\n\"\\";
  const lines = shellLines(environmentOf([memif("/run", { network: nasty }), vhost("/run")])).join("\n");
  const shell = `${lines}\nprintf '%s|' "$USRSP_COUNT" "$USRSP_0_NETWORK" "$USRSP_0_ADDRESSES" "$USRSP_0_ROUTES" "$USRSP_1_TYPE" "$USRSP_1_SOCKET"`;
  expect(execFileSync("sh", ["-c", shell], { encoding: "utf8" })).toBe(
    `2|${nasty}|192.168.210.45/24|0.0.0.0/0|vhost-user|/run/v.sock|`,
  );
});

describe("the sandbox's id", () => {
  test.each([
    ["docker", `/var/lib/docker/containers/${containerId}/hostname`],
    ["containerd", `/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${containerId}/hostname`],
    ["CRI-O", `/containers/storage/overlay-containers/${containerId}/userdata/hostname`],
  ])("is in what %s mounts", (_runtime, root) => {
    const content = `1 2 0:1 / / rw - overlay overlay rw\n3 2 8:1 ${root} /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n`;
    expect(sandboxIdIn(content)).toBe(containerId);
  });

  test("is not anywhere else", () => {
    expect(sandboxIdIn(`3 2 8:1 /x/${containerId} /data rw - ext4 /dev/sda1 rw`)).toBeUndefined();
    expect(sandboxIdIn("")).toBeUndefined();
  });
});
