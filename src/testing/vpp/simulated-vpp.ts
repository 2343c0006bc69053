import { Interfaces, type InterfaceChange } from "./interfaces.js";
import { Sockets } from "./sockets.js";
import { Lottery, none } from "./values.js";

/** A bridge domain; its members are the interfaces that say so. */
export interface BridgeDomain {
  readonly bdId: number;
  readonly flood: boolean;
  readonly uuFlood: boolean;
  readonly forward: boolean;
  readonly learn: boolean;
  readonly arpTerm: boolean;
  readonly arpUfwd: boolean;
  readonly macAge: number;
  readonly tag: string;
}

/** A socket file of memifs. */
export interface MemifSocket {
  readonly id: number;
  readonly path: string;
  /** How many memifs use it; -1 after a failed one: VPP counts wrong then. */
  users: number;
  /** Whether its users are masters. */
  isListener: boolean;
}

/** What a VPP is at its start. */
export interface SimulatedVppOptions {
  /** What `show_version` says, such as `26.06-release`. */
  readonly version: string;
  /** Where relative socket names begin. */
  readonly runtimeDirectory: string;
  /** The interfaces of the host that `af_packet_create` finds; undefined: all. */
  readonly hostInterfaces?: readonly string[] | undefined;
  /** What `control_ping` says. */
  readonly pid: number;
  /** An interface came, changed or went. */
  readonly onInterfaceChange: (change: InterfaceChange) => void;
  /** VPP has died, as the real one does on some requests. */
  readonly onDeath: (why: string) => void;
}

/**
 * The state of one VPP from its start to its end: interfaces, bridge domains, memif sockets, tables. It knows nothing of
 * messages. Tests may look at it and change it, as an administrator would.
 */
export class SimulatedVpp {
  readonly options: SimulatedVppOptions;
  readonly interfaces: Interfaces;
  readonly bridgeDomains = new Map<number, BridgeDomain>();
  readonly memifSockets = new Map<number, MemifSocket>();
  /** The IP tables that are there, as `ip4 ID` and `ip6 ID`. */
  readonly tables = new Set(["ip4 0", "ip6 0"]);
  readonly sockets = new Sockets();
  readonly #socketLottery = new Lottery();
  readonly #bridgeLottery = new Lottery();

  constructor(options: SimulatedVppOptions) {
    this.options = options;
    this.interfaces = new Interfaces(options.onInterfaceChange);
    const path = `${options.runtimeDirectory}/memif.sock`;
    this.memifSockets.set(0, { id: 0, path, users: 0, isListener: false });
  }

  /** A memif socket id that is not taken. */
  chooseSocketId(): number {
    let id = this.#socketLottery.next();
    while (id === none || this.memifSockets.has(id)) id = this.#socketLottery.next();
    return id;
  }

  /** A bridge domain number that is not taken. */
  chooseBridgeDomain(): number {
    let id = this.#bridgeLottery.next() & mostBridgeDomain;
    while (id === 0 || this.bridgeDomains.has(id)) id = this.#bridgeLottery.next() & mostBridgeDomain;
    return id;
  }

  /** The interfaces in a bridge domain. */
  members(bdId: number): readonly number[] {
    return this.interfaces
      .all()
      .filter(({ bridge }) => bridge?.bdId === bdId)
      .map(({ swIfIndex }) => swIfIndex);
  }

  /** What the real VPP does not survive. */
  die(why: string): void {
    this.options.onDeath(why);
  }
}

/** The highest number of a bridge domain (VPP: `L2_BD_ID_MAX`). */
export const mostBridgeDomain = 0xff_ffff;
