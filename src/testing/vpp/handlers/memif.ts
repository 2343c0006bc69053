import { isAbsolute, join } from "node:path";

import type { MessageValue } from "../../../vpp/schema/narrow.js";
import { flagsOf } from "../interfaces.js";
import type { MemifSocket, SimulatedVpp } from "../simulated-vpp.js";
import { booleanAt, none, numberAt, textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

function addSocket(id: number, filename: string, vpp: SimulatedVpp): number {
  if (filename === "") return retvals.invalidArgument;
  const path = isAbsolute(filename) ? filename : join(vpp.options.runtimeDirectory, filename);
  const present = vpp.memifSockets.get(id);
  if (present !== undefined) return present.path === path ? 0 : retvals.entryAlreadyExists;
  vpp.memifSockets.set(id, { id, path, users: 0, isListener: false });
  return 0;
}

function deleteSocket(id: number, vpp: SimulatedVpp): number {
  const socket = vpp.memifSockets.get(id);
  if (socket === undefined) return retvals.invalidArgument;
  // A count of -1, after a failure, is above 0 to VPP: it is not signed there in all places.
  if (socket.users !== 0) return retvals.unexpectedInterfaceState;
  vpp.memifSockets.delete(id);
  return 0;
}

function socketRequest(request: MessageValue, id: number, vpp: SimulatedVpp): number {
  if (id === 0 || id === none) return retvals.invalidArgument;
  return booleanAt(request, "is_add")
    ? addSocket(id, textAt(request, "socket_filename"), vpp)
    : deleteSocket(id, vpp);
}

const modes: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["MEMIF_MODE_API_ETHERNET", 0],
  ["MEMIF_MODE_API_IP", 1],
]);

const noMac = "00:00:00:00:00:00";

function isPowerOfTwo(number: number): boolean {
  return number > 0 && (number & (number - 1)) === 0;
}

/** The first failure of a listener leaves its socket's count of users at -1; see what follows from that in `create`. */
function startListening(socket: MemifSocket, vpp: SimulatedVpp): boolean {
  if (vpp.sockets.open(socket.path)) return true;
  socket.users = -1;
  return false;
}

function create(request: MessageValue, vpp: SimulatedVpp): number | MessageValue {
  const id = numberAt(request, "id");
  const isMaster = request["role"] === "MEMIF_ROLE_API_MASTER";
  const ringSize = numberAt(request, "ring_size");
  if (ringSize !== 0 && !isPowerOfTwo(ringSize)) return retvals.invalidArgument;
  const socket = vpp.memifSockets.get(numberAt(request, "socket_id"));
  if (socket === undefined) return retvals.invalidArgument;
  const present = vpp.interfaces.ofType("memif").filter(({ device }) => device.socketId === socket.id);
  if (socket.users !== 0) {
    if (socket.isListener !== isMaster) return retvals.subifAlreadyExists;
    if (present.some(({ device }) => device.id === id)) return retvals.subifAlreadyExists;
  }
  const mode = modes.get(request["mode"]);
  if (mode === undefined) {
    vpp.die(`memif_create with mode ${String(request["mode"])}`);
    return retvals.syscallError2;
  }
  const wasBroken = socket.users === 0 && present.length > 0;
  if (wasBroken) {
    vpp.die("the third memif_create on a socket that could not be bound");
    return retvals.syscallError4;
  }
  if (socket.users === 0) {
    socket.isListener = isMaster;
    if (isMaster && !startListening(socket, vpp)) return { retval: retvals.syscallError4, sw_if_index: 3 };
  }
  socket.users++;
  const given = textAt(request, "hw_addr");
  const own = `02:fe:00:00:00:${(id & 0xff).toString(16).padStart(2, "0")}`;
  const isEthernet = mode === 0;
  const made = vpp.interfaces.add(
    `memif${socket.id}/${id}`,
    {
      type: "memif",
      id,
      socketId: socket.id,
      isMaster,
      mode,
      isZeroCopy: !isMaster && !booleanAt(request, "no_zero_copy"),
    },
    isEthernet && given === noMac ? own : given,
    isEthernet ? {} : { linkMtu: 0, mtu: [0, 0, 0, 0] },
  );
  return { sw_if_index: made.swIfIndex };
}

function remove(request: MessageValue, vpp: SimulatedVpp): number {
  const target = vpp.interfaces.find(numberAt(request, "sw_if_index"), "memif");
  if (target === undefined) return retvals.invalidSwIfIndex;
  const socket = vpp.memifSockets.get(target.device.socketId);
  // VPP leaves the file of a memif's socket.
  if (socket !== undefined && --socket.users === 0) vpp.sockets.close(socket.path, true);
  vpp.interfaces.delete(target.swIfIndex);
  return 0;
}

/** `memif.api`. */
export const memif: Handlers = {
  calls: {
    memif_socket_filename_add_del: (request, vpp) =>
      socketRequest(request, numberAt(request, "socket_id"), vpp),
    memif_socket_filename_add_del_v2: (request, vpp) => {
      const wanted = numberAt(request, "socket_id");
      const id = wanted === none && booleanAt(request, "is_add") ? vpp.chooseSocketId() : wanted;
      return { retval: socketRequest(request, id, vpp), socket_id: id };
    },
    memif_create: create,
    memif_create_v2: create,
    memif_delete: remove,
  },
  dumps: {
    *memif_socket_filename_dump(_request, vpp) {
      for (const { id, path } of vpp.memifSockets.values()) {
        yield { socket_id: id, socket_filename: path.slice(0, 107) };
      }
    },
    *memif_dump(_request, vpp) {
      for (const found of vpp.interfaces.ofType("memif")) {
        const { device } = found;
        yield {
          sw_if_index: found.swIfIndex,
          hw_addr: found.mac,
          id: device.id,
          role: device.isMaster ? "MEMIF_ROLE_API_MASTER" : "MEMIF_ROLE_API_SLAVE",
          mode: device.mode,
          zero_copy: device.isZeroCopy,
          socket_id: device.socketId,
          // What runs, not what was asked for.
          ring_size: found.isLinkUp ? 1024 : 1,
          buffer_size: found.isLinkUp ? 2048 : 0,
          flags: flagsOf(found),
          if_name: found.name,
        };
      }
    },
  },
};
