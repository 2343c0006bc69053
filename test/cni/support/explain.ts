import { main, type Answer } from "../../../src/cni/main.js";

/** What the plugin says that an ADD with a configuration would do. */
export const explain = (conf: unknown): Promise<Answer> =>
  main({
    args: ["explain"],
    env: {},
    stdin: () => JSON.stringify(conf),
    stderr: () => undefined,
    signal: new AbortController().signal,
  });
