/**
 * What a cold start of the API's function costs: bytes in the bundle, bytes loaded at the start, time until it is loaded and until the
 * first request is answered, in fresh processes beside a bare start of Node. `node bench/coldstart.ts [PROCESSES]`
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import type { Metafile } from 'esbuild';
import { z } from 'zod';
import { ensureAdminKey } from '../functions/api/admin-key.ts';
import { systemClock } from '../functions/aws/clock.ts';
import { bundleFunction } from '../functions/bundle.ts';
import { createStore } from '../functions/store/table.ts';
import { createTable, TABLE_NAME } from '../local/table.ts';
import { median, printResult } from './figures.ts';

const PROCESSES = Number(process.argv[2] ?? 15);
const GOAL = { startBytes: 1_000_000, loadMs: 100, firstAnswerMs: 150 };

/** What Lambda sets, with names of nothing but the table, which is an embedded one in this process. */
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  ISTHMUS_TABLE: TABLE_NAME,
  ISTHMUS_LEAVES: 'isthmus-leaves',
  ISTHMUS_ROOTS: 'AAAA',
  ISTHMUS_POOLS: '100.64.0.0/10',
  ISTHMUS_TOKEN_SECRET: 'token-secret',
  ISTHMUS_DOWNLOADS: 'https://downloads.example/install',
};

const execute = promisify(execFile);

/** An empty table with an admin key. */
async function startTable() {
  const server = dynalite({ path: join(scratch, 'table'), createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The table has no port.');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const credentials = {
    accessKeyId: ENVIRONMENT.AWS_ACCESS_KEY_ID,
    secretAccessKey: ENVIRONMENT.AWS_SECRET_ACCESS_KEY,
  };
  const base = new DynamoDBClient({ region: ENVIRONMENT.AWS_REGION, endpoint, credentials });
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
  await createTable(client);
  const key = await ensureAdminKey(createStore({ client, tableName: TABLE_NAME }), systemClock);
  client.destroy();
  return { endpoint, key, close: promisify(server.close.bind(server)) };
}

const Times = z.object({ loadMs: z.number(), firstMs: z.number(), secondMs: z.number(), status: z.number() });

/** Runs in a fresh process: loads the bundle, asks twice, prints the times. */
function programOf(bundle: string, path: string, key = ''): string {
  const event = {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.example', authorization: `Bearer ${key}` },
    requestContext: { domainName: 'api.example', http: { method: 'GET', path } },
    isBase64Encoded: false,
  };
  return `const began = performance.now();
    const { handler } = await import(${JSON.stringify(pathToFileURL(bundle).href)});
    const loaded = performance.now();
    const event = ${JSON.stringify(event)};
    const { statusCode } = await handler(event, {});
    const first = performance.now();
    await handler(event, {});
    const second = performance.now();
    console.log(JSON.stringify({ loadMs: loaded - began, firstMs: first - began, secondMs: second - first, status: statusCode }));`;
}

async function runNode(program: string): Promise<{ readonly text: string; readonly wallMs: number }> {
  const began = performance.now();
  const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB: table.endpoint },
  });
  return { text: stdout, wallMs: performance.now() - began };
}

/** Bytes of the entry and of all that it imports statically, and theirs. */
function startBytesOf({ outputs }: Metafile): number {
  const entry = Object.keys(outputs).find((path) => path.endsWith('/index.mjs'));
  if (entry === undefined) throw new Error('The bundle has no index.mjs.');
  const loaded = new Set([entry]);
  for (const path of loaded)
    for (const imported of outputs[path]?.imports ?? [])
      if (imported.kind === 'import-statement' && imported.external !== true) loaded.add(imported.path);
  return [...loaded].reduce((bytes, path) => bytes + statSync(path).size, 0);
}

const scratch = mkdtempSync(join(tmpdir(), 'isthmus-coldstart-'));
const table = await startTable();
const metafile = await bundleFunction('api', join(scratch, 'api'));
const bundle = join(scratch, 'api/index.mjs');
const totalBytes = Object.values(metafile.outputs).reduce((bytes, output) => bytes + output.bytes, 0);
const walls: number[] = [];
const bares: number[] = [];
const health: z.infer<typeof Times>[] = [];
const roots: z.infer<typeof Times>[] = [];
const whoami: z.infer<typeof Times>[] = [];
for (let process = 0; process < PROCESSES; process += 1) {
  bares.push((await runNode('')).wallMs);
  const { text, wallMs } = await runNode(programOf(bundle, '/healthz'));
  walls.push(wallMs);
  health.push(Times.parse(JSON.parse(text)));
  roots.push(Times.parse(JSON.parse((await runNode(programOf(bundle, '/v1/roots'))).text)));
  const asked = await runNode(programOf(bundle, '/v1/whoami', table.key));
  whoami.push(Times.parse(JSON.parse(asked.text)));
}
await table.close();
const startBytes = startBytesOf(metafile);
rmSync(scratch, { recursive: true });
if (![...health, ...roots, ...whoami].every(({ status }) => status === 200))
  throw new Error('a request failed');
const medianOf = (times: readonly z.infer<typeof Times>[], pick: (time: z.infer<typeof Times>) => number) =>
  Math.round(median(times.map(pick)) * 10) / 10;
const figures = {
  totalBytes,
  startBytes,
  loadMs: medianOf([...health, ...roots, ...whoami], ({ loadMs }) => loadMs),
  healthFirstAnswerMs: medianOf(health, ({ firstMs }) => firstMs),
  rootsFirstAnswerMs: medianOf(roots, ({ firstMs }) => firstMs),
  tableFirstAnswerMs: medianOf(whoami, ({ firstMs }) => firstMs),
  warmMs: medianOf([...health, ...roots, ...whoami], ({ secondMs }) => secondMs),
  bareNodeMs: Math.round(median(bares)),
  nodeWithApiMs: Math.round(median(walls)),
  processes: PROCESSES,
};
console.log(
  `the API's bundle: ${figures.totalBytes} bytes, of which ${figures.startBytes} are loaded at the start, in ${figures.loadMs} ms`,
);
console.log(
  `first answer, load included: /healthz ${figures.healthFirstAnswerMs} ms, /v1/roots ${figures.rootsFirstAnswerMs} ms, and one that reads the table ${figures.tableFirstAnswerMs} ms; the second one: ${figures.warmMs} ms`,
);
console.log(
  `whole process: ${figures.nodeWithApiMs} ms; Node alone: ${figures.bareNodeMs} ms; ratio ${(figures.nodeWithApiMs / figures.bareNodeMs).toFixed(1)}`,
);
printResult({
  bench: 'coldstart',
  figures,
  goal: GOAL,
  met:
    figures.startBytes <= GOAL.startBytes &&
    figures.loadMs <= GOAL.loadMs &&
    Math.max(figures.healthFirstAnswerMs, figures.rootsFirstAnswerMs, figures.tableFirstAnswerMs) <=
      GOAL.firstAnswerMs,
});
