/** What a person reads of a hub in a VPC: who owns the routes, since when, and what stands in the way. */
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../edge-agent/diagnose.ts';
import { printStatus, Status } from '../../edge-agent/status.ts';

const STATUS: Status = {
  agent: 'hub.hub-a',
  role: 'hub',
  version: '0.1.0',
  processId: 1,
  residentBytes: 1,
  uptimeSeconds: 1,
  controlPlane: { url: 'https://x', state: 'unknown', clockOffsetSeconds: 0, roots: [] },
  document: { trial: 'settled', tornFiles: [] },
  peers: [],
  prefixes: [],
  names: [],
  clusters: [],
  findings: [],
};
const OWNERSHIP = {
  owner: 'hub-b',
  epoch: 7,
  since: '2026-01-01T00:00:00.000Z',
  readAgeSeconds: 2,
  lookAgeSeconds: 11,
  tables: 3,
  conflicts: ['rtb-1 100.64.0.0/10 igw-1'],
  failures: [],
};

/** Lines by their label. */
function lines(ownership: Status['ownership']): Record<string, string> {
  const text = printStatus(Status.parse({ ...STATUS, ownership }));
  const labelled = text.split('\n').map((line) => [line.slice(0, 16).trim(), line.slice(16)]);
  return Object.fromEntries(labelled);
}

describe('the status of a hub', () => {
  test('says who owns the routes, by which epoch, since when, and how old this is', () => {
    expect(lines(OWNERSHIP)).toMatchObject({
      'routes owner': 'hub-b, epoch 7, since 2026-01-01T00:00:00.000Z (2 s ago)',
      'route tables': '3 tables, 1 conflicts, 0 failures (11 s ago)',
      conflict: 'rtb-1 100.64.0.0/10 igw-1',
    });
  });

  test('says that nothing was read yet', () => {
    const nothing = { tables: 0, conflicts: [], failures: [] };
    expect(lines(nothing)).toMatchObject({
      'routes owner': 'nobody yet',
      'route tables': 'not looked at yet',
    });
  });

  test('says nothing of routes where there is no VPC', () => {
    expect(Object.keys(lines(undefined))).not.toContain('routes owner');
  });
});

test('the clients of an account are allowed for in what the agent may use', () => {
  const levelOf = (status: Status) => diagnose(status).find(({ code }) => code === 'agent.memory')?.level;
  const heavy = { ...STATUS, residentBytes: 200_000_000 };
  expect(levelOf(heavy)).toBe('warning');
  expect(levelOf({ ...heavy, ownership: OWNERSHIP })).toBe('ok');
});
