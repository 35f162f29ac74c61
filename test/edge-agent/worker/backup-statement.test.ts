/** Snapshots that are wanted, and can't be taken for want of credentials, are said. */
import { expect, test } from 'vitest';
import { backupStatement } from '../../../edge-agent/worker/kubernetes-room.ts';

const FILE = {
  name: 'prod',
  kind: 'kubernetes',
  credentials: { server: 'https://a', identity: { kind: 'anonymous' } },
} as const;
const etcd = { endpoints: ['https://b'], authority: '', certificate: '', key: '', programs: '' };

test('only where they are wanted and the edge has no access to etcd', () => {
  expect(backupStatement(true, FILE)).toMatchObject([
    { type: 'BackedUp', status: 'False', reason: 'NoEtcdCredentials' },
  ]);
  expect([backupStatement(false, FILE), backupStatement(true, { ...FILE, etcd })]).toEqual([[], []]);
});
