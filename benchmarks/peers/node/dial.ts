/**
 * The least that a plugin of Node.js can do: it reads what a runtime gives it, asks a switch one thing, keeps that where a
 * crash of the host does not reach, and answers. `dial vpp|ovs SOCKET FILE`
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { connect } from "node:net";

const [kind, path = "", file = ""] = process.argv.slice(2);
const configuration = readFileSync(0);

/** `sockclnt_create` of VPP's memclnt.api behind its header of 16 bytes; an `echo` of RFC 7047. */
function question(): string | Buffer {
  if (kind === "ovs") return '{"id":"echo","method":"echo","params":[]}';
  const message = Buffer.alloc(16 + 70);
  message.writeUInt32BE(70, 8);
  message.writeUInt16BE(15, 16);
  message.write("dial", 22);
  return message;
}

const socket = connect(path, () => void socket.write(question()));
socket.once("data", () => {
  const handle = openSync(file, "w", 0o600);
  writeSync(handle, configuration);
  fsyncSync(handle);
  closeSync(handle);
  writeSync(1, "{}\n");
  process.exit(0);
});
