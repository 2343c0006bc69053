import * as v from "valibot";

/** The owner of a connection that names none. */
export const defaultOwner = "vswitch-drivers";

/** An owner: 1 to 32 letters, digits, dots, underscores and hyphens, so that it fits every switch's marks. */
export const ownerSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9._-]{1,32}$/u, "1 to 32 letters, digits, dots, underscores or hyphens"),
);
