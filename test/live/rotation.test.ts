/**
 * SCENARIOS 25: the WireGuard key of an edge is replaced under traffic, with two hubs and with one, and no request fails. More rotations than the few of the suite:
 * `ISTHMUS_ROTATIONS=200 npx vitest run --project live test/live/rotation.test.ts`.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { Edge } from '../../protocol/edge.ts';
import { statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';
import { fetchFrom } from './flows.ts';

const LOAD = new URL('./request-load.ts', import.meta.url).pathname;
const HOST = '10.0.0.10';
/** Seen by a host alone: its temporary files are its own. */
const END = '/run/load-end';
const SITES = [
  { name: 'berlin', lan: '10.0.0.0/24' },
  { name: 'tokyo', lan: '10.0.0.0/24' },
];
const ROTATIONS = Number(process.env['ISTHMUS_ROTATIONS'] ?? 4);
const PER_SECOND = 50;
const ROTATION_MS_MAX = 60_000;
const RAISE_MS_MAX = 180_000;
const TEST_MS_MAX = RAISE_MS_MAX + ROTATIONS * ROTATION_MS_MAX;

const Load = z.object({
  asked: z.number(),
  failed: z.number(),
  slowestMs: z.number(),
  why: z.array(z.string()),
});

let estate: Estate | undefined;

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate?.describe()));
});

afterEach(() => estate?.destroy());

async function raise(hubs: number): Promise<Estate> {
  const raised = await raiseEstate({ name: 'rotation', hubs, sites: SITES });
  estate = raised;
  await eventually(async () => {
    for (const { name } of SITES) {
      const { peers } = await statusOf(raised.site(name).edge);
      expect(peers.map(({ state }) => state)).toEqual(Array.from({ length: hubs }, () => 'up'));
    }
    const address = await raised.virtual('tokyo', HOST);
    expect(await fetchFrom(raised.lanHost('berlin'), address)).toContain('hello from tokyo');
  }, ROTATION_MS_MAX);
  return raised;
}

/** Asks for a new key and waits until it is the only one; resolves with the milliseconds that took. */
async function rotate({ api, site }: Estate, name: string): Promise<number> {
  const { edgePath } = site(name);
  const { status } = await api.get(edgePath, Edge);
  const number = (status.key?.number ?? 1) + 1;
  const begunMs = performance.now();
  await api.change(edgePath, (spec) => ({ ...spec, keyNumber: number }));
  await eventually(async () => {
    const { status: after } = await api.get(edgePath, Edge);
    expect([after.key?.number, after.nextKey]).toEqual([number, undefined]);
    expect(after.wireguardKey).not.toBe(status.wireguardKey);
  }, ROTATION_MS_MAX);
  return performance.now() - begunMs;
}

async function startLoad({ lanHost, virtual }: Estate) {
  const url = `http://${await virtual('tokyo', HOST)}:${ECHO_HTTP_PORT}/`;
  const host = lanHost('berlin');
  const load = host.spawn([process.execPath, LOAD, url, `${PER_SECOND}`, END]);
  return async () => {
    await host.write(END, '');
    await load.exited;
    const line = load.output().trim().split('\n').at(-1) ?? '';
    return Load.parse(JSON.parse(line));
  };
}

async function rotateUnderLoad(hubs: number, rotations: number) {
  const raised = await raise(hubs);
  const stop = await startLoad(raised);
  const tookMs: number[] = [];
  for (let turn = 0; turn < rotations; turn += 1)
    tookMs.push(await rotate(raised, turn % 2 === 0 ? 'tokyo' : 'berlin'));
  const load = await stop();
  const times = tookMs.map((ms) => (ms / 1_000).toFixed(1)).join(' ');
  console.log(`${hubs} hubs, ${rotations} rotations: ${JSON.stringify(load)}; seconds each: ${times}`);
  return load;
}

test('25: keys rotate under traffic at both ends, over two hubs: no request fails', {
  timeout: TEST_MS_MAX,
}, async () => {
  const load = await rotateUnderLoad(2, ROTATIONS);
  expect(load.why).toEqual([]);
  expect(load.failed).toBe(0);
  expect(load.asked).toBeGreaterThan(ROTATIONS * PER_SECOND);
});

test('25: with a single hub connections outlive a rotation: no request fails', {
  timeout: TEST_MS_MAX,
}, async () => {
  const load = await rotateUnderLoad(1, 2);
  expect(load.why).toEqual([]);
  expect(load.asked).toBeGreaterThan(2 * PER_SECOND);
});
