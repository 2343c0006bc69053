import { isDeepStrictEqual } from "node:util";
import type { Deadline } from "../core/call.js";
import type { VSwitchError } from "../core/errors.js";
import { watchQueue } from "../core/event-queue.js";
import { Ok, type Result } from "../core/result.js";
import type { InterfaceInfo, WatchEvent } from "../core/vswitch.js";
import type { Monitor } from "../ovsdb/index.js";
import type { Db } from "./database.js";
import { interfaceInfo } from "./info.js";
import { join } from "./lookup.js";
import { bridgeColumnNames, interfaceColumnNames, portColumnNames } from "./rows.js";
import type { Session } from "./session.js";

/** `watch`: a monitor of the three tables, told as interfaces. Counters are not watched: they change all the time. */
export async function watch(
  session: Session,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<Result<AsyncIterableIterator<WatchEvent>, VSwitchError>> {
  const monitored = await session.client.monitor(
    {
      Interface: { columns: interfaceColumnNames },
      Port: { columns: portColumnNames },
      Bridge: { columns: [...bridgeColumnNames, "ports"] },
    },
    { operation: deadline.operation, ...deadline.step() },
  );
  return monitored.map((monitor) => tell(session, monitor, signal));
}
