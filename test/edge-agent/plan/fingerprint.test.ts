/** Names of devices: part of the contract between an agent's restarts. */
import { expect, test } from 'vitest';
import { fingerprint, interfaceName } from '../../../edge-agent/plan/fingerprint.ts';

test('a device has the same name for ever, and no two agents of a machine share one', () => {
  expect(interfaceName('edge.acme.berlin', 'alpha')).toBe('istcce86e79');
  const names = ['berlin', 'munich'].flatMap((site) =>
    ['alpha', 'beta'].map((hub) => interfaceName(`edge.acme.${site}`, hub)),
  );
  expect(new Set(names).size).toBe(4);
  expect(names.every((name) => /^ist[0-9a-f]{8}$/.test(name))).toBe(true);
});

test('a fingerprint has 16 hex digits and changes with one character', () => {
  expect(fingerprint('accept')).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint('accept')).not.toBe(fingerprint('accepT'));
});
