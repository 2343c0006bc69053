/** The CNI plugin as methods of the service: each runs as the one-shot program does, on the service's connections. */
import * as v from "valibot";
import { once } from "../core/once.js";
import { validate } from "../core/validate.js";
import { Ok } from "../index.js";
import type { Connect, Method } from "../service/index.js";

const commands = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;

const plugin = once(() => import("../cni/main.js"));

const paramsSchema = v.strictObject({
  /** What the runtime set: `CNI_*`, `PATH` and whatever else. */
  env: v.record(v.string(), v.string()),
  /** The network configuration, as text. */
  stdin: v.string(),
});

/** `cni.add` to `cni.version`: give `exitCode`, `stdout` and `stderr`, which is what the program would have left. */
export function cniMethods(connect: Connect): ReadonlyMap<string, Method> {
  const method =
    (command: string, operation: string): Method =>
    async (params, { signal }) => {
      const valid = validate(operation, "params", paramsSchema, params);
      if (valid.isErr()) return valid;
      const { env, stdin } = valid.value;
      const { main } = await plugin();
      const stderr: string[] = [];
      const answer = await main({
        args: [],
        env: { ...env, CNI_COMMAND: command },
        stdin: () => stdin,
        stderr: (line) => void stderr.push(`${line}\n`),
        signal,
        connect,
      });
      return Ok({ ...answer, stderr: stderr.join("") });
    };
  return new Map(
    commands.map((command) => {
      const name = `cni.${command.toLowerCase()}`;
      return [name, method(command, name)];
    }),
  );
}
