/**
 * The API server of `vswitch-drivers/testing` with so many loopbacks, until its input ends.
 *
 * Arguments: API_DIRECTORY LOOPBACKS
 */
import process from "node:process";
import { VppServer } from "../../src/testing/vpp/index.js";
import { Loopbacks } from "../support/vpp-loopbacks.js";

const [, , directory = "", loopbacks = "0"] = process.argv;
const server = (await VppServer.start({ api: { directory }, keepRequests: 1 })).unwrap();
const made = await Loopbacks.make(server.remote, Number(loopbacks));
process.stdout.write(`${JSON.stringify({ versions: { socket: server.remote.replace(/^unix:/, "") } })}\n`);
for await (const _chunk of process.stdin);
await made[Symbol.asyncDispose]();
await server[Symbol.asyncDispose]();
