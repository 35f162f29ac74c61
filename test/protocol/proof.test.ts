/** The address that stands for a site in proofs of its isolation: control plane, hubs and edges must find the same one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
import { proofAddress } from '../../protocol/proof.ts';

const OWN = '100.64.0.9';

test('is the first of the widest prefix, or the own one where a host might have it', () => {
  const of = (...virtual: string[]) => proofAddress({ tunnelAddress: OWN, virtual });
  expect(of('100.65.4.0/24', '100.65.0.0/22', '100.66.0.0/22')).toBe('100.65.0.0');
  expect(of('100.65.4.9/32', '100.65.4.8/31')).toBe(OWN);
  expect(of()).toBe(OWN);
});

test('hangs on no order, and lies within a prefix of the site', () => {
  const prefix = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 16, max: 32 }))
    .map(([third, length]) => (length <= 24 ? `100.${third}.0.0/${length}` : `100.1.${third}.0/${length}`));
  fc.assert(
    fc.property(fc.uniqueArray(prefix, { maxLength: 6 }), (virtual) => {
      const address = proofAddress({ tunnelAddress: OWN, virtual });
      expect(proofAddress({ tunnelAddress: OWN, virtual: virtual.toReversed() })).toBe(address);
      expect(address === OWN || isAddressIn(address, virtual.map(parsePrefix))).toBe(true);
    }),
  );
});
