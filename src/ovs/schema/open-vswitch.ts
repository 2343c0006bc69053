// Generated from the schema of Open_vSwitch 8.3.1. Do not edit it: generate it again.
import { defineSchema, type ExpectedSchema, type Integer, type Uuid } from "../../ovsdb/index.js";

/** A row of table AutoAttach. It lives as long as a strong reference to it does. */
export type AutoAttachRow = {
  /** Map of integer 0 to 16777215 to integer 0 to 4095. */
  readonly mappings: ReadonlyMap<number, number>;
  /** String. */
  readonly system_description: string;
  /** String. */
  readonly system_name: string;
};

/** A row of table Bridge. It lives as long as a strong reference to it does. No two rows have the same name. */
export type BridgeRow = {
  /** Optional strong reference to AutoAttach. */
  readonly auto_attach: Uuid | null;
  /** Set of strong reference to Controller. */
  readonly controller: readonly Uuid[];
  /** Optional string. Forgotten when the server restarts. */
  readonly datapath_id: string | null;
  /** String. */
  readonly datapath_type: string;
  /** String. */
  readonly datapath_version: string;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional "standalone" | "secure". */
  readonly fail_mode: "standalone" | "secure" | null;
  /** Set of integer 0 to 4095, 0 to 4096 members. */
  readonly flood_vlans: readonly number[];
  /** Map of integer 0 to 254 to strong reference to Flow_Table. */
  readonly flow_tables: ReadonlyMap<number, Uuid>;
  /** Optional strong reference to IPFIX. */
  readonly ipfix: Uuid | null;
  /** Boolean. */
  readonly mcast_snooping_enable: boolean;
  /** Set of strong reference to Mirror. */
  readonly mirrors: readonly Uuid[];
  /** String. Only an insert sets it. */
  readonly name: string;
  /** Optional strong reference to NetFlow. */
  readonly netflow: Uuid | null;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Set of strong reference to Port. */
  readonly ports: readonly Uuid[];
  /** Set of "OpenFlow10" | "OpenFlow11" | "OpenFlow12" | "OpenFlow13" | "OpenFlow14" | "OpenFlow15". */
  readonly protocols: readonly (
    "OpenFlow10" | "OpenFlow11" | "OpenFlow12" | "OpenFlow13" | "OpenFlow14" | "OpenFlow15"
  )[];
  /** Boolean. */
  readonly rstp_enable: boolean;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly rstp_status: ReadonlyMap<string, string>;
  /** Optional strong reference to sFlow. */
  readonly sflow: Uuid | null;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly status: ReadonlyMap<string, string>;
  /** Boolean. */
  readonly stp_enable: boolean;
};

/** A row of table CT_Timeout_Policy. It lives as long as a strong reference to it does. */
export type CT_Timeout_PolicyRow = {
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Map of "tcp_syn_sent" | "tcp_syn_recv" | "tcp_established" | "tcp_fin_wait" | "tcp_close_wait" | "tcp_last_ack" | "tcp_time_wait" | "tcp_close" | "tcp_syn_sent2" | "tcp_retransmit" | "tcp_unack" | "udp_first" | "udp_single" | "udp_multiple" | "icmp_first" | "icmp_reply" to integer 0 to 4294967295. */
  readonly timeouts: ReadonlyMap<
    | "tcp_syn_sent"
    | "tcp_syn_recv"
    | "tcp_established"
    | "tcp_fin_wait"
    | "tcp_close_wait"
    | "tcp_last_ack"
    | "tcp_time_wait"
    | "tcp_close"
    | "tcp_syn_sent2"
    | "tcp_retransmit"
    | "tcp_unack"
    | "udp_first"
    | "udp_single"
    | "udp_multiple"
    | "icmp_first"
    | "icmp_reply",
    number
  >;
};

/** A row of table CT_Zone. It lives as long as a strong reference to it does. */
export type CT_ZoneRow = {
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional strong reference to CT_Timeout_Policy. */
  readonly timeout_policy: Uuid | null;
};

