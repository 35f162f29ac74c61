/** The gateway with a real HAProxy: what lies on the host, and that no change drops a request. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLoad } from './gateway-load.ts';
import { openSite, type Route, SHOP, type Site, to } from './gateway-stand.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
});

afterAll(async () => {
  await site?.end();
});

describe('what lies on the host', () => {
  test('keys, files and the admin socket are for root alone', () => {
    const { paths } = site.stand.hands;
    const files = [paths.own, paths.authorityKey, paths.base, paths.runtimeSocket];
    expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(files.map(() => '600'));
  });

  test('a converged gateway has no steps, and its files say what runs', async () => {
    expect(await site.stand.round(site.routes)).toEqual([]);
    const { files, running } = await site.stand.observe();
    expect([...files.routes].sort(byKey)).toEqual([...(running?.routes ?? [])].sort(byKey));
  });

  test('after a crash it comes up with the same routes', async () => {
    const before = await site.stand.observe();
    const master = Number(readFileSync(site.stand.hands.paths.pid, 'utf8'));
    process.kill(master, 'SIGKILL');
    await pause(300);
    const steps = await site.stand.converge(site.routes);
    expect(steps.map(({ kind }) => kind)).toEqual(['gateway.write-routes', 'gateway.start']);
    expect((await site.stand.observe()).running?.routes.length).toBe(before.running?.routes.length);
    expect((await site.get(SHOP, '/cart')).body).toBe(site.blue.address);
  });

  test('a supplied certificate wins for its host at once, and goes at once', async () => {
    mkdirSync(site.stand.supplied, { recursive: true });
    const file = join(site.stand.supplied, 'shop.pem');
    supply(file, SHOP);
    expect(await servedBy(SHOP)).toContain('CN=Isthmus gateway');
    const added = await site.stand.converge(site.routes);
    expect(await servedBy(SHOP)).toContain('CN=Supplied');
    expect(await servedBy('away.example.com')).toContain('CN=Isthmus gateway');
    supply(file, SHOP, 'Second');
    await site.stand.converge(site.routes);
    expect(await servedBy(SHOP)).toContain('CN=Second');
    rmSync(file);
    await site.stand.converge(site.routes);
    expect(await servedBy(SHOP)).toContain('CN=Isthmus gateway');
    expect((await site.get(SHOP)).status).toBe(200);
    expect(added.some(({ kind }) => kind === 'gateway.reload')).toBe(false);
  });
});

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);

function supply(file: string, host: string, name = 'Supplied'): void {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-days',
    '90',
  ];
  execFileSync(
    'openssl',
    [
      ...args,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${host}`,
      '-keyout',
      file,
      '-out',
      `${file}.crt`,
    ],
    { stdio: 'ignore' },
  );
  execFileSync('sh', ['-c', `cat "$0.crt" >> "$0" && rm "$0.crt"`, file]);
}

/** Subject of the certificate that a host is served with. */
function servedBy(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: site.stand.port, servername: host, rejectUnauthorized: false },
      () => {
        const subject = socket.getPeerX509Certificate()?.subject ?? '';
        socket.destroy();
        resolve(subject);
      },
    );
    socket.on('error', reject);
  });
}

const RATE_PER_SECOND = 200;
const LOAD_MS = 7_000;
const ROUNDS_MIN = 12;
const HOSTS = ['still.example.com', 'moving.example.com', SHOP];

/** Changes something every 150 ms while a load runs; `extra` says what else is served in a round. */
async function changeUnderLoad(forMs: number, extra: (round: number) => Route[]) {
  const still: Route[] = [...site.routes, { host: 'still.example.com', to: to(site.blue) }];
  const moving = (round: number): Route => ({
    host: 'moving.example.com',
    to: to(round % 2 === 0 ? site.red : site.blue),
  });
  await site.stand.converge([...still, moving(0)]);
  const load = startLoad(HOSTS, RATE_PER_SECOND, { port: site.stand.port, ca: site.ca });
  const kinds = new Set<string>();
  let round = 0;
  // On a busy machine a round takes longer: then the load runs longer.
  for (
    const end = performance.now() + forMs;
    performance.now() < end || round < ROUNDS_MIN;
    await pause(150)
  ) {
    round += 1;
    const steps = await site.stand.round([...still, moving(round), ...extra(round)]);
    for (const { kind } of steps) kinds.add(kind.replace('gateway.', ''));
    expect((await site.get('moving.example.com')).body).toBe(moving(round).to.address);
  }
  const { requests, failures } = await load.stop();
  console.log(`gateway: ${requests} requests, ${failures.length} failures, ${round} rounds of change`);
  return { requests, failures, kinds: [...kinds].sort() };
}

describe('change under load', () => {
  test('no request fails while routes come, move and go, certificates are renewed and the agent restarts', async () => {
    const passing = { host: 'passing.example.com', to: { address: '127.2.1.1', port: 9 } };
    const { requests, failures, kinds } = await changeUnderLoad(LOAD_MS, (round) => [
      ...Array.from({ length: round % 12 }, (_, index) => ({
        host: `extra${index}.example.com`,
        to: { address: `127.2.0.${((round + index) % 20) + 1}`, port: site.red.port },
      })),
      ...(round === 1 ? [passing] : []),
    ]);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(1_000);
    expect(kinds).toEqual([
      'add-route',
      'drain-slot',
      'load-certificate',
      'make-certificate',
      'move-route',
      'release-slot',
      'remove-route',
      'set-slot',
      'write-routes',
      'write-slots',
    ]);
  });

  test('no request fails when the slots run out and HAProxy is reloaded', async () => {
    const { failures, kinds } = await changeUnderLoad(3_000, (round) =>
      Array.from({ length: round * 10 }, (_, index) => ({
        host: 'many.example.com',
        path: `/${index}`,
        to: { address: `127.3.0.${index + 1}`, port: 9 },
      })),
    );
    expect(failures).toEqual([]);
    expect(kinds).toContain('reload');
    expect((await site.stand.observe()).running?.slots.length).toBeGreaterThan(64);
  });
});
