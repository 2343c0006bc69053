/** An API server of Kubernetes as far as pods are concerned: GET and merge PATCH, over TLS, with tokens and conflicts. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates, type Certificates } from "../../support/openvswitch/tls.js";

type Json = Record<string, unknown>;

export interface StoredPod {
  readonly uid: string;
  annotations: Record<string, string> | undefined;
  readonly spec: Json;
  resourceVersion: number;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
}

/** What becomes of a request: a status to answer, `hang` for no answer, or undefined for the usual. */
export type Intercept = (asked: Asked, server: ApiServerDouble) => number | "hang" | undefined;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) if (Buffer.isBuffer(piece)) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  return text === "" ? undefined : JSON.parse(text);
}

export class ApiServerDouble implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), "api-server-"));
  readonly pods = new Map<string, StoredPod>();
  readonly asked: Asked[] = [];
  readonly tokens = new Set(["secret-1"]);
  intercept: Intercept | undefined;
  #server: Server | undefined;
  #certificates: Certificates | undefined;

  static async start(): Promise<ApiServerDouble> {
    const double = new ApiServerDouble();
    const certificates = await makeCertificates(double.dir);
    const server = createServer(
      { key: readFileSync(certificates.server.key), cert: readFileSync(certificates.server.certificate) },
      (request, response) => void double.#serve(request, response),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    double.#server = server;
    double.#certificates = certificates;
    return double;
  }

  get port(): number {
    const address = this.#server?.address();
    if (typeof address !== "object" || address === null) throw new Error("it does not listen");
    return address.port;
  }

  get authority(): string {
    if (this.#certificates === undefined) throw new Error("it was not started");
    return this.#certificates.authority;
  }

  /** Writes a kubeconfig; JSON is YAML. */
  kubeconfig({ authority = this.authority, token = "secret-1", name = "kubeconfig" } = {}): string {
    const file = join(this.dir, name);
    const server = `https://127.0.0.1:${this.port}`;
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server, "certificate-authority": authority } }],
      users: [{ name: "u", user: { token } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  addPod(name: string, { uid = `uid-of-${name}`, annotations, spec }: Partial<StoredPod> = {}): StoredPod {
    const pod = { uid, annotations, spec: spec ?? { containers: [{ name: "main" }] }, resourceVersion: 1 };
    this.pods.set(`default/${name}`, pod);
    return pod;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const token = /^Bearer (.*)$/u.exec(request.headers.authorization ?? "")?.[1];
    const asked = { method, path: url, token };
    this.asked.push(asked);
    const body = await bodyOf(request);
    const chosen = this.intercept?.(asked, this);
    if (chosen === "hang") return;
    const [status, answer] =
      chosen === undefined ? this.#answer(asked, request, body) : [chosen, { message: "as told" }];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  }

  #answer({ method, path, token }: Asked, request: IncomingMessage, body: unknown): [number, unknown] {
    if (token === undefined || !this.tokens.has(token)) return [401, { message: "Unauthorized" }];
    const found = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/u.exec(path);
    const pod = this.pods.get(`${found?.[1]}/${found?.[2]}`);
    if (pod === undefined) return [404, { message: `pods ${found?.[2]} not found` }];
    if (method === "PATCH") {
      if (request.headers["content-type"] !== "application/merge-patch+json") return [415, {}];
      const refused = this.#patch(pod, body);
      if (refused !== undefined) return refused;
    }
    const metadata = {
      name: found?.[2],
      uid: pod.uid,
      resourceVersion: String(pod.resourceVersion),
      ...(pod.annotations !== undefined && { annotations: pod.annotations }),
    };
    return [200, { apiVersion: "v1", kind: "Pod", metadata, spec: pod.spec }];
  }

  #patch(pod: StoredPod, body: unknown): [number, unknown] | undefined {
    const metadata = isObject(body) && isObject(body["metadata"]) ? body["metadata"] : {};
    const { uid, resourceVersion, annotations } = metadata;
    if (uid !== undefined && uid !== pod.uid) return [409, { message: "Precondition failed: UID" }];
    if (resourceVersion !== undefined && resourceVersion !== String(pod.resourceVersion))
      return [
        409,
        { message: "the object has been modified; please apply your changes to the latest version" },
      ];
    const next = { ...pod.annotations };
    for (const [key, value] of Object.entries(isObject(annotations) ? annotations : {})) {
      if (typeof value === "string") next[key] = value;
      else delete next[key];
    }
    pod.annotations = next;
    pod.resourceVersion += 1;
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
