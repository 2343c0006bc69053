/** Who waits for a lock or has it. */
export interface LockClient {
  notify(method: "locked" | "stolen", lock: string): void;
}

/** A client's request for a lock, which stands until its `unlock`. */
interface Waiter {
  readonly client: LockClient;
  readonly isThief: boolean;
}

/**
 * The locks of one server: RFC 7047 sections 4.1.8 to 4.1.10. The first in a queue has the lock. As in the server
 * (`ovsdb_lock_waiter_remove` of ovsdb/server.c), the owner is told again that it has it when anybody else leaves the
 * queue, and who has stolen a lock does not wait for it when it is stolen from him.
 */
export class Locks {
  readonly #queues = new Map<string, Waiter[]>();
  /** Thieves whose lock was stolen: out of the queue, and yet to `unlock`. */
  readonly #robbed = new Map<string, Set<LockClient>>();

  has(lock: string, client: LockClient): boolean {
    return this.#queues.get(lock)?.[0]?.client === client;
  }

  /** Whether the client has asked for it and not unlocked it since. */
  hasAsked(lock: string, client: LockClient): boolean {
    const isQueued = this.#queues.get(lock)?.some((waiter) => waiter.client === client) === true;
    return isQueued || this.#robbed.get(lock)?.has(client) === true;
  }

  /** Asks for a lock, and tells whether it was free. */
  lock(lock: string, client: LockClient): boolean {
    const queue = this.#queue(lock);
    queue.push({ client, isThief: false });
    return queue.length === 1;
  }

  /** Takes a lock from whoever has it. */
  steal(lock: string, client: LockClient): void {
    const queue = this.#queue(lock);
    const [owner] = queue;
    if (owner?.isThief === true) {
      queue.shift();
      const robbed = this.#robbed.get(lock) ?? new Set();
      this.#robbed.set(lock, robbed.add(owner.client));
    }
    queue.unshift({ client, isThief: true });
    owner?.client.notify("stolen", lock);
  }

  unlock(lock: string, client: LockClient): void {
    if (this.#robbed.get(lock)?.delete(client) === true) return;
    const queue = this.#queue(lock).filter((waiter) => waiter.client !== client);
    if (queue.length === 0) this.#queues.delete(lock);
    else this.#queues.set(lock, queue);
    queue[0]?.client.notify("locked", lock);
  }

  /** A client is gone. */
  forget(client: LockClient): void {
    for (const robbed of this.#robbed.values()) robbed.delete(client);
    for (const lock of this.#queues.keys()) if (this.hasAsked(lock, client)) this.unlock(lock, client);
  }

  #queue(lock: string): Waiter[] {
    const queue = this.#queues.get(lock) ?? [];
    this.#queues.set(lock, queue);
    return queue;
  }
}
