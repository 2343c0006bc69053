import { addresses } from "./addresses.js";
import { bridges } from "./bridges.js";
import { devices } from "./devices.js";
import type { CallHandler, DumpHandler } from "./handler.js";
import { interfaces } from "./interfaces.js";
import { memif } from "./memif.js";
import { system } from "./system.js";
import { tunnels } from "./tunnels.js";

const all = [system, interfaces, addresses, bridges, memif, devices, tunnels];

/** All calls that the simulated VPP can do, by name. */
export const callHandlers: ReadonlyMap<string, CallHandler> = new Map(
  all.flatMap(({ calls = {} }) => Object.entries(calls)),
);

/** All dumps and streams that it can do, by name. */
export const dumpHandlers: ReadonlyMap<string, DumpHandler> = new Map(
  all.flatMap(({ dumps = {} }) => Object.entries(dumps)),
);
