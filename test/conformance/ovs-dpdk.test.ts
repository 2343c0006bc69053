import { describe } from "vitest";
import { availableFlavours } from "../support/openvswitch.js";
import { internal, memif, ovsTarget, staleSocket, vhostClient, vhostServer } from "./ovs-target.js";
import { describeConformance } from "./suite.js";

const { dpdk, memif: memifs } = availableFlavours();

describe.skipIf(!dpdk.available)(`with DPDK${dpdk.note}`, () => {
  describeConformance(
    "Open vSwitch",
    ovsTarget(
      "dpdk",
      (ovs) => {
        const sockets = (): string => ovs().vhostSockDir;
        return [vhostClient(sockets), vhostServer, internal, ...(memifs.available ? [memif(sockets)] : [])];
      },
      staleSocket,
    ),
  );
});
