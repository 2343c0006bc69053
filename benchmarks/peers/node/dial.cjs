// What the start of the smallest program of Node.js takes that reads what a runtime gives it, asks a switch one thing, keeps
// a line of it where a crash of the host does not reach, and answers: dial.cjs vpp|ovs SOCKET FILE
const fs = require("node:fs");
const net = require("node:net");

const [kind, path, file] = process.argv.slice(2);
const configuration = fs.readFileSync(0);

/** `sockclnt_create` of VPP's memclnt.api behind its header of 16 bytes; an `echo` of RFC 7047. */
function question() {
  if (kind === "ovs") return '{"id":"echo","method":"echo","params":[]}';
  const message = Buffer.alloc(16 + 70);
  message.writeUInt32BE(70, 8);
  message.writeUInt16BE(15, 16);
  message.write("dial", 22);
  return message;
}

const socket = net.connect(path, () => socket.write(question()));
socket.once("data", () => {
  const handle = fs.openSync(file, "w", 0o600);
  fs.writeSync(handle, configuration);
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  fs.writeSync(1, "{}\n");
  process.exit(0);
});
