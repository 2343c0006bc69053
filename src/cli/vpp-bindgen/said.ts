/** What a command that went well has to say: for `stdout` and for `stderr`, and whether its answer is "no". */
export interface Said {
  readonly out: readonly string[];
  readonly notes: readonly string[];
  readonly failed: boolean;
}