/** A row of table Controller. It lives as long as a strong reference to it does. */
export type ControllerRow = {
  /** Optional "in-band" | "out-of-band". */
  readonly connection_mode: "in-band" | "out-of-band" | null;
  /** Optional integer of at least 25. */
  readonly controller_burst_limit: Integer | null;
  /** Optional integer 1 to 512. */
  readonly controller_queue_size: number | null;
  /** Optional integer of at least 100. */
  readonly controller_rate_limit: Integer | null;
  /** Optional boolean. */
  readonly enable_async_messages: boolean | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer. */
  readonly inactivity_probe: Integer | null;
  /** Boolean. Forgotten when the server restarts. */
  readonly is_connected: boolean;
  /** Optional string. */
  readonly local_gateway: string | null;
  /** Optional string. */
  readonly local_ip: string | null;
  /** Optional string. */
  readonly local_netmask: string | null;
  /** Optional integer of at least 1000. */
  readonly max_backoff: Integer | null;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Optional "other" | "master" | "slave". Forgotten when the server restarts. */
  readonly role: "other" | "master" | "slave" | null;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly status: ReadonlyMap<string, string>;
  /** String. */
  readonly target: string;
  /** Optional "primary" | "service". */
  readonly type: "primary" | "service" | null;
};

/** A row of table Datapath. It lives as long as a strong reference to it does. */
export type DatapathRow = {
  /** Map of string to string. */
  readonly capabilities: ReadonlyMap<string, string>;
  /** Map of integer 0 to 65535 to strong reference to CT_Zone. */
  readonly ct_zones: ReadonlyMap<number, Uuid>;
  /** String. */
  readonly datapath_version: string;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
};

/** A row of table Flow_Sample_Collector_Set. No two rows have the same id and bridge. */
export type Flow_Sample_Collector_SetRow = {
  /** Strong reference to Bridge. */
  readonly bridge: Uuid;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Integer 0 to 4294967295. */
  readonly id: number;
  /** Optional strong reference to IPFIX. */
  readonly ipfix: Uuid | null;
};

/** A row of table Flow_Table. It lives as long as a strong reference to it does. */
export type Flow_TableRow = {
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer of at least 0. */
  readonly flow_limit: Integer | null;
  /** Set of string. */
  readonly groups: readonly string[];
  /** Optional string. */
  readonly name: string | null;
  /** Optional "refuse" | "evict". */
  readonly overflow_policy: "refuse" | "evict" | null;
  /** Set of string, 0 to 3 members. */
  readonly prefixes: readonly string[];
};

/** A row of table IPFIX. It lives as long as a strong reference to it does. */
export type IPFIXRow = {
  /** Optional integer 0 to 4200. */
  readonly cache_active_timeout: number | null;
  /** Optional integer 0 to 4294967295. */
  readonly cache_max_flows: number | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer 0 to 4294967295. */
  readonly obs_domain_id: number | null;
  /** Optional integer 0 to 4294967295. */
  readonly obs_point_id: number | null;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Optional integer 1 to 4294967295. */
  readonly sampling: number | null;
  /** Set of string. */
  readonly targets: readonly string[];
};

