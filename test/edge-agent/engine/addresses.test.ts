/** At which addresses the host of an engine is reached. */
import { expect, test } from 'vitest';
import { addressesAt } from '../../../edge-agent/engine/addresses.ts';

const tls = { kind: 'tls', port: 2376, authority: '', certificate: '', key: '' } as const;

test('what somebody said goes before what the endpoint says', () => {
  expect(addressesAt({ ...tls, host: '10.0.0.11' }, '10.0.0.12')).toEqual(['10.0.0.12']);
  expect(addressesAt({ ...tls, host: '10.0.0.11' }, undefined)).toEqual(['10.0.0.11']);
});

test('an engine by name has none, nor a node that is not connected', () => {
  expect(addressesAt({ ...tls, host: 'n1.lan' }, undefined)).toEqual([]);
  expect(addressesAt({ kind: 'node', name: 'n1', session: () => undefined }, undefined)).toEqual([]);
});

test("a socket is of this host, whose loopback is nobody else's way", () => {
  expect(addressesAt({ kind: 'socket', path: '/run/docker.sock' }, undefined)).not.toContain('127.0.0.1');
});
