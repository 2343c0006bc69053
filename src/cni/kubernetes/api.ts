import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { code, CniError, fromIo } from "../errors.js";
import { loadLibrary, type KubeConfig } from "./library.js";

/** How the API server is reached: by a kubeconfig file, or by the service account of the pod that we run in. */
export interface Access {
  /** `undefined`: the service account. */
  readonly kubeconfig: string | undefined;
  /** Of the whole of what is asked for. */
  readonly signal: AbortSignal;
  /** Default: the root. Of the service account's files, for tests. */
  readonly serviceAccountRoot?: string | undefined;
}

/** What the server answered. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** What to tell of it when it is a failure. */
  readonly message: string;
}

/** More than any object in etcd. */
const longestReply = 8 * 1024 * 1024;

const invalid = (message: string, cause?: unknown): CniError =>
  new CniError({ code: code.invalidConfig, message, cause });

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Read anew for each command: tokens and certificates are changed while nodes run. */
function configOf({ kubeconfig, serviceAccountRoot }: Access): KubeConfig {
  const { KubeConfig } = loadLibrary();
  const config = new KubeConfig();
  if (kubeconfig === undefined) {
    if ((process.env["KUBERNETES_SERVICE_HOST"] ?? "") === "")
      throw invalid(
        "podAnnotations is true, and this is no pod with a service account (KUBERNETES_SERVICE_HOST is not set): set kubeconfig to the path of a kubeconfig file",
      );
    config.loadFromCluster(serviceAccountRoot);
    return config;
  }
  try {
    readFileSync(kubeconfig);
  } catch (error) {
    throw fromIo(`read kubeconfig ${kubeconfig}`, error);
  }
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw invalid(`kubeconfig ${kubeconfig} cannot be read as one: ${reason(error)}`, error);
  }
  return config;
}

function serverOf(config: KubeConfig, { kubeconfig = "the service account" }: Access): URL {
  const server = config.getCurrentCluster()?.server ?? "";
  if (URL.canParse(server)) return new URL(server);
  throw invalid(
    server === ""
      ? `kubeconfig ${kubeconfig} has no current context with a cluster: set current-context in it`
      : `kubeconfig ${kubeconfig} has server ${JSON.stringify(server)}: expected a URL such as https://10.0.0.1:6443`,
  );
}

/** The whole of a reply, unless it is too long. */
async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > longestReply) throw new Error(`it answers more than ${longestReply} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

const isStatus = (value: unknown): value is { readonly message: string } =>
  typeof value === "object" && value !== null && "message" in value && typeof value.message === "string";

function replyOf(status: number, text: string): Reply {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const said = isStatus(body) ? body.message : text.slice(0, 200);
  return { status, body, message: `${status} ${said}`.trim() };
}

export class ApiServer {
  readonly #access: Access;
  #config: KubeConfig;
  readonly #server: URL;

  /** Throws a {@link CniError} of code 5 or 7: the library or the credentials are not there. */
  constructor(access: Access) {
    this.#access = access;
    this.#config = configOf(access);
    this.#server = serverOf(this.#config, access);
  }

  /** Where it is, for messages. */
  get address(): string {
    return this.#server.origin;
  }

  /** Asks once. Throws a {@link CniError} of code 11 when no answer comes, of code 7 when there is no way to ask. */
  async ask(method: "GET" | "PATCH", path: string, body?: unknown): Promise<Reply> {
    const reply = await this.#ask(method, path, body);
    if (reply.status !== 401) return reply;
    // The token may have been changed since it was read.
    this.#config = configOf(this.#access);
    return await this.#ask(method, path, body);
  }

  async #ask(method: "GET" | "PATCH", path: string, body: unknown): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: "application/json",
      ...(text !== undefined && {
        "content-type": "application/merge-patch+json",
        "content-length": Buffer.byteLength(text),
      }),
    };
    const options: RequestOptions = { method, headers, signal: this.#access.signal };
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw invalid(`the credentials for ${this.address} cannot be used: ${reason(error)}`, error);
    }
    try {
      return await this.#send(path, options, text);
    } catch (error) {
      const { aborted } = this.#access.signal;
      const why = aborted ? reason(this.#access.signal.reason) : reason(error);
      throw new CniError({
        code: code.tryAgain,
        message: `the API server of Kubernetes at ${this.address} does not answer ${method} ${path}: ${why}; see whether it runs and the kubeconfig is its`,
        cause: error,
      });
    }
  }

  #send(path: string, options: RequestOptions, text: string | undefined): Promise<Reply> {
    const url = new URL(this.#server);
    url.pathname = url.pathname.replace(/\/$/u, "") + path;
    const request = url.protocol === "http:" ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (response) => {
        textOf(response).then((answer) => resolve(replyOf(response.statusCode ?? 0, answer)), reject);
      });
      sent.once("error", reject);
      sent.end(text);
    });
  }
}
