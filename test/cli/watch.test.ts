import { expect, test } from "vitest";
import { Interrupted } from "../../src/cli/interrupt.js";
import { DisconnectedError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { onMemory, type Ran } from "../support/run-cli.js";

interface Step {
  /** What has to be printed. */
  readonly seen: string;
  /** What is done then. */
  readonly act: () => unknown;
}

/** Runs `vswitch watch`; each step waits for the one before it. After the last one it is interrupted. */
function watching(memory: MemorySwitch, line: string, steps: readonly Step[]): Promise<Ran> {
  const controller = new AbortController();
  const left = [...steps];
  const onOutput = (text: string): void => {
    if (left[0] === undefined || !text.includes(left[0].seen)) return;
    left.shift()?.act();
    if (left.length === 0) controller.abort(new Interrupted("SIGINT"));
  };
  return onMemory(memory, { signal: controller.signal, onOutput })(line);
}

const never: Step = { seen: "never printed", act: () => undefined };
const stop: Step["act"] = () => undefined;

test("watch tells what is there, then every change, until it is interrupted", async () => {
  const memory = new MemorySwitch();
  const vswitch = onMemory(memory);
  await vswitch("create vhost-user net0 --mode server --bridge br0 --tag 10");
  const ran = await watching(memory, "watch", [
    { seen: "changes follow", act: () => memory.changeInterface("net0", { linkState: "up" }) },
    { seen: "changed", act: () => vswitch("create tap t0") },
    { seen: "added", act: () => vswitch("delete t0") },
    { seen: "removed", act: stop },
  ]);
  expect(ran).toEqual({
    code: 130,
    stdout: [
      "current  net0  vhost-user  on br0 (access 10)  link down",
      "-- that is all for now; changes follow --",
      "changed  net0  vhost-user  on br0 (access 10)  link up",
      "added    t0  tap  isolated  link up",
      "removed  t0",
      "",
    ].join("\n"),
    stderr: "",
  });
});

test("watch --json prints one document a line", async () => {
  const memory = new MemorySwitch();
  memory.addForeignInterface("eth0");
  const ran = await watching(memory, "watch --json", [
    {
      seen: '{"kind":"ready"}',
      act: () => memory.changeInterface("eth0", { statistics: { rx_bytes: 2n ** 63n } }),
    },
    { seen: "changed", act: stop },
  ]);
  expect(ran.code).toBe(130);
  const lines = ran.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toContain('"rx_bytes":9223372036854775808');
  expect(lines.map((text): unknown => JSON.parse(text))).toMatchObject([
    { kind: "current", interface: { name: "eth0" } },
    { kind: "ready" },
    { kind: "changed", interface: { name: "eth0" } },
  ]);
});

test("a connection that ends is an error", async () => {
  const memory = new MemorySwitch();
  const act = (): void => memory.disconnect();
  const plain = await watching(memory, "watch", [{ seen: "changes follow", act }, never]);
  expect(plain.code).toBe(1);
  expect(plain.stderr).toMatch(/^vswitch: /u);
  const json = await watching(memory, "watch --json", [{ seen: "ready", act }, never]);
  expect(json.code).toBe(1);
  const lines = json.stdout.trimEnd().split("\n");
  expect(lines.map((text): unknown => JSON.parse(text))).toMatchObject([
    { kind: "ready" },
    { error: { kind: "disconnected" } },
  ]);
});

test("a watch that cannot begin is an error", async () => {
  const memory = new MemorySwitch();
  const message = "watch: the connection broke";
  memory.failNext("watch", new DisconnectedError({ operation: "watch", outcome: "not-sent", message }));
  expect(await onMemory(memory)("watch")).toEqual({ code: 1, stdout: "", stderr: `vswitch: ${message}\n` });
});
