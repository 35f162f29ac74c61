/** Asks a URL again and again from a host, as a client does that tries the next address when one does not answer, and says what came of it. */
import { randomUUID } from 'node:crypto';
import type { Host } from '../../local/lab-host.ts';

export interface PulseResult {
  readonly asked: number;
  readonly failed: number;
  /** Between two answers, milliseconds. */
  readonly gapMs: number;
  /** curl's exit code, or the status, of each kind of failure. */
  readonly why: readonly string[];
}

export interface Pulse {
  stop(): Promise<PulseResult>;
}

/** Of all addresses together. */
const CONNECT_SECONDS = '6';
const ANSWER_SECONDS = '12';
const PAUSE_SECONDS = '0.1';

/** `words` are curl's, the URL among them. */
export async function startPulse(host: Host, words: readonly string[]): Promise<Pulse> {
  const place = `/run/pulse-${randomUUID()}`;
  const script = `while [ ! -e ${place}.end ]; do code=$(curl -s -o /dev/null -w '%{http_code}' --connect-timeout ${CONNECT_SECONDS} --max-time ${ANSWER_SECONDS} "$@"); exit=$?; echo "$(date +%s%3N) $exit $code" >> ${place}; sleep ${PAUSE_SECONDS}; done`;
  const running = host.spawn(['sh', '-c', script, 'sh', ...words]);
  return {
    stop: async () => {
      await host.write(`${place}.end`, '');
      await running.exited;
      return resultOf(await host.read(place));
    },
  };
}

function resultOf(text: string): PulseResult {
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
  const isGood = ([, , status]: readonly string[]) => status === '200';
  const good = rows.filter(isGood).map(([at]) => Number(at));
  const gaps = good.slice(1).map((at, index) => at - (good[index] ?? at));
  const bad = rows.filter((row) => !isGood(row));
  return {
    asked: rows.length,
    failed: bad.length,
    gapMs: Math.max(0, ...gaps),
    why: [...new Set(bad.map(([, exit, status]) => `exit ${exit} status ${status}`))],
  };
}
