/** YAML that people wrote: what can't be read is nothing, which no schema takes. */
import { parse } from 'yaml';

/** Undefined if the text is no YAML. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