/** A row of table Interface. It lives as long as a strong reference to it does. No two rows have the same name. */
export type InterfaceRow = {
  /** Optional "up" | "down". Forgotten when the server restarts. */
  readonly admin_state: "up" | "down" | null;
  /** Map of string to string. */
  readonly bfd: ReadonlyMap<string, string>;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly bfd_status: ReadonlyMap<string, string>;
  /** Optional boolean. Forgotten when the server restarts. */
  readonly cfm_fault: boolean | null;
  /** Set of string. Forgotten when the server restarts. */
  readonly cfm_fault_status: readonly string[];
  /** Optional integer. */
  readonly cfm_flap_count: Integer | null;
  /** Optional integer 0 to 100. Forgotten when the server restarts. */
  readonly cfm_health: number | null;
  /** Optional integer. */
  readonly cfm_mpid: Integer | null;
  /** Set of integer. Forgotten when the server restarts. */
  readonly cfm_remote_mpids: readonly Integer[];
  /** Optional "up" | "down". Forgotten when the server restarts. */
  readonly cfm_remote_opstate: "up" | "down" | null;
  /** Optional "half" | "full". Forgotten when the server restarts. */
  readonly duplex: "half" | "full" | null;
  /** Optional string. */
  readonly error: string | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer 0 to 4294967295. Forgotten when the server restarts. */
  readonly ifindex: number | null;
  /** Integer of at least 0. */
  readonly ingress_policing_burst: Integer;
  /** Integer of at least 0. */
  readonly ingress_policing_kpkts_burst: Integer;
  /** Integer of at least 0. */
  readonly ingress_policing_kpkts_rate: Integer;
  /** Integer of at least 0. */
  readonly ingress_policing_rate: Integer;
  /** Optional boolean. Forgotten when the server restarts. */
  readonly lacp_current: boolean | null;
  /** Optional integer. Forgotten when the server restarts. */
  readonly link_resets: Integer | null;
  /** Optional integer. Forgotten when the server restarts. */
  readonly link_speed: Integer | null;
  /** Optional "up" | "down". Forgotten when the server restarts. */
  readonly link_state: "up" | "down" | null;
  /** Map of string to string. */
  readonly lldp: ReadonlyMap<string, string>;
  /** Optional string. */
  readonly mac: string | null;
  /** Optional string. Forgotten when the server restarts. */
  readonly mac_in_use: string | null;
  /** Optional integer. Forgotten when the server restarts. */
  readonly mtu: Integer | null;
  /** Optional integer of at least 1. */
  readonly mtu_request: Integer | null;
  /** String. Only an insert sets it. */
  readonly name: string;
  /** Optional integer. */
  readonly ofport: Integer | null;
  /** Optional integer 1 to 65279. */
  readonly ofport_request: number | null;
  /** Map of string to string. */
  readonly options: ReadonlyMap<string, string>;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Map of string to integer. Forgotten when the server restarts. */
  readonly statistics: ReadonlyMap<string, Integer>;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly status: ReadonlyMap<string, string>;
  /** String. */
  readonly type: string;
};

/** A row of table Manager. It lives as long as a strong reference to it does. No two rows have the same target. */
export type ManagerRow = {
  /** Optional "in-band" | "out-of-band". */
  readonly connection_mode: "in-band" | "out-of-band" | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer. */
  readonly inactivity_probe: Integer | null;
  /** Boolean. Forgotten when the server restarts. */
  readonly is_connected: boolean;
  /** Optional integer of at least 1000. */
  readonly max_backoff: Integer | null;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly status: ReadonlyMap<string, string>;
  /** String. */
  readonly target: string;
};

/** A row of table Mirror. It lives as long as a strong reference to it does. */
export type MirrorRow = {
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** String. */
  readonly name: string;
  /** Optional weak reference to Port. */
  readonly output_port: Uuid | null;
  /** Optional integer 1 to 4095. */
  readonly output_vlan: number | null;
  /** Boolean. */
  readonly select_all: boolean;
  /** Set of weak reference to Port. */
  readonly select_dst_port: readonly Uuid[];
  /** Set of weak reference to Port. */
  readonly select_src_port: readonly Uuid[];
  /** Set of integer 0 to 4095, 0 to 4096 members. */
  readonly select_vlan: readonly number[];
  /** Optional integer 14 to 65535. */
  readonly snaplen: number | null;
  /** Map of string to integer. Forgotten when the server restarts. */
  readonly statistics: ReadonlyMap<string, Integer>;
};

/** A row of table NetFlow. It lives as long as a strong reference to it does. */
export type NetFlowRow = {
  /** Integer of at least -1. */
  readonly active_timeout: Integer;
  /** Boolean. */
  readonly add_id_to_interface: boolean;
  /** Optional integer 0 to 255. */
  readonly engine_id: number | null;
  /** Optional integer 0 to 255. */
  readonly engine_type: number | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Set of string, at least 1 member. */
  readonly targets: readonly string[];
};

