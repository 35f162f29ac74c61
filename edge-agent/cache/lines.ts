/** Lines of a stream as they come: the whole ones of each chunk at once, so that what arrived together is handled together. */
import type { IncomingMessage } from 'node:http';

/** One object takes at most 1.5 MiB in etcd; JSON is longer than what is stored. */
const LINE_LENGTH_MAX = 32 * 1024 * 1024;

export async function* lineBatches(answer: IncomingMessage): AsyncGenerator<readonly string[]> {
  answer.setEncoding('utf8');
  let rest: string[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const text = String(chunk);
    const end = text.lastIndexOf('\n');
    if (end === -1) {
      rest.push(text);
      length += text.length;
      if (length > LINE_LENGTH_MAX) throw new Error('a line of the watch is too long');
      continue;
    }
    const whole = rest.join('') + text.slice(0, end);
    rest = [text.slice(end + 1)];
    length = text.length - end - 1;
    yield whole.split('\n').filter((line) => line !== '');
  }
}
