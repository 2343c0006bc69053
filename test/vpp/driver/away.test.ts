/** A VPP that goes under a switch object that is kept, or that is none. */
import { expect, test } from "vitest";

import { connect } from "../../../src/index.js";
import { OvsdbServer } from "../../../src/testing/index.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

test.skipIf(releases.length === 0)(
  `a verb says what is wrong with VPP's socket, in its own name${unlessMissing}`,
  async () => {
    await using bench = await DriverBench.start(releases.at(-1) ?? "");
    await bench.server[Symbol.asyncDispose]();
    const error = (await bench.vswitch.listInterfaces({ timeoutMs: 300 })).unwrapErr();
    expect(error).toMatchObject({ kind: "timeout", operation: "listInterfaces", outcome: "not-sent" });
    for (const words of ["listInterfaces: no answer within", "cannot connect to unix:", "is VPP running"])
      expect(error.message).toContain(words);
  },
);

test("connect() says in its own name that something else has the socket", async () => {
  await using server = await OvsdbServer.start();
  const error = (await connect({ engine: "vpp", remote: server.remote })).unwrapErr();
  expect(error).toMatchObject({ kind: "disconnected", operation: "connect", outcome: "not-sent" });
  expect(error.message).toMatch(/^connect: the server hung up.*this is not the socket of its binary API/u);
});
