/** DPDK's EAL arguments for interfaces that were handed over: the other end of what the switch has. */
import type { Handover } from "../handover/index.js";
import { Err, InvalidError, Ok, UnsupportedError, type Result } from "../index.js";

const operation = "ealArguments";

/** A list of `key=value` as DPDK reads it (rte_kvargs): a comma would end the value. */
function argument(
  ifName: string,
  driver: string,
  pairs: readonly (readonly [string, string | number | undefined])[],
): Result<string, InvalidError> {
  const given = pairs.filter(([, value]) => value !== undefined);
  for (const [key, value] of given) {
    if (!/[,\s"'[\]]/u.test(String(value))) continue;
    const expected = "no comma, bracket, quote or white space: DPDK's arguments cannot carry them";
    const message = `${operation}: ${ifName}: ${key} is ${JSON.stringify(value)}; expected ${expected}`;
    return Err(new InvalidError({ operation, path: key, expected, got: JSON.stringify(value), message }));
  }
  return Ok(`--vdev=${[driver, ...given.map(([key, value]) => `${key}=${value}`)].join(",")}`);
}

/**
 * The `--vdev` of one interface, such as `--vdev=net_virtio_user0,path=/vhu/0958c8871b32-net1`. `index` makes the
 * device's name unique.
 *
 * Errors: `unsupported` (a memif that carries no Ethernet: DPDK's driver has no other); `invalid` (a path with a comma).
 */
export function ealArgument(
  { ifName, interface: end }: Handover,
  index: number,
): Result<string, InvalidError | UnsupportedError> {
  const { socket, mac } = end;
  if (end.type === "vhost-user") {
    return argument(ifName, `net_virtio_user${index}`, [
      ["path", socket],
      // The container makes the socket, and the switch connects.
      ["server", end.mode === "server" ? 1 : undefined],
      ["mac", mac],
      ["queues", end.queues],
      ["queue_size", end.ringSize],
    ]);
  }
  if (end.mode !== "ethernet") {
    const message = `${operation}: ${ifName} is a memif of mode ${end.mode}; DPDK's driver net_memif has ethernet only: set it on both ends`;
    return Err(new UnsupportedError({ operation, feature: `memif mode ${end.mode}`, message }));
  }
  return argument(ifName, `net_memif${index}`, [
    ["role", end.role === "master" ? "server" : "client"],
    ["id", end.id],
    ["socket", socket],
    // Its default is a socket without a file, which no switch of ours makes.
    ["socket-abstract", "no"],
    ["mac", mac],
    ["rsize", end.ringSize === undefined ? undefined : Math.log2(end.ringSize)],
    ["bsize", end.bufferSize],
    ["secret", end.secret],
  ]);
}

/** The arguments of all interfaces, in their order: the first is port 0 of the application. */
export function ealArguments(
  handovers: readonly Handover[],
): Result<readonly string[], InvalidError | UnsupportedError> {
  const all: string[] = [];
  for (const [index, handover] of handovers.entries()) {
    const one = ealArgument(handover, index);
    if (one.isErr()) return one;
    all.push(one.value);
  }
  return Ok(all);
}
