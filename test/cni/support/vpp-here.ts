/** A simulated VPP on the usual socket of where this runs, until its input ends; it prints its interfaces at the end. */
import process from "node:process";
import { VppServer } from "../../../src/testing/index.js";
import { modelOf, releases } from "../../vpp/schema/api-files.js";

const [path = "/run/vpp/api.sock"] = process.argv.slice(2);
const server = (await VppServer.start({ api: modelOf(releases.at(-1) ?? ""), path })).unwrap();
const names = (): string =>
  server.vpp.interfaces
    .all()
    .map(({ name }) => name)
    .join(" ");
process.stdout.write("ready\n");
for await (const _line of process.stdin) process.stdout.write(`${names()}\n`);
await server.stop();