/** A row of table Open_vSwitch. There may be 1. */
export type Open_vSwitchRow = {
  /** Set of strong reference to Bridge. */
  readonly bridges: readonly Uuid[];
  /** Integer. */
  readonly cur_cfg: Integer;
  /** Set of string. */
  readonly datapath_types: readonly string[];
  /** Map of string to strong reference to Datapath. */
  readonly datapaths: ReadonlyMap<string, Uuid>;
  /** Optional string. */
  readonly db_version: string | null;
  /** Boolean. */
  readonly dpdk_initialized: boolean;
  /** Optional string. */
  readonly dpdk_version: string | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Set of string. */
  readonly iface_types: readonly string[];
  /** Set of strong reference to Manager. */
  readonly manager_options: readonly Uuid[];
  /** Integer. */
  readonly next_cfg: Integer;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Optional string. */
  readonly ovs_version: string | null;
  /** Optional strong reference to SSL. */
  readonly ssl: Uuid | null;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly statistics: ReadonlyMap<string, string>;
  /** Optional string. */
  readonly system_type: string | null;
  /** Optional string. */
  readonly system_version: string | null;
};

/** A row of table Port. It lives as long as a strong reference to it does. No two rows have the same name. */
export type PortRow = {
  /** Optional string. */
  readonly bond_active_slave: string | null;
  /** Integer. */
  readonly bond_downdelay: Integer;
  /** Boolean. */
  readonly bond_fake_iface: boolean;
  /** Optional "balance-tcp" | "balance-slb" | "active-backup". */
  readonly bond_mode: "balance-tcp" | "balance-slb" | "active-backup" | null;
  /** Integer. */
  readonly bond_updelay: Integer;
  /** Set of integer 0 to 4095, 0 to 4096 members. */
  readonly cvlans: readonly number[];
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Boolean. */
  readonly fake_bridge: boolean;
  /** Set of strong reference to Interface, at least 1 member. */
  readonly interfaces: readonly Uuid[];
  /** Optional "active" | "passive" | "off". */
  readonly lacp: "active" | "passive" | "off" | null;
  /** Optional string. */
  readonly mac: string | null;
  /** String. Only an insert sets it. */
  readonly name: string;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Boolean. */
  readonly protected: boolean;
  /** Optional strong reference to QoS. */
  readonly qos: Uuid | null;
  /** Map of string to integer. Forgotten when the server restarts. */
  readonly rstp_statistics: ReadonlyMap<string, Integer>;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly rstp_status: ReadonlyMap<string, string>;
  /** Map of string to integer. Forgotten when the server restarts. */
  readonly statistics: ReadonlyMap<string, Integer>;
  /** Map of string to string. Forgotten when the server restarts. */
  readonly status: ReadonlyMap<string, string>;
  /** Optional integer 0 to 4095. */
  readonly tag: number | null;
  /** Set of integer 0 to 4095, 0 to 4096 members. */
  readonly trunks: readonly number[];
  /** Optional "trunk" | "access" | "native-tagged" | "native-untagged" | "dot1q-tunnel". */
  readonly vlan_mode: "trunk" | "access" | "native-tagged" | "native-untagged" | "dot1q-tunnel" | null;
};

/** A row of table QoS. */
export type QoSRow = {
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
  /** Map of integer 0 to 4294967295 to strong reference to Queue. */
  readonly queues: ReadonlyMap<number, Uuid>;
  /** String. */
  readonly type: string;
};

/** A row of table Queue. */
export type QueueRow = {
  /** Optional integer 0 to 63. */
  readonly dscp: number | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Map of string to string. */
  readonly other_config: ReadonlyMap<string, string>;
};

/** A row of table SSL. It lives as long as a strong reference to it does. There may be 1. */
export type SSLRow = {
  /** Boolean. */
  readonly bootstrap_ca_cert: boolean;
  /** String. */
  readonly ca_cert: string;
  /** String. */
  readonly certificate: string;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** String. */
  readonly private_key: string;
};

