/** A Marathon-compatible double as a cluster of a host: attached by its file, its facts and its apps reported, apps run and ended as the document says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMarathonRoom } from '../../edge-agent/worker/marathon-room.ts';
import type { ClusterRoom } from '../../edge-agent/worker/room.ts';
import { ClusterReport } from '../../protocol/cluster-report.ts';
import { workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { eventually } from './eventually.ts';
import { type MarathonStand, raiseMarathon, TOKEN } from './marathon-stand.ts';

let stand: MarathonStand;
let room: ClusterRoom;
const attached: unknown[] = [];
const reports: ClusterReport[] = [];

beforeAll(async () => {
  stand = await raiseMarathon('mthr');
  room = openMarathonRoom({
    file: {
      name: 'prod',
      kind: 'marathon',
      server: stand.server(),
      credentials: TOKEN,
      mesos: { server: stand.cluster.server },
    },
    caller: {
      call: async ({ path, body }) => {
        if (path.endsWith('/report')) {
          reports.push(ClusterReport.parse(JSON.parse(String(body))));
          return { kind: 'answer', status: 204, headers: {}, body: '' };
        }
        attached.push(JSON.parse(String(body)));
        const host = 'prod.acme.clusters.example';
        return {
          kind: 'answer',
          status: 200,
          headers: {},
          body: JSON.stringify({ tenant: 'acme', site: 'dc', host }),
        };
      },
    },
    authority: async () => 'PEM',
    now: () => performance.now(),
    log: () => undefined,
  });
  room.start();
});

afterAll(async () => {
  room?.close();
  await stand?.close();
});

test('it is attached as what it is, and its agents and their capacity are reported', async () => {
  await eventually(async () =>
    expect(reports.some(({ facts }) => facts?.capacity.cpuMillis === 8_000)).toBe(true),
  );
  expect(attached[0]).toMatchObject({ kind: 'marathon', authority: 'PEM' });
  expect(room.view()).toMatchObject({ kind: 'marathon', state: 'attached', version: '1.5.0', nodes: 2 });
  expect(room.served).toBeUndefined();
});

test('apps of the document run, and those that leave it go', async () => {
  const last = () => reports.flatMap(({ apps }) => apps ?? []).at(-1)?.instance;
  room.setWorkloads([workloadOf('told', 'local/tool:1')]);
  await eventually(async () => expect(last()).toMatchObject({ ready: 2, updated: 2 }), 60_000);
  room.setWorkloads([]);
  await eventually(async () => expect(stand.framework().view('acme/told').tasks).toEqual([]), 60_000);
});
