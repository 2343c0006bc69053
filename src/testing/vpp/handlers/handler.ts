import type { MessageValue } from "../../../vpp/schema/narrow.js";
import type { SimulatedVpp } from "../simulated-vpp.js";

/** Does a request and gives its reply: the fields that are not blank, or only a `retval`. */
export type CallHandler = (request: MessageValue, vpp: SimulatedVpp) => number | MessageValue;

/** Gives the details of a dump or a stream: the fields that are not blank. */
export type DumpHandler = (request: MessageValue, vpp: SimulatedVpp) => Iterable<MessageValue>;

/** What a simulated VPP can do, by message. */
export interface Handlers {
  readonly calls?: Readonly<Record<string, CallHandler>>;
  readonly dumps?: Readonly<Record<string, DumpHandler>>;
}

/** The return values that handlers give (VPP: `src/vnet/error.h`). */
export const retvals = {
  unspecified: -1,
  invalidSwIfIndex: -2,
  noSuchFib: -3,
  noSuchEntry: -6,
  invalidValue: -7,
  unimplemented: -9,
  syscallError1: -11,
  syscallError2: -12,
  syscallError4: -14,
  invalidRegistration: -31,
  invalidVlan: -55,
  vlanAlreadyExists: -56,
  addressNotFound: -60,
  subifAlreadyExists: -68,
  invalidInterface: -71,
  invalidVlanTagCount: -72,
  invalidArgument: -73,
  unexpectedInterfaceState: -74,
  tunnelExist: -75,
  ifAlreadyExists: -79,
  sameSrcDst: -82,
  invalidSubSwIfIndex: -98,
  addressInUse: -105,
  entryAlreadyExists: -116,
  bdAlreadyExists: -119,
  bdInUse: -120,
  bdNotModifiable: -121,
  bdIdExceedMax: -122,
  unsupported: -126,
  duplicateIfAddress: -127,
  instanceInUse: -147,
  bdAlreadyHasBvi: -152,
} as const;
