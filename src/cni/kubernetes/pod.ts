import { posix } from "node:path";
import * as v from "valibot";
import { validate } from "../../core/validate.js";
import { code, CniError } from "../errors.js";

const names = v.looseObject({ name: v.string() });

const podSchema = v.looseObject({
  metadata: v.looseObject({
    uid: v.string(),
    resourceVersion: v.string(),
    annotations: v.optional(v.nullable(v.record(v.string(), v.string()))),
  }),
  spec: v.looseObject({
    volumes: v.optional(
      v.nullable(
        v.array(
          v.looseObject({
            ...names.entries,
            hostPath: v.optional(v.nullable(v.looseObject({ path: v.string() }))),
          }),
        ),
      ),
    ),
    containers: v.array(
      v.looseObject({
        volumeMounts: v.optional(
          v.nullable(
            v.array(
              v.looseObject({
                ...names.entries,
                mountPath: v.string(),
                subPath: v.optional(v.string()),
                subPathExpr: v.optional(v.string()),
              }),
            ),
          ),
        ),
      }),
    ),
  }),
});

/** What is read of a pod. */
export type Pod = v.InferOutput<typeof podSchema>;

/** Checks what the API server gave. Throws a {@link CniError} of code 100. */
export function readPod(path: string, document: unknown): Pod {
  const read = validate("readPod", path, podSchema, document);
  if (read.isOk()) return read.value;
  throw new CniError({
    code: code.refused,
    message: `the API server gave no pod: ${read.error.message}`,
    cause: read.error,
  });
}

export const annotationsOf = ({ metadata }: Pod): Readonly<Record<string, string>> =>
  metadata.annotations ?? {};

/**
 * Whether it is the pod that the runtime means, and not another one of the same name. A static pod's uid is in the
 * annotation of its mirror, which the API server has in its place.
 */
export function isPod(pod: Pod, uid: string | undefined): boolean {
  if (uid === undefined || pod.metadata.uid === uid) return true;
  return annotationsOf(pod)["kubernetes.io/config.mirror"] === uid;
}

const isInside = (directory: string, path: string): boolean =>
  path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);

/** Where the containers of the pod have a directory of the host, by their mounts; undefined: none mounts it. */
export function mountedAt({ spec }: Pod, directory: string): string | undefined {
  const volumes = (spec.volumes ?? []).flatMap(({ name, hostPath }) => {
    const path = hostPath === undefined || hostPath === null ? "" : posix.resolve("/", hostPath.path);
    return path !== "" && isInside(path, directory) ? [{ name, path }] : [];
  });
  const nearest = volumes.toSorted((a, b) => b.path.length - a.path.length);
  const mounts = spec.containers
    .flatMap(({ volumeMounts }) => volumeMounts ?? [])
    .filter(({ subPath = "", subPathExpr = "" }) => subPath === "" && subPathExpr === "");
  for (const volume of nearest) {
    const mount = mounts.find(({ name }) => name === volume.name);
    if (mount !== undefined) return posix.join(mount.mountPath, posix.relative(volume.path, directory));
  }
  return undefined;
}
