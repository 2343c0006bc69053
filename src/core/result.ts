/**
 * The result type of the whole library. The only place that names the package, so that everything else is free
 * of the choice.
 */
export { Err, Ok, type Result } from "ts-results-es";
