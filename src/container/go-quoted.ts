/** What Go's strconv.Quote writes and a person may write by hand: a text in double quotes, with Go's escapes. */
const simple: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

const escape = /\\(?:([abfnrtv\\"])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.?))/gu;

/** Bytes that Go wrote one by one, because they were no UTF-8; each stands for itself here. */
function codePoint(digits: string, base: number): string | undefined {
  const value = Number.parseInt(digits, base);
  return value <= 0x10_ffff ? String.fromCodePoint(value) : undefined;
}

/** The text that `quoted` stands for; `undefined`: it is not in double quotes, or has an escape that Go does not know. */
export function unquote(quoted: string): string | undefined {
  if (quoted.length < 2 || !quoted.startsWith('"') || !quoted.endsWith('"')) return undefined;
  let good = true;
  const text = quoted
    .slice(1, -1)
    .replaceAll(
      escape,
      (_all, letter?: string, x?: string, u?: string, U?: string, octal?: string): string => {
        const hex = x ?? u ?? U;
        const meant =
          letter !== undefined
            ? simple[letter]
            : hex !== undefined
              ? codePoint(hex, 16)
              : octal === undefined
                ? undefined
                : codePoint(octal, 8);
        good &&= meant !== undefined;
        return meant ?? "";
      },
    );
  return good ? text : undefined;
}
