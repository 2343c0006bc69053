import { describe, expect, test } from "vitest";
import { UnreachableError } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { failingConnect, runCli, toMemory, type RunOptions } from "../support/run-cli.js";

const memory = new MemorySwitch();
memory.addForeignBridge("br-ext");
memory.addForeignInterface("eth0", { bridge: "br-ext" });
const connect = toMemory(memory);

/** What a shell is offered for the last word. */
async function offered(
  words: readonly string[],
  options: RunOptions = { connect },
): Promise<readonly string[]> {
  const ran = await runCli(["--get-yargs-completions", "vswitch", ...words], options);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  return ran.stdout.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  test("has a script", async () => {
    const ran = await runCli(["completion"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("vswitch --get-yargs-completions");
  });

  test("of commands, types, options and their values", async () => {
    expect(await offered(["cr"])).toEqual(expect.arrayContaining(["create", "create-bridge"]));
    expect(await offered(["create", ""])).toEqual(expect.arrayContaining(["vhost-user", "memif", "geneve"]));
    expect(await offered(["create", "vhost-user", "n", "--"])).toEqual(
      expect.arrayContaining(["--mode", "--socket", "--tag", "--db"]),
    );
    expect(await offered(["create", "vhost-user", "n", "--mode", ""])).toEqual(["server", "client"]);
  });

  test("of names, asked of the switch: ours where only ours will do", async () => {
    await runCli(["create", "tap", "t0", "--bridge", "br0"], { connect });
    await runCli(["create", "tap", "u0"], { connect });
    expect(await offered(["delete", ""])).toEqual(["t0", "u0"]);
    expect(await offered(["delete", "t"])).toEqual(["t0"]);
    expect(await offered(["show", ""])).toEqual(["eth0", "t0", "u0"]);
    expect(await offered(["attach", "t0", ""])).toEqual(["br-ext", "br0"]);
    expect(await offered(["attach", "--no-rollback", "t0", "br0"])).toEqual(["br0"]);
    expect(await offered(["--owner", "lab", "delete-bridge", "--json"])).not.toContain("br0");
    expect(await offered(["create", "tap", "x", "--bridge", "br-"])).toEqual(["br-ext"]);
  });

  test("says nothing where no switch answers", async () => {
    const fields = { address: "unix:/x", errno: "ENOENT", hint: "", message: "no", operation: "connect" };
    const broken = { connect: failingConnect(new UnreachableError(fields)) };
    expect(await offered(["delete", "t"], broken)).not.toContain("t0");
  });
});
