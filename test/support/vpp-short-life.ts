/** A process that uses a client and then has nothing more to do. The argument is a server with the small API. */
import process from "node:process";
import { toyClient } from "./vpp-toy-api.js";

const client = await toyClient({ remote: process.argv[2] ?? "" }, { healthCheck: true });
const events = (await client.events("want_thing_events")).unwrap();
const late = await client.call("thing_version", {}, { timeoutMs: 20 });
if (late.isOk()) throw new Error("it was answered");
await client.call("thing_place", {}, { timeoutMs: 600_000 });
await events.return();
await client.close();
