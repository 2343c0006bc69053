/** Makes a loopback in VPP, sets it up, sees that it is, and deletes it; every message has the types of its API file. */
import process from "node:process";
import { connectVpp } from "vswitch-drivers/vpp";
import {
  CreateLoopback,
  DeleteLoopback,
  SwInterfaceDump,
  SwInterfaceSetFlags,
  WantInterfaceEvents,
} from "./bindings/interface.js";
import { IfStatusFlags } from "./bindings/interface_types.js";
import { ShowVersion } from "./bindings/vpe.js";

const remote = process.env["VPP_REMOTE"] ?? "unix:/run/vpp/api.sock";
await using vpp = (await connectVpp({ remote })).unwrap();

const { version } = (await vpp.call(ShowVersion, {})).unwrap();
process.stdout.write(`VPP ${version}\n`);

const mac_address = "02:fe:00:00:00:01";
const { sw_if_index } = (await vpp.call(CreateLoopback, { mac_address })).unwrap();
try {
  await using events = (await vpp.events(WantInterfaceEvents)).unwrap();
  const flags = IfStatusFlags.IF_STATUS_API_FLAG_ADMIN_UP;
  (await vpp.call(SwInterfaceSetFlags, { sw_if_index, flags })).unwrap();
  for await (const item of events) {
    if (item.kind === "event" && item.value.sw_if_index === sw_if_index && item.value.flags !== 0) break;
  }
  // sw_if_index is left out: its default in the API means all interfaces.
  for await (const details of vpp.dump(SwInterfaceDump, { name_filter_valid: false, name_filter: "" })) {
    const { interface_name, l2_address, flags } = details.unwrap();
    process.stdout.write(`${interface_name} ${l2_address} ${flags === 0 ? "down" : "up"}\n`);
  }
} finally {
  (await vpp.call(DeleteLoopback, { sw_if_index })).unwrap();
}
