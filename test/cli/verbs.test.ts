import { describe, expect, test } from "vitest";
import { ConflictError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { onMemory, runCli } from "../support/run-cli.js";

describe("vswitch attach and detach", () => {
  test("move an interface and tell that a peer was cut", async () => {
    const memory = new MemorySwitch();
    const vswitch = onMemory(memory);
    await vswitch("create vhost-user net0 --mode server");
    expect(await vswitch("attach net0 br0 --vlan-mode native-untagged --tag 10 --trunks 20")).toEqual({
      code: 0,
      stdout: "net0 is now on br0 (native-untagged 10, trunks 20)\n",
      stderr:
        "vswitch: the switch has opened the port anew: a connected peer was cut and has to connect again\n",
    });
    expect(await vswitch("attach net0 br0 --vlan-mode native-untagged --tag 10 --trunks 20")).toEqual({
      code: 0,
      stdout: "net0 was already on br0 (native-untagged 10, trunks 20)\n",
      stderr: "",
    });
    expect((await vswitch("detach net0")).stdout).toBe("net0 is now isolated\n");
    expect(memory.interfaces()).toMatchObject([{ name: "net0", bridge: null }]);
    expect(memory.bridges()).toEqual([]);
  });

  test("an interface that is not there is an error", async () => {
    for (const line of ["attach net9 br0", "detach net9"]) {
      const ran = await onMemory(new MemorySwitch())(line);
      expect(ran).toMatchObject({ code: 1, stdout: "" });
      expect(ran.stderr).toContain("there is no interface net9");
    }
  });
});

describe("vswitch delete", () => {
  test("deletes; what is gone is a success that is told", async () => {
    const vswitch = onMemory(new MemorySwitch());
    await vswitch("create tap t0");
    expect(await vswitch("delete t0")).toEqual({ code: 0, stdout: "deleted interface t0\n", stderr: "" });
    expect(await vswitch("delete t0")).toEqual({
      code: 0,
      stdout: "",
      stderr: "vswitch: no interface t0 is there: nothing was deleted\n",
    });
    expect((await vswitch("delete t0 --json")).stdout).toBe('{"deleted":false}\n');
  });

  test("never what others have made", async () => {
    const memory = new MemorySwitch();
    memory.addForeignInterface("eth0");
    await onMemory(memory)("--owner lab create tap t0");
    for (const name of ["eth0", "t0"]) {
      const ran = await onMemory(memory)(`delete ${name}`);
      expect(ran).toMatchObject({ code: 1, stdout: "" });
      expect(ran.stderr).toContain(`deleteInterface: interface ${name} was made by`);
    }
    expect(memory.interfaces()).toHaveLength(2);
  });
});

describe("bridges", () => {
  test("are made to stay, listed, and deleted when they are empty", async () => {
    const memory = new MemorySwitch();
    const vswitch = onMemory(memory);
    expect((await vswitch("create-bridge br0 --fail-mode secure --external-id a=b")).stdout).toBe(
      "created bridge br0\n",
    );
    expect(memory.bridges()).toMatchObject([
      { name: "br0", lifetime: "persistent", externalIds: { a: "b" } },
    ]);
    expect((await vswitch("create-bridge br0")).stdout).toBe("bridge br0 is there already\n");
    await vswitch("create tap t0 --bridge br0");
    const full = await vswitch("delete-bridge br0");
    expect(full.code).toBe(1);
    expect(full.stderr).toContain("br0 has interfaces on it: t0");
    await vswitch("delete t0");
    expect((await vswitch("delete-bridge br0")).stdout).toBe("deleted bridge br0\n");
    expect(await vswitch("delete-bridge br0")).toEqual({
      code: 0,
      stdout: "",
      stderr: "vswitch: no bridge br0 is there: nothing was deleted\n",
    });
  });

  test("as a table", async () => {
    const memory = new MemorySwitch();
    memory.addForeignBridge("br-ext");
    memory.addForeignInterface("eth0", { bridge: "br-ext" });
    const vswitch = onMemory(memory);
    await vswitch("create-bridge br0");
    await vswitch("--owner lab create tap t0 --bridge br1");
    expect((await vswitch("list-bridges")).stdout).toBe(
      [
        "NAME    INTERFACES  OWNER            LIFETIME",
        "br-ext  1",
        "br0     0           vswitch-drivers  persistent",
        "br1     1           lab              on demand",
        "",
      ].join("\n"),
    );
    expect(JSON.parse((await vswitch("list-bridges --json")).stdout)).toEqual(memory.bridges());
  });
});

const three = async (): Promise<MemorySwitch> => {
  const memory = new MemorySwitch();
  const vswitch = onMemory(memory);
  await vswitch("create tap t0 --key pod-0 --bridge br0");
  await vswitch("create tap t1 --key pod-1");
  await vswitch("create tap t2");
  await vswitch("--owner other create tap t3");
  return memory;
};
const left = (memory: MemorySwitch): readonly string[] => memory.interfaces().map(({ name }) => name);

describe("vswitch gc", () => {
  test("deletes ours whose keys are not given, and nobody else's", async () => {
    const memory = await three();
    expect(await onMemory(memory)("gc --keep pod-1 --keep pod-9")).toEqual({
      code: 0,
      stdout: "deleted t0\ndeleted t2\nkept t1\n",
      stderr: "",
    });
    expect(left(memory)).toEqual(["t1", "t3"]);
  });

  test("takes the keys from a file too", async () => {
    const memory = await three();
    await onMemory(memory, { stdin: "pod-0\r\npod-1\n\n" })("gc --keep-file - --keep t2");
    expect(left(memory)).toEqual(["t0", "t1", "t2", "t3"]);
  });

  test("with no key at all it wants to hear --all", async () => {
    const refused = await runCli(["gc"]);
    expect(refused).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "vswitch: gc: no key is to be kept, so everything of ours would go; say --all if that is meant, or give --keep or --keep-file\n",
    });
    expect(await runCli(["gc", "--keep-file", "-"], { stdin: "\n" })).toEqual(refused);
    expect((await runCli(["gc", "--all", "--keep", "x"])).code).toBe(1);
    const memory = await three();
    await onMemory(memory)("gc --all");
    expect(left(memory)).toEqual(["t3"]);
  });

  test("--dry-run only tells", async () => {
    const memory = await three();
    expect((await onMemory(memory)("gc --keep pod-1 --dry-run")).stdout).toBe(
      "would delete t0\nwould delete t2\nkept t1\n",
    );
    expect(left(memory)).toHaveLength(4);
  });

  test("what stays against our will is an error", async () => {
    const memory = await three();
    const object = "interface t0";
    memory.failNext(
      "deleteInterface",
      new ConflictError({ operation: "x", message: "it is in use", object }),
    );
    memory.failNext("collectGarbage", new ConflictError({ operation: "x", message: "it is in use", object }));
    const ran = await onMemory(memory)("gc --all");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("it is in use");
  });
});

test("vswitch capabilities tells what can be made and why the rest cannot", async () => {
  const memory = new MemorySwitch({ types: ["tap", "vhost-user"], addresses: false });
  const why = "this in-memory switch was made without it";
  expect((await onMemory(memory)("capabilities")).stdout).toBe(
    [
      "in-memory switch",
      "",
      "INTERFACE TYPE  SUPPORTED  WHY NOT",
      "vhost-user      yes",
      `memif           no         ${why}`,
      "tap             yes",
      `internal        no         ${why}`,
      `loopback        no         ${why}`,
      `af-packet       no         ${why}`,
      `dpdk            no         ${why}`,
      `patch           no         ${why}`,
      `vxlan           no         ${why}`,
      `geneve          no         ${why}`,
      "",
      "FEATURE                 SUPPORTED  WHY NOT",
      "VLANs: access           yes",
      "VLANs: trunk            yes",
      "VLANs: native-tagged    yes",
      "VLANs: native-untagged  yes",
      "VLANs: dot1q-tunnel     yes",
      `addresses               no         ${why}`,
      "",
    ].join("\n"),
  );
});
