import type { AnyMessage } from "./codec.js";

/** Messages by name and CRC: which codec speaks what a server announces as `<name>_<crc>`. */
export class MessageTable {
  readonly #byName = new Map<string, Map<string, AnyMessage>>();

  constructor(messages: Iterable<AnyMessage> = []) {
    for (const message of messages) this.add(message);
  }

  /** Adds a message in one form. Where a name and CRC are there already, the one that is there stays. */
  add(message: AnyMessage): void {
    let forms = this.#byName.get(message.name);
    if (forms === undefined) {
      forms = new Map();
      this.#byName.set(message.name, forms);
    }
    for (const crc of message.crcs) if (!forms.has(crc)) forms.set(crc, message);
  }

  /** The codec for what a server announces. */
  find(name: string, crc: string): AnyMessage | undefined {
    return this.#byName.get(name)?.get(crc);
  }

  /** Every form of a message, by CRC. */
  forms(name: string): ReadonlyMap<string, AnyMessage> {
    return this.#byName.get(name) ?? new Map<string, AnyMessage>();
  }

  /** The names of all messages here. */
  names(): IterableIterator<string> {
    return this.#byName.keys();
  }
}
