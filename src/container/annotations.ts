/**
 * The annotations of a pod as its containers see them: the file that Kubernetes' downward API writes for
 * `fieldRef: metadata.annotations`. One line an annotation, `key="value"` with the value quoted as Go does
 * (`FormatMap` in pkg/fieldpath of Kubernetes).
 */
import { InvalidError, Err, Ok, type Result } from "../index.js";
import { unquote } from "./go-quoted.js";

/** Where pods usually mount it. */
export const defaultAnnotationsFile = "/etc/podinfo/annotations";

const operation = "readAnnotations";

/** Reads the content of such a file. Errors: `invalid`, with the number of the line. */
export function parseAnnotations(
  source: string,
  content: string,
): Result<ReadonlyMap<string, string>, InvalidError> {
  const annotations = new Map<string, string>();
  for (const [index, line] of content.split("\n").entries()) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    const value = at < 1 ? undefined : unquote(line.slice(at + 1).trimEnd());
    if (value === undefined) {
      const path = `line ${index + 1}`;
      const expected = 'key="value", with the value quoted as the downward API does';
      const message = `${operation}: ${source}: ${path} is no annotation; expected ${expected}`;
      return Err(new InvalidError({ operation, path, expected, got: "another text", message }));
    }
    annotations.set(line.slice(0, at), value);
  }
  return Ok(annotations);
}
