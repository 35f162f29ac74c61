/** YAML that people wrote: what can't be read is refused with the place and the reason. */
import { parse, YAMLParseError } from 'yaml';
import { Fault } from './fault.ts';

export function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    // The rest of it draws the line with an arrow below.
    const [reason = ''] = cause.message.split('\n');
    throw new Fault('usage', `This is no YAML, so nothing was changed: ${reason.replace(/:$/, '')}.`, {
      cause,
    });
  }
}