/** A row of table sFlow. It lives as long as a strong reference to it does. */
export type sFlowRow = {
  /** Optional string. */
  readonly agent: string | null;
  /** Map of string to string. */
  readonly external_ids: ReadonlyMap<string, string>;
  /** Optional integer. */
  readonly header: Integer | null;
  /** Optional integer. */
  readonly polling: Integer | null;
  /** Optional integer. */
  readonly sampling: Integer | null;
  /** Set of string, at least 1 member. */
  readonly targets: readonly string[];
};

/** The tables of Open_vSwitch 8.3.1. */
export type OpenVSwitchDatabase = {
  readonly AutoAttach: AutoAttachRow;
  readonly Bridge: BridgeRow;
  readonly CT_Timeout_Policy: CT_Timeout_PolicyRow;
  readonly CT_Zone: CT_ZoneRow;
  readonly Controller: ControllerRow;
  readonly Datapath: DatapathRow;
  readonly Flow_Sample_Collector_Set: Flow_Sample_Collector_SetRow;
  readonly Flow_Table: Flow_TableRow;
  readonly IPFIX: IPFIXRow;
  readonly Interface: InterfaceRow;
  readonly Manager: ManagerRow;
  readonly Mirror: MirrorRow;
  readonly NetFlow: NetFlowRow;
  readonly Open_vSwitch: Open_vSwitchRow;
  readonly Port: PortRow;
  readonly QoS: QoSRow;
  readonly Queue: QueueRow;
  readonly SSL: SSLRow;
  readonly sFlow: sFlowRow;
};

