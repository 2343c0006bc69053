import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { code, CniError } from "../errors.js";

/*
 * The official client library, an optional dependency that is loaded when a pod is to be annotated and not before: it
 * takes a good half second and 100 MB. The plugin is one file that is copied to where the runtime has its plugins, so
 * the library is looked for beside it, and where `npm install --global` puts things.
 */

export const libraryName = "@kubernetes/client-node";

/** What is used of it: where the API server is, and who we are to it. */
export interface KubeConfig {
  loadFromFile(file: string): void;
  /** `prefix`: of the paths of the service account's files. */
  loadFromCluster(prefix?: string): void;
  getCurrentCluster(): { readonly server: string } | null;
  /** Fills in certificates, tokens and proxy. */
  applyToHTTPSOptions(options: object): Promise<void>;
}

export interface Library {
  readonly KubeConfig: new () => KubeConfig;
}

const isLibrary = (value: unknown): value is Library =>
  typeof value === "object" &&
  value !== null &&
  "KubeConfig" in value &&
  typeof value.KubeConfig === "function";

function realDirectory(file: string): string | undefined {
  try {
    return dirname(realpathSync(file));
  } catch {
    return undefined;
  }
}

/** Where it is looked for: above the program that runs, above Node.js, and among the global packages. */
const usualPlaces = (): readonly string[] =>
  [
    realDirectory(process.argv[1] ?? process.execPath),
    realDirectory(process.execPath),
    join(dirname(process.execPath), "../lib"),
    "/usr/local/lib",
    "/usr/lib",
  ].filter((place) => place !== undefined);

const missing = (): CniError =>
  new CniError({
    code: code.invalidConfig,
    message: `the network configuration asks for annotations of the pod, which need ${libraryName}: npm install --global ${libraryName} on this host, or leave kubeconfig and podAnnotations out`,
  });

/** Loads it. Throws a {@link CniError} of code 7 that says what to install. */
export function loadLibrary(places: readonly string[] = usualPlaces()): Library {
  for (const place of places) {
    const load = createRequire(join(place, "any.js"));
    let file: string;
    try {
      file = load.resolve(libraryName);
    } catch {
      continue;
    }
    try {
      const library: unknown = load(file);
      if (isLibrary(library)) return library;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CniError({
        code: code.invalidConfig,
        message: `${libraryName} in ${file} cannot be loaded by Node.js ${process.versions.node}: ${why}; install a version of it that supports this Node.js`,
        cause,
      });
    }
  }
  throw missing();
}
