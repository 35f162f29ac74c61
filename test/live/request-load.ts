/**
 * HTTP requests from inside a host, at a steady rate, until it is told to end; every other one on a connection of its own. Run in a host:
 * `node test/live/request-load.ts URL PER_SECOND END`; once the file END is there, it prints one line of JSON. It must not assert anything.
 */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';

const TIMEOUT_MS = 10_000;
const REASONS_MAX = 10;

const [url = '', perSecond = '100', end = '/tmp/load-end'] = process.argv.slice(2);
const keepAlive = new Agent({ keepAlive: true, maxSockets: 8 });
const failures: string[] = [];
const running = new Set<Promise<void>>();
const begunMs = performance.now();
let asked = 0;
let slowestMs = 0;

/** Resolves with what went wrong, if anything did. */
function ask(agent: Agent | false): Promise<string | undefined> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { agent, timeout: TIMEOUT_MS }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
        resolve(answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`);
      });
      answer.once('error', (error) => resolve(String(error)));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.once('error', (error) => resolve(String(error)));
    sent.end();
  });
}

const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - begunMs) * Number(perSecond)) / 1_000);
  for (; asked < due; asked += 1) {
    const one = ask(asked % 2 === 0 ? keepAlive : false).then((failure) => {
      if (failure !== undefined) failures.push(`${Math.round(performance.now() - begunMs)} ms: ${failure}`);
      running.delete(one);
    });
    running.add(one);
  }
}, 5);

const watch = setInterval(() => {
  if (!existsSync(end)) return;
  clearInterval(watch);
  clearInterval(timer);
  void Promise.all(running).then(() => {
    const result = {
      asked,
      failed: failures.length,
      slowestMs: Math.round(slowestMs),
      why: failures.slice(0, REASONS_MAX),
    };
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  });
}, 100);
process.stdout.write('asking\n');
