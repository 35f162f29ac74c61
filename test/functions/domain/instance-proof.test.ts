/** The pure half of an instance's proof: what it must hold is in a table with the API's refusals; here are its laws. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkOrder, checkProof } from '../../../functions/domain/instance-proof.ts';
import { signIdentity } from '../../fakes/identity-service.ts';

const NOW = '2026-01-31T12:00:00.000Z';
const HASH = 'a'.repeat(64);
const AUDIENCE = 'https://api.example';
const context = { statementHash: HASH, audience: AUDIENCE, now: NOW };

function proofAt(now: string) {
  return signIdentity({
    credentials: { keyId: 'ASIA', secret: 's', token: 't' },
    region: 'eu-central-1',
    now,
    headers: { 'x-isthmus-statement': HASH, 'x-isthmus-audience': AUDIENCE },
  });
}

test('a proof counts for 300 seconds before and after now, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: -400, max: 400 }), (seconds) => {
      const at = new Date(Date.parse(NOW) + seconds * 1_000).toISOString();
      const checked = checkProof(proofAt(at), context);
      if (Math.abs(seconds) <= 300) expect(checked).toEqual({ signedAt: at.replace('.000Z', 'Z') });
      else expect(checked).toMatchObject({ code: 'proof_invalid' });
    }),
  );
});

test('whatever else is added to its headers, it is refused', () => {
  const { headers, region } = proofAt(NOW);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (name, value) => {
      fc.pre(!Object.hasOwn(headers, name));
      const checked = checkProof({ region, headers: { ...headers, [name]: value } }, context);
      expect(checked).toMatchObject({ code: 'proof_invalid' });
    }),
  );
});

test('whatever one character of Authorization becomes, what was signed for stays or it is refused', () => {
  const { headers, region } = proofAt(NOW);
  const text = headers['authorization'] ?? '';
  fc.assert(
    fc.property(fc.nat({ max: text.length - 1 }), fc.string({ maxLength: 2 }), (at, put) => {
      const authorization = text.slice(0, at) + put + text.slice(at + 1);
      const checked = checkProof({ region, headers: { ...headers, authorization } }, context);
      const isScoped = authorization.includes('/20260131/eu-central-1/sts/aws4_request');
      if (!isScoped) expect(checked).toMatchObject({ code: 'proof_invalid' });
    }),
  );
});

test('in whatever order statements arrive, none that was taken is older than one before it', () => {
  const dates = fc.array(fc.integer({ min: -3, max: 30 }), { maxLength: 20 });
  fc.assert(
    fc.property(dates, (arrivals) => {
      let instanceAt: string | undefined;
      for (const seconds of arrivals) {
        const at = new Date(Date.parse(NOW) + seconds * 1_000).toISOString();
        const isTaken = checkOrder(at, { createdAt: NOW, instanceAt }) === undefined;
        expect(isTaken).toBe(seconds >= 0 && (instanceAt === undefined || at > instanceAt));
        if (isTaken) instanceAt = at;
      }
    }),
  );
});
