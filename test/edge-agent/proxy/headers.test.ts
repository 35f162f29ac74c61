/** Scenario 9: nobody is somebody else by a header, and no header passes that is not named. */
import { describe, expect, test } from 'vitest';
import {
  asksToImpersonate,
  impersonation,
  passedHeaders,
  passedResponseHeaders,
  passedUpgradeHeaders,
} from '../../../edge-agent/proxy/headers.ts';

const WHO = { subject: 'demo/ci/1', user: 'isthmus:demo:ci', groups: ['a', 'b'] };

describe('headers of a request', () => {
  test('pass only by name; who asks and how it is carried never does', () => {
    expect(
      passedHeaders({
        accept: 'application/json',
        'user-agent': 'kubectl/v1.34.4',
        authorization: 'Bearer x',
        connection: 'Impersonate-User, Accept',
        cookie: 'a=b',
        expect: '100-continue',
        forwarded: 'for=1.2.3.4',
        host: 'evil',
        'impersonate-user': 'system:admin',
        'proxy-authorization': 'Basic x',
        te: 'trailers',
        'transfer-encoding': 'chunked',
        upgrade: 'h2c',
        'x-forwarded-for': '1.2.3.4',
        'x-remote-group': 'system:masters',
        'x-remote-user': 'admin',
      }),
    ).toEqual({ accept: 'application/json', 'user-agent': 'kubectl/v1.34.4' });
  });

  test('of an upgrade pass what WebSocket and SPDY need, a repeated one joined', () => {
    const passed = passedUpgradeHeaders({
      'sec-websocket-key': 'k',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
      'x-stream-protocol-version': ['v4.channel.k8s.io', 'v3.channel.k8s.io'],
      origin: 'https://evil',
    });
    expect(passed).toEqual({
      'sec-websocket-key': 'k',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
      'x-stream-protocol-version': 'v4.channel.k8s.io, v3.channel.k8s.io',
    });
  });

  test.each(['impersonate-user', 'Impersonate-Group', 'impersonate-extra-x', 'IMPERSONATE-UID'])(
    '%s is seen as the wish to be somebody else',
    (name) => expect(asksToImpersonate({ [name]: 'x' })).toBe(true),
  );

  test('that are ours say who asks, and nothing that the client said', () => {
    expect(impersonation(WHO)).toEqual({
      'impersonate-user': 'isthmus:demo:ci',
      'impersonate-group': ['a', 'b'],
      'impersonate-extra-isthmus.dev%2fsubject': 'demo/ci/1',
    });
  });
});

describe('headers of an answer', () => {
  test('pass by name; warnings one by one', () => {
    expect(
      passedResponseHeaders({
        'content-type': 'application/json',
        'set-cookie': ['a=b'],
        connection: 'keep-alive',
        'transfer-encoding': 'chunked',
        warning: ['299 - "a"', '299 - "b"'],
        'access-control-allow-origin': '*',
      }),
    ).toEqual({ 'content-type': 'application/json', warning: ['299 - "a"', '299 - "b"'] });
  });

  test.each([
    ['/api/v1/x', '/api/v1/x'],
    ['https://169.254.169.254/', undefined],
    ['//elsewhere/', undefined],
    ['/\\elsewhere', undefined],
  ])('a redirect to %s passes as %s', (location, passed) => {
    expect(passedResponseHeaders({ location })['location']).toBe(passed);
  });
});
