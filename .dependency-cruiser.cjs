/*
 * The arrows of the house: dependencies point down only.
 *   cni, container, service, cli -> index -> {ovs, vpp/driver} -> {ovsdb, vpp/api} -> {jsonrpc, net}
 * cni and container share handover. Everyone may use core; core uses nothing of ours.
 */
const folder = (...names) => `^src/(${names.join("|")})(/|\\.ts$)`;

const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: `${name}: may import only ${allowed.join(", ") || "nothing of ours"} (besides itself)`,
  from: { path: folder(from) },
  to: { path: "^src/", pathNot: folder(from, ...allowed) },
});

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-dev-dependencies-in-src",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], pathNot: "node_modules/@types/" },
    },
    {
      name: "protocols-know-no-vswitch",
      severity: "error",
      comment: "net, jsonrpc, ovsdb and vpp/{api,schema,codegen,wire} are worth using alone",
      from: {
        path: folder(
          "net",
          "jsonrpc",
          "ovsdb",
          "vpp/api",
          "vpp/schema",
          "vpp/codegen",
          "vpp/wire",
          "vpp/stats",
        ),
      },
      to: { path: "^src/core/(vswitch|specs|ownership|plan)" },
    },
    only("core", "core", []),
    only("net", "net", ["core"]),
    only("jsonrpc", "jsonrpc", ["net", "core"]),
    only("ovsdb", "ovsdb", ["jsonrpc", "net", "core"]),
    only("ovs", "ovs", ["ovsdb", "jsonrpc", "net", "core"]),
    only("vpp/wire", "vpp/wire", ["core"]),
    only("vpp/schema", "vpp/schema", ["vpp/wire", "core"]),
    only("vpp/codegen", "vpp/codegen", ["vpp/schema", "vpp/wire", "core"]),
    only("vpp/bindings", "vpp/bindings", ["vpp/wire", "core"]),
    only("vpp/api", "vpp/api", ["vpp/schema", "vpp/wire", "net", "core"]),
    only("vpp/stats", "vpp/stats", ["core"]),
    only("vpp/driver", "vpp/driver", [
      "vpp/api",
      "vpp/stats",
      "vpp/bindings",
      "vpp/schema",
      "vpp/wire",
      "net",
      "core",
    ]),
    only("index", "index", ["connect", "core", "net"]),
    only("connect", "connect", ["ovs", "vpp/driver", "testing", "net", "core"]),
    only("handover", "handover", ["core"]),
    only("cni", "cni", ["index", "handover", "core"]),
    only("container", "container", ["index", "handover", "core"]),
    only("service", "service", ["index", "core"]),
    only("cli", "cli", [
      "index",
      "core",
      "testing",
      "ovs",
      "ovsdb",
      "net",
      "vpp",
      "service",
      "cni",
      "container",
    ]),
    only("testing", "testing", ["core", "jsonrpc", "net", "ovsdb", "vpp"]),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
