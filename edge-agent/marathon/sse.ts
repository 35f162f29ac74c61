/** Reads server-sent events out of pieces of text, wherever these are cut. Pure. */

export interface ServerEvent {
  readonly type: string;
  readonly data: string;
}

/** An event longer than this is none of Marathon's. */
const EVENT_CHARS_MAX = 16 * 1024 * 1024;

export interface ServerEventReader {
  /** Events that are whole with this piece. Throws if one grows beyond all reason. */
  push(piece: string): readonly ServerEvent[];
}

export function serverEventReader(): ServerEventReader {
  let rest = '';
  let type = '';
  let data: string[] = [];
  const line = (text: string): readonly ServerEvent[] => {
    if (text === '') {
      const event = { type: type === '' ? 'message' : type, data: data.join('\n') };
      const isEmpty = data.length === 0;
      type = '';
      data = [];
      return isEmpty ? [] : [event];
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? [];
    if (name === 'event') type = value;
    if (name === 'data') data.push(value);
    return [];
  };
  return {
    push: (piece) => {
      rest += piece;
      if (rest.length > EVENT_CHARS_MAX) throw new Error('an event is longer than we take');
      // A carriage return at the end may be the first half of a line's end.
      const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest;
      const lines = whole.split(/\r\n|\n|\r/);
      const last = lines.pop() ?? '';
      rest = last + rest.slice(whole.length);
      return lines.flatMap(line);
    },
  };
}
