/** Something that goes wrong with a request. Unless it says otherwise, the request is carried out. */
export type OvsdbFault =
  /** The answer never comes. */
  | { readonly kind: "missing" }
  /** It waits for `release`, while later ones are sent. */
  | { readonly kind: "held" }
  /** It comes so many milliseconds late, while later ones are sent. */
  | { readonly kind: "late"; readonly ms: number }
  /** The connection ends after so many bytes of the answer; 0: instead of it. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The connection ends before the request is carried out. */
  | { readonly kind: "lost" }
  /** It is not carried out but refused, with this error: a string, or an object with `error` and perhaps `details`. */
  | { readonly kind: "refused"; readonly error: unknown }
  /** `monitor_cond_since` finds nothing of what the client has, and sends everything. */
  | { readonly kind: "not-found" }
  /** These bytes come instead of the answer. */
  | { readonly kind: "rubbish"; readonly bytes: Uint8Array };

interface Planned {
  readonly method: string | undefined;
  readonly fault: OvsdbFault;
  times: number;
}

/** The faults that a test has asked for, in the order in which they were asked for. */
export class OvsdbFaults {
  #planned: Planned[] = [];

  plan(method: string | undefined, fault: OvsdbFault, times: number): void {
    this.#planned.push({ method, fault, times });
  }

  /** The fault of a request, used up. */
  take(method: string): OvsdbFault | undefined {
    const planned = this.#planned.find((candidate) => (candidate.method ?? method) === method);
    if (planned === undefined) return undefined;
    planned.times--;
    if (planned.times <= 0) this.#planned = this.#planned.filter((other) => other !== planned);
    return planned.fault;
  }

  clear(): void {
    this.#planned = [];
  }
}
