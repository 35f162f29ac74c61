/** The signed text of a request is one text only: it is fixed here letter by letter, and reading undoes writing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatSignature,
  formatSignatureInput,
  readSignature,
  readSignatureInput,
  signatureBase,
} from '../../protocol/signature.ts';

const REQUEST = { method: 'GET', path: '/v1/agent/messages', query: '?cursor=7&wait=20', bodySha256: 'AAAA' };
const PARAMETERS = { createdSeconds: 1_769_860_800, keyId: 'edge.acme.berlin' };

describe('the signature base', () => {
  test('is that of RFC 9421, section 2.5', () => {
    expect(signatureBase(REQUEST, PARAMETERS)).toBe(
      [
        '"@method": GET',
        '"@path": /v1/agent/messages',
        '"@query": ?cursor=7&wait=20',
        '"content-digest": sha-256=:AAAA:',
        '"@signature-params": ("@method" "@path" "@query" "content-digest");created=1769860800;keyid="edge.acme.berlin";alg="ed25519"',
      ].join('\n'),
    );
  });

  test('has a lone question mark for an absent query', () => {
    expect(signatureBase({ ...REQUEST, query: '' }, PARAMETERS)).toContain('"@query": ?\n');
  });
});

describe('the headers', () => {
  test('are read back as they were written', () => {
    const ids = fc.stringMatching(/^(edge\.[a-z]{1,8}\.[a-z0-9-]{1,8}|hub\.[a-z]{1,8})$/);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), ids, (createdSeconds, keyId) => {
        const parameters = { createdSeconds, keyId };
        expect(readSignatureInput(formatSignatureInput(parameters))).toEqual(parameters);
      }),
      { numRuns: 200, seed: 1 },
    );
    const signature = `${'A'.repeat(86)}==`;
    expect(readSignature(formatSignature(signature))).toBe(signature);
  });

  const good = formatSignatureInput(PARAMETERS);
  test.each([
    ['nothing', ''],
    ['a component less', good.replace('"@query" ', '')],
    ['another order', good.replace('"@method" "@path"', '"@path" "@method"')],
    ['another algorithm', good.replace('ed25519', 'rsa-v1_5-sha256')],
    ['another label', good.replace('isthmus=', 'sig1=')],
    ['a second signature', `${good}, ${good.replace('isthmus', 'other')}`],
    ['a time with a leading zero', good.replace('created=', 'created=0')],
    ['a nonce', `${good};nonce="x"`],
    ['a key id with a quote', good.replace('berlin', 'ber"lin')],
    ['endless text', good.padEnd(10_000, ' ')],
  ])('with %s are not taken', (_, header) => {
    expect(readSignatureInput(header)).toBeUndefined();
  });

  test.each(['', 'isthmus=AAAA', `isthmus=:${'A'.repeat(85)}==:`, `sig1=:${'A'.repeat(86)}==:`])(
    'with the signature %s are not taken',
    (header) => {
      expect(readSignature(header)).toBeUndefined();
    },
  );
});
