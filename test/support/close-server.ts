import { once } from "node:events";
import type { Server, Socket } from "node:net";

/** Ends a server and the connections given. Over when it listens no more; one that does not listen has ended already. */
export async function closeServer(server: Server, sockets: Iterable<Socket> = []): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  await closed;
}
