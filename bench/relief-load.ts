/**
 * The clients of `relief.ts`, in a process of their own: some list again and again, some watch. It prints one line of JSON with what they met.
 * `node bench/relief-load.ts` reads its settings, one JSON document, from its input.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const Settings = z.object({
  host: z.string(),
  port: z.number(),
  authority: z.string(),
  serverName: z.string(),
  identities: z.array(
    z.object({
      token: z.string().optional(),
      certificate: z.string().optional(),
      key: z.string().optional(),
    }),
  ),
  listers: z.number(),
  watchers: z.number(),
  pauseMs: z.number(),
  warmMs: z.number(),
  windowMs: z.number(),
  path: z.string(),
});
type Settings = z.infer<typeof Settings>;

/** One list in this many is read to the last object. */
const CHECKED_EVERY = 40;
const VERSION = /"resourceVersion":"(\d+)"/;

export interface LoadFigures {
  readonly lists: number;
  /** While all got warm, too. */
  readonly allLists: number;
  readonly watches: number;
  readonly anyMs: number[];
  readonly freshMs: number[];
  readonly bytes: number;
  readonly faults: string[];
  /** Versions of the events of each watcher, run together: all must be of one sequence. */
  readonly sequences: number[][];
  /** Some lists whole: version, and the versions of their objects by key. */
  readonly samples: { readonly version: number; readonly objects: [string, string][] }[];
}

const settings = Settings.parse(JSON.parse(readFileSync(0, 'utf8')));
const state = { isOver: false, isCounted: false };
const figures = {
  lists: 0,
  allLists: 0,
  watches: 0,
  anyMs: new Array<number>(),
  freshMs: new Array<number>(),
  bytes: 0,
  faults: new Array<string>(),
  sequences: new Array<number[]>(),
  samples: new Array<LoadFigures['samples'][number]>(),
};

function agentOf(index: number): { readonly agent: Agent; readonly headers: Record<string, string> } {
  const identity = settings.identities[index % settings.identities.length];
  const { token, certificate, key } = identity ?? {};
  return {
    agent: new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: settings.authority,
      servername: settings.serverName,
      ...(certificate === undefined ? {} : { cert: certificate, key }),
    }),
    headers: {
      accept: 'application/json',
      'user-agent': `bench-${index % 5}/1`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  };
}

type Caller = (path: string, more: Record<string, string>) => Promise<IncomingMessage>;

function callerOf(index: number): Caller {
  const { agent, headers } = agentOf(index);
  const { host, port } = settings;
  return (path, more) =>
    new Promise((resolve, reject) => {
      const call = httpsRequest({ host, port, path, agent, headers: { ...headers, ...more } }, resolve);
      call.on('error', reject);
      call.end();
    });
}

const Listed = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(
    z.object({
      metadata: z.object({ namespace: z.string(), name: z.string(), resourceVersion: z.string() }),
    }),
  ),
});

async function listAgain(index: number): Promise<void> {
  const call = callerOf(index);
  const isAny = index % 2 === 0;
  const path = isAny ? `${settings.path}?resourceVersion=0` : settings.path;
  const seen = { version: 0, count: index };
  await pause((index / settings.listers) * settings.pauseMs);
  while (!state.isOver) {
    const begunMs = performance.now();
    const chunks: Buffer[] = [];
    try {
      const answer = await call(path, { 'accept-encoding': 'gzip' });
      for await (const chunk of answer) chunks.push(Buffer.from(chunk));
      const tookMs = performance.now() - begunMs;
      figures.allLists++;
      if (answer.statusCode !== 200) figures.faults.push(`a list answered ${answer.statusCode}`);
      if (state.isCounted && !state.isOver) {
        figures.lists++;
        figures.bytes += chunks.reduce((sum, { length }) => sum + length, 0);
        (isAny ? figures.anyMs : figures.freshMs).push(tookMs);
        if (seen.count++ % CHECKED_EVERY === 0) check(Buffer.concat(chunks), answer, seen);
      }
    } catch (cause) {
      if (!state.isOver) figures.faults.push(`a list broke off: ${String(cause)}`);
    }
    await pause(settings.pauseMs);
  }
}

function check(body: Buffer, answer: IncomingMessage, seen: { version: number }): void {
  const text = answer.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const { metadata, items } = Listed.parse(JSON.parse(text.toString()));
  const version = Number(metadata.resourceVersion);
  if (version < seen.version) figures.faults.push(`a list of ${version} after one of ${seen.version}`);
  seen.version = version;
  if (figures.samples.length < 30)
    figures.samples.push({
      version,
      objects: items.map(({ metadata: { namespace, name, resourceVersion } }) => [
        `${namespace}/${name}`,
        resourceVersion,
      ]),
    });
}

async function watch(index: number, from: string): Promise<void> {
  const call = callerOf(index);
  const versions: number[] = [];
  figures.sequences.push(versions);
  figures.watches++;
  const answer = await call(
    `${settings.path}?watch=true&allowWatchBookmarks=true&resourceVersion=${from}`,
    {},
  );
  let rest = '';
  answer.setEncoding('latin1');
  answer.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{"type":"BOOKMARK"')) continue;
      if (line.startsWith('{"type":"ERROR"')) figures.faults.push(line.slice(0, 200));
      versions.push(Number(VERSION.exec(line)?.[1] ?? 0));
    }
  });
  answer.on('error', () => undefined);
  await new Promise((resolve) => answer.once('close', resolve));
  if (!state.isOver) figures.faults.push('a watch ended early');
}

async function main({ listers, watchers, warmMs, windowMs, path }: Settings): Promise<void> {
  const first = await callerOf(0)(`${path}?limit=1`, {});
  let text = '';
  for await (const chunk of first) text += String(chunk);
  const from = /"metadata":\{"resourceVersion":"(\d+)"/.exec(text)?.[1] ?? '';
  for (let index = 0; index < watchers; index++) void watch(index, from).catch(() => undefined);
  for (let index = 0; index < listers; index++) void listAgain(index);
  await pause(warmMs);
  state.isCounted = true;
  console.log('"begun"');
  await pause(windowMs);
  state.isCounted = false;
  console.log('"ended"');
  // Writers have stopped by now; what is under way arrives.
  await pause(3_000);
  state.isOver = true;
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
}

await main(settings);
