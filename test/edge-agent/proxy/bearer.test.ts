/** Scenario 9: a token has one place in a request, and never goes on to the cluster. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bearerOf, passedProtocols } from '../../../edge-agent/proxy/bearer.ts';
import { passedUpgradeHeaders } from '../../../edge-agent/proxy/headers.ts';

const PREFIX = 'base64url.bearer.authorization.k8s.io.';
const asProtocol = (token: string) => `${PREFIX}${Buffer.from(token).toString('base64url')}`;
const offered = (...protocols: string[]) => ({ 'sec-websocket-protocol': protocols.join(', ') });

describe('a token', () => {
  test.each([
    ['in the header', { authorization: 'Bearer a.b.c' }, 'Bearer a.b.c'],
    ['as a subprotocol', offered('v5.channel.k8s.io', asProtocol('a.b.c')), 'Bearer a.b.c'],
    ['as the first subprotocol', offered(asProtocol('a.b.c'), 'v5.channel.k8s.io'), 'Bearer a.b.c'],
    ['nowhere', offered('v5.channel.k8s.io'), undefined],
  ])('is found %s', (_, headers, authorization) => {
    expect(bearerOf(headers)).toEqual({ kind: 'bearer', authorization });
  });

  test.each([
    ['twice', offered('v5.channel.k8s.io', asProtocol('a.b.c'), asProtocol('a.b.c'))],
    [
      'in both places',
      { ...offered('v5.channel.k8s.io', asProtocol('a.b.c')), authorization: 'Bearer a.b.c' },
    ],
    ['as the only subprotocol', offered(asProtocol('a.b.c'))],
    ['in other letters', offered('v5.channel.k8s.io', `${PREFIX}a+b/c=`)],
    ['with nothing in it', offered('v5.channel.k8s.io', PREFIX)],
    ['among too many', offered(...Array.from({ length: 16 }, (_, at) => `p${at}`), asProtocol('a.b.c'))],
  ])('is refused %s', (_, headers) => {
    expect(bearerOf(headers).kind).toBe('refused');
  });

  test('never goes on, in whatever place and spelling', () => {
    const protocol = fc.oneof(
      fc.constantFrom('v5.channel.k8s.io', 'v4.channel.k8s.io'),
      fc.string().map(asProtocol),
      fc.string().map((token) => asProtocol(token).toUpperCase()),
    );
    fc.assert(
      fc.property(fc.array(protocol, { maxLength: 6 }), (protocols) => {
        const passed = passedUpgradeHeaders(offered(...protocols))['sec-websocket-protocol'] ?? '';
        expect(passed.toLowerCase()).not.toContain('bearer');
        const others = protocols.filter((one) => !one.toLowerCase().includes('bearer'));
        expect(passed).toBe(others.join(', '));
      }),
    );
    expect(passedProtocols(offered(asProtocol('x')))).toBeUndefined();
  });
});
