/** Where the JSON object that begins at `start` ends; -1: it has not come whole. Looks at nothing but brackets and strings. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) depth++;
    else if ((c === 125 || c === 93) && --depth === 0) return i + 1;
  }
  return -1;
}

/** Splits what comes over a connection into JSON texts. For a peer that is trusted and for short texts. */
export class JsonTexts {
  #rest = "";

  /** The texts that `chunk` completes. */
  push(chunk: string): readonly string[] {
    const text = this.#rest + chunk;
    const texts: string[] = [];
    let start = 0;
    for (let end = endOfObject(text, 0); end !== -1; end = endOfObject(text, start)) {
      texts.push(text.slice(start, end));
      start = end;
    }
    this.#rest = text.slice(start);
    return texts;
  }
}
