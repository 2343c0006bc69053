import { existsSync, linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";

/** The unix sockets on which a VPP listens for the peers of its interfaces. Nothing is said on them. */
export class Sockets {
  readonly #listeners = new Map<string, Server>();

  /** Listens on a path. Gives whether it could. */
  open(path: string): boolean {
    if (this.#listeners.has(path)) return true;
    if (!existsSync(dirname(path))) return false;
    // A socket that is left from before is no obstacle to VPP.
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
    const listener = createServer((peer) => void peer.on("error", () => peer.destroy()));
    // A path that cannot be bound although its directory is there: the interface is then as if nobody came.
    listener.on("error", () => undefined);
    listener.listen(path);
    listener.unref();
    this.#listeners.set(path, listener);
    return true;
  }

  /** Stops listening; the socket's file goes with it, but for `keepFile`. */
  close(path: string, keepFile = false): void {
    const aside = `${path}.kept`;
    const isKept = keepFile && existsSync(path);
    if (isKept) linkSync(path, aside);
    this.#listeners.get(path)?.close();
    this.#listeners.delete(path);
    if (isKept) renameSync(aside, path);
  }

  closeAll(): void {
    for (const path of this.#listeners.keys()) this.close(path);
  }
}
