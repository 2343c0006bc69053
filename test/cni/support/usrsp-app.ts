import { main } from "../../../src/cli/usrsp-app/main.js";
import { connect } from "../../../src/index.js";
import { Sink, type Ran } from "../../support/run-cli.js";

/** `usrsp-app ARGV...` in this process, to its end. */
export async function runUsrspApp(...argv: readonly string[]): Promise<Ran> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const signal = AbortSignal.timeout(60_000);
  const code = await main(argv, { stdout, stderr, env: {}, signal, connect });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
