/**
 * Runs where clients are: asks a URL at a steady rate, whether answers come or not, each time by a new connection and once only, until the file `end` is in
 * its directory; then it writes `answers`, a JSON line each. `node upgrade-load.ts DIRECTORY RATE URL [NAMESERVER]`
 */
import { Resolver } from 'node:dns/promises';
import { existsSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LATE_MS = 3_000;
const [directory = '', rate = '100', target = '', nameserver] = process.argv.slice(2);
const url = new URL(target);
const resolver = new Resolver({ timeout: LATE_MS, tries: 1 });
if (nameserver !== undefined) resolver.setServers([nameserver]);

interface Answer {
  readonly atMs: number;
  readonly tookMs: number;
  /** Empty if it was answered. */
  readonly why: string;
}

/** The first address only: a client that tries all of them would hide one that is dead. */
async function addressOf(): Promise<string> {
  if (nameserver === undefined) return url.hostname;
  const [first] = await resolver.resolve4(url.hostname);
  if (first === undefined) throw new Error('the name has no address');
  return first;
}

function fetchFrom(address: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(
      { host: address, port: url.port, path: url.pathname, agent: false, timeout: LATE_MS },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode === 200 ? '' : `status ${answer.statusCode}`));
        answer.on('error', (cause) => resolve(`cut off: ${cause.message}`));
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer in ${LATE_MS} ms`)));
    request.on('error', (cause) => resolve(`${address}: ${cause.message}`));
  });
}

async function ask(): Promise<Answer> {
  const atMs = Date.now();
  const began = performance.now();
  const why = await addressOf()
    .then(fetchFrom)
    .catch((cause: unknown) => `name: ${String(cause)}`);
  return { atMs, tookMs: performance.now() - began, why };
}

const asked: Promise<Answer>[] = [];
const began = performance.now();
while (!existsSync(join(directory, 'end'))) {
  const due = ((performance.now() - began) / 1_000) * Number(rate);
  while (asked.length < due) asked.push(ask());
  await pause(1_000 / Number(rate));
}
const answers = await Promise.all(asked);
writeFileSync(join(directory, 'answers'), answers.map((answer) => JSON.stringify(answer)).join('\n'));
