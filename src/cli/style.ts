import { styleText } from "node:util";

type Format = "bold" | "dim" | "red" | "green" | "yellow";

/** Gives a piece of text its looks, or leaves it as it is. */
export type Style = (format: Format, text: string) => string;

export const plain: Style = (_format, text) => text;

// Whether the terminal takes colours was decided before: Node's own check is about this process's stdout alone.
export const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });

/** Control and format characters: from a terminal's view, commands. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text from the switch as it may stand on a terminal, on one line: anybody who may write to the switch chooses names
 * and errors, and must not command the terminal of who reads them.
 */
export const printable = (text: string): string =>
  text.replaceAll(
    unprintable,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
