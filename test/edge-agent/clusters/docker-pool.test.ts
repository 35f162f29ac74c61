/** Who has which address of a pool at plain engines, from what the apps are told to have. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { poolAddresses, reservationsIn } from '../../../edge-agent/clusters/docker-pool.ts';
import type { AppInstance, ContainerStatus } from '../../../protocol/app.ts';
import { workloadOf } from './driver-contract.ts';

const RANGE = '10.0.0.128/29';
const pools = [{ name: 'front', prefixes: [RANGE] }];
const web = workloadOf('web', 'local/tool:1', { pool: 'front' });
const plain = workloadOf('plain', 'local/tool:1');

function told(app: string, addresses: readonly string[]) {
  const containers = addresses.map(
    (address, index): ContainerStatus => ({
      ...{ name: `acme_${app}.${index + 1}`, node: 'n1', address, state: 'ready', reason: 'none' },
      ...{ message: '', lastLines: [], restarts: 0, release: 1 },
    }),
  );
  const counts = { wanted: addresses.length, ready: addresses.length, updated: addresses.length };
  const instance: AppInstance = { cluster: 'prod', release: 1, ...counts, statements: [], containers };
  return { app, instance };
}

test('an address is told with its container, where the app has the pool and the pool has the address', () => {
  const apps = [told('web', ['10.0.0.129', '', '10.0.1.1']), told('plain', ['10.0.0.130'])];
  expect(reservationsIn({ cluster: 'prod', pools, workloads: [web, plain], apps })).toEqual([
    {
      ...{ pool: 'front', address: '10.0.0.129', cluster: 'prod', app: 'web' },
      ...{ holder: 'acme_web.1', node: 'n1', state: 'held' },
    },
  ]);
});

test('no address is told twice, and none that the pool does not give', () => {
  const address = fc.constantFrom(...poolAddresses([RANGE], true), '10.0.0.127', '10.0.0.136', '172.18.0.2');
  fc.assert(
    fc.property(fc.array(address), fc.array(address), (one, other) => {
      const apps = [told('web', one), told('web', other)];
      const found = reservationsIn({ cluster: 'prod', pools, workloads: [web], apps }).map(
        (reservation) => reservation.address,
      );
      const given = new Set(poolAddresses([RANGE], true));
      expect(found.sort()).toEqual([...new Set([...one, ...other])].filter((each) => given.has(each)).sort());
    }),
    { seed: 34 },
  );
});
