/** JSON that came from elsewhere: what can't be read is nothing, which no schema takes. */

/** Undefined if the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
