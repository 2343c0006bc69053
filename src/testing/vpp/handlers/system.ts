import { textAt } from "../values.js";
import { retvals, type Handlers } from "./handler.js";

/** `vpe.api`, `memclnt.api` and `vlib.api`. */
export const system: Handlers = {
  calls: {
    control_ping: (_request, vpp) => ({ vpe_pid: vpp.options.pid }),
    show_version: (_request, vpp) => ({
      program: "vpe",
      version: vpp.options.version,
      build_date: "2026-01-01T00:00:00",
      build_directory: "",
    }),
    cli_inband: (request, vpp) => {
      const command = textAt(request, "cmd").trim();
      if (command === "show version") return { reply: `vpp v${vpp.options.version} (simulated)\n` };
      return { retval: retvals.unspecified, reply: `unknown input \`${command}'\n` };
    },
    get_f64_endian_value: () => ({ f64_one_result: 1 }),
  },
};
