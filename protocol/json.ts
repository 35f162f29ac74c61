/** JSON that came from elsewhere: what can't be read is nothing, which no schema takes. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`; what closes them is two further. */
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** Undefined if the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether lists and objects of the text lie in one another more than so many times, as far as it is JSON. Goes through it once, and calls nothing. */
export function isDeeperThan(text: string, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (inString && character === BACKSLASH) at += 1;
    else if (character === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (character === BRACKET || character === BRACE) depth += 1;
    else if (character === BRACKET + 2 || character === BRACE + 2) depth -= 1;
    if (depth > levels) return true;
  }
  return false;
}