/** The schema that these types were made from. */
export const openVSwitchSchema: ExpectedSchema<OpenVSwitchDatabase> = defineSchema<OpenVSwitchDatabase>({
  name: "Open_vSwitch",
  version: "8.3.1",
  tables: {
    AutoAttach: {
      columns: {
        mappings: {
          type: {
            key: { type: "integer", minInteger: 0, maxInteger: 16777215 },
            value: { type: "integer", minInteger: 0, maxInteger: 4095 },
            min: 0,
            max: "unlimited",
          },
        },
        system_description: { type: "string" },
        system_name: { type: "string" },
      },
    },
    Bridge: {
      columns: {
        auto_attach: { type: { key: { type: "uuid", refTable: "AutoAttach" }, min: 0 } },
        controller: { type: { key: { type: "uuid", refTable: "Controller" }, min: 0, max: "unlimited" } },
        datapath_id: { type: { key: "string", min: 0 }, ephemeral: true },
        datapath_type: { type: "string" },
        datapath_version: { type: "string" },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        fail_mode: { type: { key: { type: "string", enum: ["set", ["standalone", "secure"]] }, min: 0 } },
        flood_vlans: {
          type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 },
        },
        flow_tables: {
          type: {
            key: { type: "integer", minInteger: 0, maxInteger: 254 },
            value: { type: "uuid", refTable: "Flow_Table" },
            min: 0,
            max: "unlimited",
          },
        },
        ipfix: { type: { key: { type: "uuid", refTable: "IPFIX" }, min: 0 } },
        mcast_snooping_enable: { type: "boolean" },
        mirrors: { type: { key: { type: "uuid", refTable: "Mirror" }, min: 0, max: "unlimited" } },
        name: { type: "string", mutable: false },
        netflow: { type: { key: { type: "uuid", refTable: "NetFlow" }, min: 0 } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        ports: { type: { key: { type: "uuid", refTable: "Port" }, min: 0, max: "unlimited" } },
        protocols: {
          type: {
            key: {
              type: "string",
              enum: [
                "set",
                ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"],
              ],
            },
            min: 0,
            max: "unlimited",
          },
        },
        rstp_enable: { type: "boolean" },
        rstp_status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        sflow: { type: { key: { type: "uuid", refTable: "sFlow" }, min: 0 } },
        status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        stp_enable: { type: "boolean" },
      },
      indexes: [["name"]],
    },
    CT_Timeout_Policy: {
      columns: {
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        timeouts: {
          type: {
            key: {
              type: "string",
              enum: [
                "set",
                [
                  "tcp_syn_sent",
                  "tcp_syn_recv",
                  "tcp_established",
                  "tcp_fin_wait",
                  "tcp_close_wait",
                  "tcp_last_ack",
                  "tcp_time_wait",
                  "tcp_close",
                  "tcp_syn_sent2",
                  "tcp_retransmit",
                  "tcp_unack",
                  "udp_first",
                  "udp_single",
                  "udp_multiple",
                  "icmp_first",
                  "icmp_reply",
                ],
              ],
            },
            value: { type: "integer", minInteger: 0, maxInteger: 4294967295 },
            min: 0,
            max: "unlimited",
          },
        },
      },
    },
    CT_Zone: {
      columns: {
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        timeout_policy: { type: { key: { type: "uuid", refTable: "CT_Timeout_Policy" }, min: 0 } },
      },
    },
    Controller: {
      columns: {
        connection_mode: {
          type: { key: { type: "string", enum: ["set", ["in-band", "out-of-band"]] }, min: 0 },
        },
        controller_burst_limit: { type: { key: { type: "integer", minInteger: 25 }, min: 0 } },
        controller_queue_size: { type: { key: { type: "integer", minInteger: 1, maxInteger: 512 }, min: 0 } },
        controller_rate_limit: { type: { key: { type: "integer", minInteger: 100 }, min: 0 } },
        enable_async_messages: { type: { key: "boolean", min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        inactivity_probe: { type: { key: "integer", min: 0 } },
        is_connected: { type: "boolean", ephemeral: true },
        local_gateway: { type: { key: "string", min: 0 } },
        local_ip: { type: { key: "string", min: 0 } },
        local_netmask: { type: { key: "string", min: 0 } },
        max_backoff: { type: { key: { type: "integer", minInteger: 1000 }, min: 0 } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        role: {
          type: { key: { type: "string", enum: ["set", ["other", "master", "slave"]] }, min: 0 },
          ephemeral: true,
        },
        status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        target: { type: "string" },
        type: { type: { key: { type: "string", enum: ["set", ["primary", "service"]] }, min: 0 } },
      },
    },
    Datapath: {
      columns: {
        capabilities: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        ct_zones: {
          type: {
            key: { type: "integer", minInteger: 0, maxInteger: 65535 },
            value: { type: "uuid", refTable: "CT_Zone" },
            min: 0,
            max: "unlimited",
          },
        },
        datapath_version: { type: "string" },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
      },
    },
    Flow_Sample_Collector_Set: {
      columns: {
        bridge: { type: { key: { type: "uuid", refTable: "Bridge" } } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        id: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4294967295 } } },
        ipfix: { type: { key: { type: "uuid", refTable: "IPFIX" }, min: 0 } },
      },
      isRoot: true,
      indexes: [["id", "bridge"]],
    },
    Flow_Table: {
      columns: {
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        flow_limit: { type: { key: { type: "integer", minInteger: 0 }, min: 0 } },
        groups: { type: { key: "string", min: 0, max: "unlimited" } },
        name: { type: { key: "string", min: 0 } },
        overflow_policy: { type: { key: { type: "string", enum: ["set", ["refuse", "evict"]] }, min: 0 } },
        prefixes: { type: { key: "string", min: 0, max: 3 } },
      },
    },
    IPFIX: {
      columns: {
        cache_active_timeout: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4200 }, min: 0 } },
        cache_max_flows: {
          type: { key: { type: "integer", minInteger: 0, maxInteger: 4294967295 }, min: 0 },
        },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        obs_domain_id: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4294967295 }, min: 0 } },
        obs_point_id: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4294967295 }, min: 0 } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        sampling: { type: { key: { type: "integer", minInteger: 1, maxInteger: 4294967295 }, min: 0 } },
        targets: { type: { key: "string", min: 0, max: "unlimited" } },
      },
    },
    Interface: {
      columns: {
        admin_state: {
          type: { key: { type: "string", enum: ["set", ["up", "down"]] }, min: 0 },
          ephemeral: true,
        },
        bfd: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        bfd_status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        cfm_fault: { type: { key: "boolean", min: 0 }, ephemeral: true },
        cfm_fault_status: { type: { key: "string", min: 0, max: "unlimited" }, ephemeral: true },
        cfm_flap_count: { type: { key: "integer", min: 0 } },
        cfm_health: {
          type: { key: { type: "integer", minInteger: 0, maxInteger: 100 }, min: 0 },
          ephemeral: true,
        },
        cfm_mpid: { type: { key: "integer", min: 0 } },
        cfm_remote_mpids: { type: { key: "integer", min: 0, max: "unlimited" }, ephemeral: true },
        cfm_remote_opstate: {
          type: { key: { type: "string", enum: ["set", ["up", "down"]] }, min: 0 },
          ephemeral: true,
        },
        duplex: {
          type: { key: { type: "string", enum: ["set", ["half", "full"]] }, min: 0 },
          ephemeral: true,
        },
        error: { type: { key: "string", min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        ifindex: {
          type: { key: { type: "integer", minInteger: 0, maxInteger: 4294967295 }, min: 0 },
          ephemeral: true,
        },
        ingress_policing_burst: { type: { key: { type: "integer", minInteger: 0 } } },
        ingress_policing_kpkts_burst: { type: { key: { type: "integer", minInteger: 0 } } },
        ingress_policing_kpkts_rate: { type: { key: { type: "integer", minInteger: 0 } } },
        ingress_policing_rate: { type: { key: { type: "integer", minInteger: 0 } } },
        lacp_current: { type: { key: "boolean", min: 0 }, ephemeral: true },
        link_resets: { type: { key: "integer", min: 0 }, ephemeral: true },
        link_speed: { type: { key: "integer", min: 0 }, ephemeral: true },
        link_state: {
          type: { key: { type: "string", enum: ["set", ["up", "down"]] }, min: 0 },
          ephemeral: true,
        },
        lldp: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        mac: { type: { key: "string", min: 0 } },
        mac_in_use: { type: { key: "string", min: 0 }, ephemeral: true },
        mtu: { type: { key: "integer", min: 0 }, ephemeral: true },
        mtu_request: { type: { key: { type: "integer", minInteger: 1 }, min: 0 } },
        name: { type: "string", mutable: false },
        ofport: { type: { key: "integer", min: 0 } },
        ofport_request: { type: { key: { type: "integer", minInteger: 1, maxInteger: 65279 }, min: 0 } },
        options: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        statistics: { type: { key: "string", value: "integer", min: 0, max: "unlimited" }, ephemeral: true },
        status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        type: { type: "string" },
      },
      indexes: [["name"]],
    },
    Manager: {
      columns: {
        connection_mode: {
          type: { key: { type: "string", enum: ["set", ["in-band", "out-of-band"]] }, min: 0 },
        },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        inactivity_probe: { type: { key: "integer", min: 0 } },
        is_connected: { type: "boolean", ephemeral: true },
        max_backoff: { type: { key: { type: "integer", minInteger: 1000 }, min: 0 } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        target: { type: "string" },
      },
      indexes: [["target"]],
    },
    Mirror: {
      columns: {
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        name: { type: "string" },
        output_port: { type: { key: { type: "uuid", refTable: "Port", refType: "weak" }, min: 0 } },
        output_vlan: { type: { key: { type: "integer", minInteger: 1, maxInteger: 4095 }, min: 0 } },
        select_all: { type: "boolean" },
        select_dst_port: {
          type: { key: { type: "uuid", refTable: "Port", refType: "weak" }, min: 0, max: "unlimited" },
        },
        select_src_port: {
          type: { key: { type: "uuid", refTable: "Port", refType: "weak" }, min: 0, max: "unlimited" },
        },
        select_vlan: {
          type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 },
        },
        snaplen: { type: { key: { type: "integer", minInteger: 14, maxInteger: 65535 }, min: 0 } },
        statistics: { type: { key: "string", value: "integer", min: 0, max: "unlimited" }, ephemeral: true },
      },
    },
    NetFlow: {
      columns: {
        active_timeout: { type: { key: { type: "integer", minInteger: -1 } } },
        add_id_to_interface: { type: "boolean" },
        engine_id: { type: { key: { type: "integer", minInteger: 0, maxInteger: 255 }, min: 0 } },
        engine_type: { type: { key: { type: "integer", minInteger: 0, maxInteger: 255 }, min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        targets: { type: { key: "string", max: "unlimited" } },
      },
    },
    Open_vSwitch: {
      columns: {
        bridges: { type: { key: { type: "uuid", refTable: "Bridge" }, min: 0, max: "unlimited" } },
        cur_cfg: { type: "integer" },
        datapath_types: { type: { key: "string", min: 0, max: "unlimited" } },
        datapaths: {
          type: { key: "string", value: { type: "uuid", refTable: "Datapath" }, min: 0, max: "unlimited" },
        },
        db_version: { type: { key: "string", min: 0 } },
        dpdk_initialized: { type: "boolean" },
        dpdk_version: { type: { key: "string", min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        iface_types: { type: { key: "string", min: 0, max: "unlimited" } },
        manager_options: { type: { key: { type: "uuid", refTable: "Manager" }, min: 0, max: "unlimited" } },
        next_cfg: { type: "integer" },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        ovs_version: { type: { key: "string", min: 0 } },
        ssl: { type: { key: { type: "uuid", refTable: "SSL" }, min: 0 } },
        statistics: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        system_type: { type: { key: "string", min: 0 } },
        system_version: { type: { key: "string", min: 0 } },
      },
      isRoot: true,
      maxRows: 1,
    },
    Port: {
      columns: {
        bond_active_slave: { type: { key: "string", min: 0 } },
        bond_downdelay: { type: "integer" },
        bond_fake_iface: { type: "boolean" },
        bond_mode: {
          type: {
            key: { type: "string", enum: ["set", ["balance-tcp", "balance-slb", "active-backup"]] },
            min: 0,
          },
        },
        bond_updelay: { type: "integer" },
        cvlans: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        fake_bridge: { type: "boolean" },
        interfaces: { type: { key: { type: "uuid", refTable: "Interface" }, max: "unlimited" } },
        lacp: { type: { key: { type: "string", enum: ["set", ["active", "passive", "off"]] }, min: 0 } },
        mac: { type: { key: "string", min: 0 } },
        name: { type: "string", mutable: false },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        protected: { type: "boolean" },
        qos: { type: { key: { type: "uuid", refTable: "QoS" }, min: 0 } },
        rstp_statistics: {
          type: { key: "string", value: "integer", min: 0, max: "unlimited" },
          ephemeral: true,
        },
        rstp_status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        statistics: { type: { key: "string", value: "integer", min: 0, max: "unlimited" }, ephemeral: true },
        status: { type: { key: "string", value: "string", min: 0, max: "unlimited" }, ephemeral: true },
        tag: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0 } },
        trunks: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0, max: 4096 } },
        vlan_mode: {
          type: {
            key: {
              type: "string",
              enum: ["set", ["trunk", "access", "native-tagged", "native-untagged", "dot1q-tunnel"]],
            },
            min: 0,
          },
        },
      },
      indexes: [["name"]],
    },
    QoS: {
      columns: {
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        queues: {
          type: {
            key: { type: "integer", minInteger: 0, maxInteger: 4294967295 },
            value: { type: "uuid", refTable: "Queue" },
            min: 0,
            max: "unlimited",
          },
        },
        type: { type: "string" },
      },
      isRoot: true,
    },
    Queue: {
      columns: {
        dscp: { type: { key: { type: "integer", minInteger: 0, maxInteger: 63 }, min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        other_config: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
      },
      isRoot: true,
    },
    SSL: {
      columns: {
        bootstrap_ca_cert: { type: "boolean" },
        ca_cert: { type: "string" },
        certificate: { type: "string" },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        private_key: { type: "string" },
      },
      maxRows: 1,
    },
    sFlow: {
      columns: {
        agent: { type: { key: "string", min: 0 } },
        external_ids: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        header: { type: { key: "integer", min: 0 } },
        polling: { type: { key: "integer", min: 0 } },
        sampling: { type: { key: "integer", min: 0 } },
        targets: { type: { key: "string", max: "unlimited" } },
      },
    },
  },
});
