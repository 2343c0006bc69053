import { expect, test } from "vitest";
import { stripVTControlCharacters } from "node:util";
import { MemorySwitch } from "../../src/testing/index.js";
import { onMemory } from "../support/run-cli.js";

/** Ours on a bridge of ours, an administrator's on theirs, an isolated one, one that the switch complains of. */
async function example(): Promise<MemorySwitch> {
  const memory = new MemorySwitch();
  memory.addForeignBridge("br-ext");
  memory.addForeignInterface("eth0", { bridge: "br-ext" });
  const vswitch = onMemory(memory);
  await vswitch(
    "create vhost-user net0 --mode client --socket /run/net0.sock --bridge br0 --tag 10 --key pod-1",
  );
  await vswitch("--owner lab create memif m0 --role master --socket /run/m0.sock");
  await vswitch("create tap t0 --bridge br0 --trunks 20,30 --admin-state down --external-id vm=db-1");
  memory.changeInterface("net0", {
    linkState: "up",
    statistics: { rx_packets: 18_446_744_073_709_551_615n },
  });
  memory.portError("t0", "could not open network device t0 (No such device)");
  return memory;
}

test("show is a tree of bridges, what is on them, and what is on none", async () => {
  expect((await onMemory(await example())("show")).stdout).toBe(
    `in-memory switch
├─ bridge br-ext
│  └─ eth0  other (foreign)  link up  mtu 1500
├─ bridge br0  [vswitch-drivers, on demand]
│  ├─ net0  vhost-user  access 10  link up  mtu 1500  [vswitch-drivers, key pod-1]
│  │  └─ socket: /run/net0.sock
│  └─ t0  tap  trunk 20,30  admin down  link down  mtu 1500  [vswitch-drivers]
│     └─ error: could not open network device t0 (No such device)
└─ isolated
   └─ m0  memif  link down  mtu 1500  [lab]
      └─ socket: /run/m0.sock
`,
  );
});

test("an empty switch is its name alone", async () => {
  expect((await onMemory(new MemorySwitch())("show")).stdout).toBe("in-memory switch\n");
});

test("show --json is the same as data, with every digit of a counter", async () => {
  const memory = await example();
  const { stdout } = await onMemory(memory)("show --json");
  expect(stdout).toContain('"statistics":{"rx_packets":18446744073709551615}');
  expect(JSON.parse(stdout.replace("18446744073709551615", "0"))).toMatchObject({
    engine: "memory",
    version: "",
    bridges: [{ name: "br-ext" }, { name: "br0" }],
    interfaces: [{ name: "eth0" }, { name: "m0" }, { name: "net0" }, { name: "t0" }],
  });
});

test("show NAME tells all about one interface, whoever made it", async () => {
  const vswitch = onMemory(await example());
  expect((await vswitch("show net0")).stdout).toBe(
    `net0
├─ type: vhost-user
├─ native type: vhost-user
├─ bridge: br0
├─ vlan: access 10
├─ owner: vswitch-drivers, key pod-1
├─ admin state: up
├─ link state: up
├─ mtu: 1500
├─ mac: 02:00:00:00:00:02
├─ socket: /run/net0.sock
├─ native
│  └─ number: 2
└─ statistics
   └─ rx_packets: 18446744073709551615
`,
  );
  expect((await vswitch("show eth0")).stdout).toContain("owner: none: not made by this library");
  expect((await vswitch("show t0")).stdout).toContain("external ids\n│  └─ vm: db-1");
  expect(await vswitch("show net9")).toMatchObject({ code: 1, stdout: "" });
});

test("list is a table", async () => {
  expect((await onMemory(await example())("list")).stdout).toBe(
    [
      "NAME  TYPE             BRIDGE  VLAN         LINK  MTU   OWNER                       SOCKET          ERROR",
      "eth0  other (foreign)  br-ext               up    1500",
      "m0    memif            -                    down  1500  lab                         /run/m0.sock",
      "net0  vhost-user       br0     access 10    up    1500  vswitch-drivers, key pod-1  /run/net0.sock",
      "t0    tap              br0     trunk 20,30  down  1500  vswitch-drivers                             could not open network device t0 (No such device)",
      "",
    ].join("\n"),
  );
});

test("list can be narrowed to our own and to a bridge; nothing is nothing", async () => {
  const memory = await example();
  const names = async (line: string): Promise<unknown> => {
    const all: unknown = JSON.parse(
      (await onMemory(memory)(`list --json ${line}`)).stdout.replace(/\d{20}/u, "0"),
    );
    return Array.isArray(all) ? all.map((info: { name: string }) => info.name) : all;
  };
  expect(await names("--own")).toEqual(["net0", "t0"]);
  expect(await names("--own --owner lab")).toEqual(["m0"]);
  expect(await names("--bridge br-ext")).toEqual(["eth0"]);
  expect(await onMemory(memory)("list --bridge nowhere")).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("colours are for terminals, and not with NO_COLOR", async () => {
  const memory = await example();
  const ESC = "\u001b[";
  const onTerminal = await onMemory(memory, { terminal: 100 })("show");
  expect(onTerminal.stdout).toContain(`${ESC}32mlink up${ESC}39m`);
  expect(stripVTControlCharacters(onTerminal.stdout)).toBe((await onMemory(memory)("show")).stdout);
  const without = await onMemory(memory, { terminal: 100, env: { NO_COLOR: "1" } })("show");
  expect(without.stdout).not.toContain(ESC);
});

test("a terminal is not commanded by what others write into the switch", async () => {
  const memory = new MemorySwitch();
  memory.addForeignInterface("eth0", { externalIds: { "\u001b[2J": "a\nb\u202e" } });
  memory.portError("eth0", "\u001b]0;title\u0007 and\nmore");
  const vswitch = onMemory(memory);
  for (const line of ["show", "list", "show eth0"]) {
    const { stdout } = await vswitch(line);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout).toContain("\\u001b]0;title\\u0007 and\\u000amore");
  }
});
