const strings = { key: "string", value: "string", min: 0, max: "unlimited" } as const;
const setOf = (refTable: string, refType: "strong" | "weak" = "strong") =>
  ({ key: { type: "uuid", refTable, refType }, min: 0, max: "unlimited" }) as const;

/**
 * A Northbound database of a few tables, for machines without OVN: the columns that the guide uses, as ovn-nb(5)
 * describes them.
 */
export const northbound = {
  name: "OVN_Northbound",
  version: "0.0.1",
  tables: {
    NB_Global: {
      isRoot: true,
      maxRows: 1,
      columns: {
        nb_cfg: { type: "integer" },
        sb_cfg: { type: "integer" },
        hv_cfg: { type: "integer" },
        external_ids: { type: strings },
      },
    },
    Logical_Switch: {
      isRoot: true,
      columns: {
        name: { type: "string" },
        ports: { type: setOf("Logical_Switch_Port") },
        acls: { type: setOf("ACL") },
        other_config: { type: strings },
        external_ids: { type: strings },
      },
    },
    Logical_Switch_Port: {
      indexes: [["name"]],
      columns: {
        name: { type: "string" },
        type: { type: "string" },
        addresses: { type: { key: "string", min: 0, max: "unlimited" } },
        tag: { type: { key: { type: "integer", minInteger: 1, maxInteger: 4095 }, min: 0 } },
        up: { type: { key: "boolean", min: 0 } },
        enabled: { type: { key: "boolean", min: 0 } },
        external_ids: { type: strings },
      },
    },
    ACL: {
      columns: {
        priority: { type: { key: { type: "integer", minInteger: 0, maxInteger: 32_767 } } },
        direction: { type: { key: { type: "string", enum: ["set", ["from-lport", "to-lport"]] } } },
        match: { type: "string" },
        action: {
          type: { key: { type: "string", enum: ["set", ["allow", "allow-related", "drop", "reject"]] } },
        },
        external_ids: { type: strings },
      },
    },
  },
} as const;
