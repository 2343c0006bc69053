/** What a negative `retval` means to a program. */
export type RetvalClass =
  /** It is there already. */
  | "exists"
  /** What was named is not there. */
  | "not-found"
  /** An argument cannot be right. */
  | "invalid"
  /** Somebody uses it, or its state forbids the change. */
  | "busy"
  /** The same call may pass later. */
  | "retry"
  /** This VPP cannot do it, or it is switched off. */
  | "unsupported"
  /** No room is left. */
  | "limit"
  /** The operating system refused VPP. */
  | "system"
  /** The caller may not. */
  | "denied"
  /** Something else, or no known number. */
  | "other";

/**
 * Every VNET_API_ERROR by its number (VPP: `foreach_vnet_error` in `src/vnet/error.h`; before 22.02
 * `src/vnet/api_errno.h`). Numbers are only ever added, so one table serves all releases.
 */
const errors: readonly (readonly [code: number, name: string, meaning: RetvalClass])[] = [
  [-1, "UNSPECIFIED", "other"],
  [-2, "INVALID_SW_IF_INDEX", "not-found"],
  [-3, "NO_SUCH_FIB", "not-found"],
  [-4, "NO_SUCH_INNER_FIB", "not-found"],
  [-5, "NO_SUCH_LABEL", "not-found"],
  [-6, "NO_SUCH_ENTRY", "not-found"],
  [-7, "INVALID_VALUE", "invalid"],
  [-8, "INVALID_VALUE_2", "invalid"],
  [-9, "UNIMPLEMENTED", "unsupported"],
  [-10, "INVALID_SW_IF_INDEX_2", "not-found"],
  [-11, "SYSCALL_ERROR_1", "system"],
  [-12, "SYSCALL_ERROR_2", "system"],
  [-13, "SYSCALL_ERROR_3", "system"],
  [-14, "SYSCALL_ERROR_4", "system"],
  [-15, "SYSCALL_ERROR_5", "system"],
  [-16, "SYSCALL_ERROR_6", "system"],
  [-17, "SYSCALL_ERROR_7", "system"],
  [-18, "SYSCALL_ERROR_8", "system"],
  [-19, "SYSCALL_ERROR_9", "system"],
  [-20, "SYSCALL_ERROR_10", "system"],
  [-30, "FEATURE_DISABLED", "unsupported"],
  [-31, "INVALID_REGISTRATION", "busy"],
  [-50, "NEXT_HOP_NOT_IN_FIB", "not-found"],
  [-51, "UNKNOWN_DESTINATION", "not-found"],
  [-52, "NO_PATHS_IN_ROUTE", "invalid"],
  [-53, "NEXT_HOP_NOT_FOUND_MP", "not-found"],
  [-54, "NO_MATCHING_INTERFACE", "not-found"],
  [-55, "INVALID_VLAN", "invalid"],
  [-56, "VLAN_ALREADY_EXISTS", "exists"],
  [-57, "INVALID_SRC_ADDRESS", "invalid"],
  [-58, "INVALID_DST_ADDRESS", "invalid"],
  [-59, "ADDRESS_LENGTH_MISMATCH", "invalid"],
  [-60, "ADDRESS_NOT_FOUND_FOR_INTERFACE", "not-found"],
  [-61, "ADDRESS_NOT_DELETABLE", "busy"],
  [-62, "IP6_NOT_ENABLED", "unsupported"],
  [-63, "NO_SUCH_NODE", "not-found"],
  [-64, "NO_SUCH_NODE2", "not-found"],
  [-65, "NO_SUCH_TABLE", "not-found"],
  [-66, "NO_SUCH_TABLE2", "not-found"],
  [-67, "NO_SUCH_TABLE3", "not-found"],
  [-68, "SUBIF_ALREADY_EXISTS", "exists"],
  [-69, "SUBIF_CREATE_FAILED", "other"],
  [-70, "INVALID_MEMORY_SIZE", "invalid"],
  [-71, "INVALID_INTERFACE", "not-found"],
  [-72, "INVALID_VLAN_TAG_COUNT", "invalid"],
  [-73, "INVALID_ARGUMENT", "invalid"],
  [-74, "UNEXPECTED_INTF_STATE", "busy"],
  [-75, "TUNNEL_EXIST", "exists"],
  [-76, "INVALID_DECAP_NEXT", "invalid"],
  [-77, "RESPONSE_NOT_READY", "retry"],
  [-78, "NOT_CONNECTED", "other"],
  [-79, "IF_ALREADY_EXISTS", "exists"],
  [-80, "BOND_SLAVE_NOT_ALLOWED", "busy"],
  [-81, "VALUE_EXIST", "exists"],
  [-82, "SAME_SRC_DST", "invalid"],
  [-83, "IP6_MULTICAST_ADDRESS_NOT_PRESENT", "invalid"],
  [-84, "SR_POLICY_NAME_NOT_PRESENT", "invalid"],
  [-85, "NOT_RUNNING_AS_ROOT", "denied"],
  [-86, "ALREADY_CONNECTED", "exists"],
  [-87, "UNSUPPORTED_JNI_VERSION", "unsupported"],
  [-88, "IP_PREFIX_INVALID", "invalid"],
  [-89, "INVALID_WORKER", "not-found"],
  [-90, "LISP_DISABLED", "unsupported"],
  [-91, "CLASSIFY_TABLE_NOT_FOUND", "not-found"],
  [-92, "INVALID_EID_TYPE", "unsupported"],
  [-93, "CANNOT_CREATE_PCAP_FILE", "system"],
  [-94, "INCORRECT_ADJACENCY_TYPE", "invalid"],
  [-95, "EXCEEDED_NUMBER_OF_RANGES_CAPACITY", "limit"],
  [-96, "EXCEEDED_NUMBER_OF_PORTS_CAPACITY", "limit"],
  [-97, "INVALID_ADDRESS_FAMILY", "invalid"],
  [-98, "INVALID_SUB_SW_IF_INDEX", "not-found"],
  [-99, "TABLE_TOO_BIG", "limit"],
  [-100, "CANNOT_ENABLE_DISABLE_FEATURE", "other"],
  [-101, "BFD_EEXIST", "exists"],
  [-102, "BFD_ENOENT", "not-found"],
  [-103, "BFD_EINUSE", "busy"],
  [-104, "BFD_NOTSUPP", "unsupported"],
  [-105, "ADDRESS_IN_USE", "exists"],
  [-106, "ADDRESS_NOT_IN_USE", "not-found"],
  [-107, "QUEUE_FULL", "retry"],
  [-108, "APP_UNSUPPORTED_CFG", "unsupported"],
  [-109, "URI_FIFO_CREATE_FAILED", "other"],
  [-110, "LISP_RLOC_LOCAL", "invalid"],
  [-111, "BFD_EAGAIN", "retry"],
  [-112, "INVALID_GPE_MODE", "invalid"],
  [-113, "LISP_GPE_ENTRIES_PRESENT", "busy"],
  [-114, "ADDRESS_FOUND_FOR_INTERFACE", "exists"],
  [-115, "SESSION_CONNECT", "other"],
  [-116, "ENTRY_ALREADY_EXISTS", "exists"],
  [-117, "SVM_SEGMENT_CREATE_FAIL", "system"],
  [-118, "APPLICATION_NOT_ATTACHED", "not-found"],
  [-119, "BD_ALREADY_EXISTS", "exists"],
  [-120, "BD_IN_USE", "busy"],
  [-121, "BD_NOT_MODIFIABLE", "denied"],
  [-122, "BD_ID_EXCEED_MAX", "invalid"],
  [-123, "SUBIF_DOESNT_EXIST", "not-found"],
  [-124, "L2_MACS_EVENT_CLINET_PRESENT", "busy"],
  [-125, "INVALID_QUEUE", "not-found"],
  [-126, "UNSUPPORTED", "unsupported"],
  [-127, "DUPLICATE_IF_ADDRESS", "exists"],
  [-128, "APP_INVALID_NS", "not-found"],
  [-129, "APP_WRONG_NS_SECRET", "denied"],
  [-130, "APP_CONNECT_SCOPE", "denied"],
  [-131, "APP_ALREADY_ATTACHED", "exists"],
  [-132, "SESSION_REDIRECT", "other"],
  [-133, "ILLEGAL_NAME", "invalid"],
  [-134, "NO_NAME_SERVERS", "unsupported"],
  [-135, "NAME_SERVER_NOT_FOUND", "not-found"],
  [-136, "NAME_RESOLUTION_NOT_ENABLED", "unsupported"],
  [-137, "NAME_SERVER_FORMAT_ERROR", "other"],
  [-138, "NAME_SERVER_NO_SUCH_NAME", "not-found"],
  [-139, "NAME_SERVER_NO_ADDRESSES", "not-found"],
  [-140, "NAME_SERVER_NEXT_SERVER", "retry"],
  [-141, "APP_CONNECT_FILTERED", "denied"],
  [-142, "ACL_IN_USE_INBOUND", "busy"],
  [-143, "ACL_IN_USE_OUTBOUND", "busy"],
  [-144, "INIT_FAILED", "other"],
  [-145, "NETLINK_ERROR", "system"],
  [-146, "BIER_BSL_UNSUP", "unsupported"],
  [-147, "INSTANCE_IN_USE", "exists"],
  [-148, "INVALID_SESSION_ID", "not-found"],
  [-149, "ACL_IN_USE_BY_LOOKUP_CONTEXT", "busy"],
  [-150, "INVALID_VALUE_3", "invalid"],
  [-151, "NON_ETHERNET", "invalid"],
  [-152, "BD_ALREADY_HAS_BVI", "exists"],
  [-153, "INVALID_PROTOCOL", "invalid"],
  [-154, "INVALID_ALGORITHM", "invalid"],
  [-155, "RSRC_IN_USE", "busy"],
  [-156, "KEY_LENGTH", "invalid"],
  [-157, "FIB_PATH_UNSUPPORTED_NH_PROTO", "unsupported"],
  [-159, "API_ENDIAN_FAILED", "invalid"],
  [-160, "NO_CHANGE", "exists"],
  [-161, "MISSING_CERT_KEY", "invalid"],
  [-162, "LIMIT_EXCEEDED", "limit"],
  [-163, "IKE_NO_PORT", "invalid"],
  [-164, "UDP_PORT_TAKEN", "busy"],
  [-165, "EAGAIN", "retry"],
  [-166, "INVALID_VALUE_4", "invalid"],
  [-167, "BUSY", "busy"],
  [-168, "BUG", "other"],
  [-169, "FEATURE_ALREADY_DISABLED", "exists"],
  [-170, "FEATURE_ALREADY_ENABLED", "exists"],
  [-171, "INVALID_PREFIX_LENGTH", "invalid"],
];

/** What is known of a `retval`. */
export interface VnetError {
  /** The number, as in `retval`. */
  readonly code: number;
  /** VPP's name without `VNET_API_ERROR_`, such as `NO_SUCH_ENTRY`; `UNKNOWN` where the number has none. */
  readonly name: string;
  /** What it means to a program. */
  readonly class: RetvalClass;
}

const byCode: ReadonlyMap<number, VnetError> = new Map(
  errors.map(([code, name, meaning]) => [code, { code, name, class: meaning }]),
);

/** What a `retval` says. Numbers without a name, which some plugins answer, are of class `other`. */
export function vnetError(code: number): VnetError {
  return byCode.get(code) ?? { code, name: "UNKNOWN", class: "other" };
}

/** All VNET_API_ERRORs that have a name. */
export function vnetErrors(): readonly VnetError[] {
  return [...byCode.values()];
}
