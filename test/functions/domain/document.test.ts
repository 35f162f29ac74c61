/** Documents: one text, one hash, and a number that rises only with another text. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { assemble, envelopeText, etagOf, nextVersion } from '../../../functions/domain/document.ts';
import { canonicalJson } from '../../../protocol/canonical.ts';
import type { Leaf } from '../../../protocol/document.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
const names: Leaf = { kind: 'names', tenant: 'red', site: 'oslo', services: [] };
const twins: Leaf = {
  kind: 'twins',
  hubs: [{ name: 'a', publicKey: 'é€😀', endpoint: '', tunnelAddress: '' }],
};

test('the manifest lists leaves by name with the hash and the bytes of their canonical text', () => {
  const { manifest, manifestHash, texts } = assemble({ twins, names }, sha256);
  const text = canonicalJson(twins);
  expect(manifest.map(({ name }) => name)).toEqual(['names', 'twins']);
  expect(manifest[1]).toEqual({ name: 'twins', hash: sha256(text), bytes: Buffer.byteLength(text) });
  expect(manifestHash).toBe(sha256(canonicalJson(manifest)));
  expect([...texts]).toEqual(
    manifest.map(({ hash, name }) => [hash, canonicalJson(name === 'twins' ? twins : names)]),
  );
});

test('the same leaves in another order are the same document', () => {
  expect(assemble({ names, twins }, sha256)).toEqual(assemble({ twins, names }, sha256));
});

test('the number begins at 1.1, rises with another text only, and keeps its epoch', () => {
  expect(nextVersion(undefined, 'x')).toEqual({ epoch: 1, generation: 1 });
  expect(nextVersion({ epoch: 2, generation: 7, manifestHash: 'x' }, 'x')).toBe('unchanged');
  expect(nextVersion({ epoch: 2, generation: 7, manifestHash: 'x' }, 'y')).toEqual({
    epoch: 2,
    generation: 8,
  });
});

test('what is signed is the canonical text of the envelope; its tag has both numbers', () => {
  const envelope = { alg: 'ES256' as const, agent: 'hub.a', epoch: 1, generation: 2, manifestHash: 'h' };
  expect(envelopeText(envelope)).toBe(
    '{"agent":"hub.a","alg":"ES256","epoch":1,"generation":2,"manifestHash":"h"}',
  );
  expect(etagOf(envelope)).toBe('"1.2"');
});
