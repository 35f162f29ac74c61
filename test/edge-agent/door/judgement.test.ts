/** What must hold at the engine for a request that passes, and what an edge is told of an answer. */
import { describe, expect, test } from 'vitest';
import { cutDown, judge } from '../../../edge-agent/door/judgement.ts';
import type { Need } from '../../../edge-agent/door/routes.ts';

const ID = 'a1'.repeat(32);
const OURS = { 'isthmus.dev/managed-by': 'isthmus' };
const MINE = {
  ...OURS,
  'isthmus.dev/namespace': 'acme',
  'isthmus.dev/app': 'web',
  'isthmus.dev/tenant': 'acme',
};

describe('what a request needs', () => {
  const container = (labels: Record<string, string>, status = 'running') => ({
    Id: ID,
    State: { Status: status },
    Config: { Labels: labels },
  });
  const network = (labels: Record<string, string>) => ({ Name: 'isthmus_acme', Labels: labels });
  const tenant = (name: string) => ({ ...OURS, 'isthmus.dev/tenant': name });
  const CONTAINER = { kind: 'container', id: ID } as const;
  const CONNECTION = { kind: 'connection', id: ID, network: 'isthmus_acme' } as const;
  const VOLUME = { kind: 'volume', name: 'acme_web_data_1', namespace: 'acme', app: 'web' } as const;
  const volume = (labels: Record<string, string>, Options: Record<string, string> | null = null) => ({
    volume: { Name: VOLUME.name, Labels: labels, Options },
  });

  test.each<[string, Need, Parameters<typeof judge>[1], string]>([
    ['a container of ours', CONTAINER, { container: container(MINE) }, 'holds'],
    ["somebody else's container", CONTAINER, { container: container({}) }, 'absent'],
    ['no container', CONTAINER, {}, 'absent'],
    [
      'a container that has such a name',
      CONTAINER,
      { container: { ...container(MINE), Id: 'b'.repeat(64) } },
      'absent',
    ],
    ['a new one', { ...CONTAINER, isNew: true }, { container: container(MINE, 'created') }, 'holds'],
    ['one that runs', { ...CONTAINER, isNew: true }, { container: container(MINE) }, 'refused'],
    [
      "its tenant's network",
      CONNECTION,
      { container: container(MINE), network: network(tenant('acme')) },
      'holds',
    ],
    ["everybody's LAN", CONNECTION, { container: container(MINE), network: network(OURS) }, 'holds'],
    [
      "another tenant's network",
      CONNECTION,
      { container: container(MINE), network: network(tenant('other')) },
      'refused',
    ],
    ["somebody else's network", CONNECTION, { container: container(MINE), network: network({}) }, 'absent'],
    ['no volume yet', VOLUME, {}, 'holds'],
    ['its volume', VOLUME, volume(MINE), 'holds'],
    ["another app's volume", VOLUME, volume({ ...MINE, 'isthmus.dev/app': 'other' }), 'refused'],
    ["somebody else's volume", VOLUME, volume({}), 'refused'],
    ['a directory as a volume', VOLUME, volume(MINE, { type: 'none', o: 'bind', device: '/' }), 'refused'],
  ])('%s', (_what, need, held, verdict) => {
    expect(judge(need, held)?.kind ?? 'holds').toBe(verdict);
  });

  test('shows of what is not ours the name and no more', () => {
    const foreign = { Id: 'f', Names: ['/db'], Labels: { secret: '1' }, Command: 'run --password x' };
    const ours = { Id: 'o', Names: ['/acme_web.1'], Labels: MINE, Mounts: [] };
    const cut = cutDown('containers', Buffer.from(JSON.stringify([foreign, ours])));
    expect(JSON.parse(cut.toString())).toEqual([
      { Id: 'f', Names: ['/db'], Labels: {} },
      { Id: 'o', Names: ['/acme_web.1'], Labels: MINE },
    ]);
    const volumes = {
      Volumes: [
        { Name: 'x', Labels: null },
        { Name: 'y', Labels: MINE, Mountpoint: '/z' },
      ],
    };
    expect(JSON.parse(cutDown('volumes', Buffer.from(JSON.stringify(volumes))).toString())).toEqual({
      Volumes: [{ Name: 'y', Labels: MINE }],
    });
  });
});
