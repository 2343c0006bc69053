/** Of services that start at once on one socket, one wins. */
import { once } from "node:events";
import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/*
 * A claim is a socket beside the one that is wanted, which its service listens on: it is alive as long as somebody
 * answers, and what a killed service left is known by nobody answering. Who has made its claim looks for others': of
 * two services the later one sees the earlier one's. Where both see each other, the smaller name goes on. Who goes on
 * waits until the other claims are gone, and then looks whether one of them has the place. A claim ends by being
 * renamed to the wanted socket, so that there is no moment between the two.
 */

/** Whether somebody answers on a socket. */
export async function answers(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(1000) });
    return true;
  } catch (error) {
    // A service that is too busy to accept is one.
    return !(
      error instanceof Error &&
      "code" in error &&
      ["ECONNREFUSED", "ENOENT"].includes(String(error.code))
    );
  } finally {
    socket.destroy();
  }
}

/** Binds and listens. Node does both before `listen` returns, so the process's umask is back at once. */
async function listening(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, "listening");
}

/** How long a service that starts at the same time may take. */
const rivalsMs = 5000;

export class Claim {
  /** The claim's socket. */
  readonly path: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #prefix: string;

  private constructor(wanted: string) {
    this.#folder = dirname(wanted);
    // Short: the kernel takes 107 bytes, and libuv cuts off what is more.
    this.#prefix = `.${createHash("sha256").update(basename(wanted)).digest("hex").slice(0, 8)}.`;
    this.#name = `${this.#prefix}${randomBytes(6).toString("hex")}`;
    this.path = join(this.#folder, this.#name);
  }

  /** Lets the server listen on a claim to the socket `wanted`. Rejects with what the system says. */
  static async make(server: Server, wanted: string): Promise<Claim> {
    const claim = new Claim(wanted);
    // The claim's path may be longer than the socket's, which may be as long as the kernel takes.
    await claim.#near((near) => listening(server, near(claim.#name)));
    return claim;
  }

  /** Waits until no other claim is there. `false`: the place is another's. */
  async isFirst(): Promise<boolean> {
    const endsAt = performance.now() + rivalsMs;
    for (let first = true; ; first = false) {
      const rivals = await this.#rivals();
      if (rivals.length === 0) return true;
      if (performance.now() > endsAt || (first && rivals.some((name) => name < this.#name))) return false;
      await sleep(10);
    }
  }

  /** The other claims that live. Those of the dead are removed: no name is used twice. */
  async #rivals(): Promise<readonly string[]> {
    const others = readdirSync(this.#folder).filter(
      (name) => name !== this.#name && name.startsWith(this.#prefix) && /\.[\da-f]{12}$/u.test(name),
    );
    return await this.#near(async (near) => {
      const living: string[] = [];
      for (const name of others) {
        if (await answers(near(name))) living.push(name);
        else rmSync(join(this.#folder, name), { force: true });
      }
      return living;
    });
  }

  /** Works with short names of the folder's entries (proc_pid_fd(5)). */
  async #near<T>(work: (near: (name: string) => string) => Promise<T>): Promise<T> {
    const handle = openSync(this.#folder, "r");
    try {
      return await work((name) => `/proc/self/fd/${handle}/${name}`);
    } finally {
      closeSync(handle);
    }
  }
}
