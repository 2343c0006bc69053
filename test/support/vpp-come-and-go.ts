/** Makes so many memifs on a VPP and deletes them, all in a process of its own: `REMOTE OWNER PREFIX DIRECTORY COUNT`. */
import process from "node:process";

import { connect } from "../../src/connect.js";

const [remote = "", owner = "", prefix = "", directory = "", count = "0"] = process.argv.slice(2);

await using vswitch = (await connect({ engine: "vpp", remote, owner })).unwrap();
const options = { timeoutMs: 60_000 };
for (let nth = 0; nth < Number(count); nth++) {
  const name = `${prefix}${nth}`;
  const memif = { type: "memif", name, role: "master", socket: `${directory}/${name}.sock` } as const;
  (await vswitch.createInterface({ ...memif, attach: { bridge: "shared" } }, options)).unwrap();
}
for (let nth = 0; nth < Number(count); nth++)
  (await vswitch.deleteInterface(`${prefix}${nth}`, options)).unwrap();
