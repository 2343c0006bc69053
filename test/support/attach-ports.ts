/** A process of its own that makes, attaches and deletes ports: `tsx attach-ports.ts REMOTE DATAPATH BRIDGE PREFIX COUNT`. */
import process from "node:process";
import { connect } from "../../src/index.js";

const [remote = "", datapathType = "", bridge = "", prefix = "", count = ""] = process.argv.slice(2);
const names = Array.from({ length: Number(count) }, (_each, index) => `${prefix}${index}`);

await using vswitch = (await connect({ engine: "ovs", remote, owner: prefix, datapathType })).unwrap();

async function make(name: string): Promise<void> {
  (await vswitch.createInterface({ type: "internal", name }, { timeoutMs: 60_000 })).unwrap();
  (await vswitch.attachToBridge(name, { bridge, tag: 7 }, { timeoutMs: 60_000 })).unwrap();
}

async function remove(name: string): Promise<void> {
  (await vswitch.deleteInterface(name, { timeoutMs: 60_000 })).unwrap();
}

await Promise.all(names.map(make));
process.stdout.write("made\n");
// The parent counts what is there, and then says to go on.
await new Promise((resolve) => process.stdin.once("data", resolve));
process.stdin.destroy();
await Promise.all(names.map(remove));
