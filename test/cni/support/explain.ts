import { main } from "../../../src/cni/main.js";
import { documentOf, type Outcome } from "./lab.js";

/** What the plugin says that an ADD with a configuration would do. */
export async function explain(conf: unknown): Promise<Pick<Outcome, "exitCode" | "document">> {
  const { exitCode, stdout } = await main({
    args: ["explain"],
    env: {},
    stdin: () => JSON.stringify(conf),
    stderr: () => undefined,
    signal: new AbortController().signal,
  });
  return { exitCode, document: documentOf(stdout) };
}
