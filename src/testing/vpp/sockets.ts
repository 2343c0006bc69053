import { existsSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";

/** The unix sockets on which a VPP listens for the peers of its interfaces. Nothing is said on them. */
export class Sockets {
  readonly #listeners = new Map<string, Server>();

  /** Listens on a path. Gives whether it could. */
  open(path: string): boolean {
    if (this.#listeners.has(path)) return true;
    if (!existsSync(dirname(path))) return false;
    const listener = createServer((peer) => void peer.on("error", () => peer.destroy()));
    // A path that cannot be bound although its directory is there: the interface is then as if nobody came.
    listener.on("error", () => undefined);
    listener.listen(path);
    listener.unref();
    this.#listeners.set(path, listener);
    return true;
  }

  /** Stops listening; the socket's file goes with it. */
  close(path: string): void {
    this.#listeners.get(path)?.close();
    this.#listeners.delete(path);
  }

  closeAll(): void {
    for (const path of this.#listeners.keys()) this.close(path);
  }
}
