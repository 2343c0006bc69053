import { longestTimer } from "../../core/call.js";
import type { HealthCheckSettings } from "./options.js";
import type { Session } from "./session.js";

/**
 * Looks that VPP still works through its messages: a ping, and after its answer a pause. Only one ping is under way, so
 * a VPP that hangs is not heaped with them. The connection of one that hangs is kept: VPP could not accept another, and
 * if it goes on it would write to a closed socket, which ends a VPP before 23.02.
 */
export class HealthCheck {
  readonly #settings: HealthCheckSettings;
  readonly #session: Session;
  readonly #onChange: (isResponding: boolean) => void;
  #pause: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isResponding = true;
  #isStopped = false;

  constructor(settings: HealthCheckSettings, session: Session, onChange: (isResponding: boolean) => void) {
    this.#settings = settings;
    this.#session = session;
    this.#onChange = onChange;
    this.#waitAndAsk();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#patience);
  }

  #waitAndAsk(): void {
    this.#pause = setTimeout(() => void this.#ask(), this.#settings.intervalMs);
    this.#pause.unref();
  }

  async #ask(): Promise<void> {
    this.#patience = setTimeout(() => this.#set(false), this.#settings.timeoutMs);
    this.#patience.unref();
    const answer = await this.#session.pingAhead(longestTimer);
    clearTimeout(this.#patience);
    if (this.#isStopped || answer.isErr()) return;
    this.#set(true);
    this.#waitAndAsk();
  }

  #set(isResponding: boolean): void {
    if (this.#isResponding === isResponding) return;
    this.#isResponding = isResponding;
    this.#onChange(isResponding);
  }
}
