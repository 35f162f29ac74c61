/** JSON that somebody else wrote. */

/** The value of a text, or undefined if it is no JSON, which a schema then refuses like any other wrong value. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
