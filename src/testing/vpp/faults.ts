/** Something that goes wrong with a request. Unless it says otherwise, the request is carried out. */
export type Fault =
  /** It never comes. */
  | { readonly kind: "missing" }
  /** It waits for `release`, while later ones are sent. */
  | { readonly kind: "held" }
  /** It comes so many milliseconds late, while later ones are sent. */
  | { readonly kind: "late"; readonly ms: number }
  /** An answer to a request that is long over comes before it. */
  | { readonly kind: "stale" }
  /** Its first message lacks so many bytes at its end. */
  | { readonly kind: "truncated"; readonly bytes: number }
  /** It is this message instead, with the right context. */
  | { readonly kind: "wrong-type"; readonly message: string }
  /**
   * It is not carried out but refused with this number, and the rest of the reply is rubbish, as with VPP. A dump has no
   * reply, and is answered.
   */
  | { readonly kind: "refused"; readonly retval: number }
  /** The connection is cut instead, of a dump after so many details (default 0). */
  | { readonly kind: "cut"; readonly afterDetails?: number }
  /** Bytes come instead that are none of the protocol's. */
  | { readonly kind: "rubbish"; readonly bytes: Uint8Array };

interface Planned {
  readonly message: string | undefined;
  readonly fault: Fault;
  times: number;
}

/** The faults that a test has asked for, in the order in which they were asked for. */
export class Faults {
  #planned: Planned[] = [];

  /** The next `times` requests of this name (undefined: of any) have this fault. */
  plan(message: string | undefined, fault: Fault, times: number): void {
    this.#planned.push({ message, fault, times });
  }

  /** The fault of a request, used up. */
  take(message: string): Fault | undefined {
    const planned = this.#next(message);
    if (planned === undefined) return undefined;
    planned.times--;
    if (planned.times <= 0) this.#planned = this.#planned.filter((other) => other !== planned);
    return planned.fault;
  }

  /** Whether a request is to be refused, which has to be known before it is carried out. */
  isRefused(message: string): boolean {
    return this.#next(message)?.fault.kind === "refused";
  }

  #next(message: string): Planned | undefined {
    return this.#planned.find((candidate) => (candidate.message ?? message) === message);
  }

  clear(): void {
    this.#planned = [];
  }
}
