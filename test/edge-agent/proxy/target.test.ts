/** Scenario 12: what is authorized is the very string that goes upstream, and nobody can read it in two ways. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isFollowing,
  isHeartbeat,
  isWayAround,
  readTarget,
  sessionOf,
} from '../../../edge-agent/proxy/target.ts';

fc.configureGlobal({ seed: 12 });

describe('a target', () => {
  test.each([
    ['/api/v1/pods?limit=500', '/api/v1/pods', 'limit=500'],
    ['/', '/', ''],
    ['/apis/', '/apis/', ''],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node', undefined, ''],
    ['/api/v1/namespaces/default/services/http:web:80/proxy/a/b.html', undefined, ''],
    [
      '/api/v1/pods?labelSelector=app%3Dweb%2Ctier+in+%28a%2Cb%29',
      '/api/v1/pods',
      'labelSelector=app%3Dweb%2Ctier+in+%28a%2Cb%29',
    ],
    ['/api/v1/namespaces/a%20b/pods', undefined, ''],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', undefined, ''],
    ['/api/v1/namespaces/a/services/b/proxy/%C3%A4%40', undefined, ''],
  ])('%s passes as it is', (raw, path = raw, query) => {
    expect(readTarget(raw)).toEqual({ kind: 'target', path, query });
  });

  test.each([
    '',
    '*',
    'api/v1',
    'https://elsewhere/api',
    '//api/v1/pods',
    '/api//v1/pods',
    '/api/v1/pods//',
    '/api/v1/../../metrics',
    '/api/./v1',
    '/api/v1/..',
    '/api/v1/%2e%2e/x',
    '/api/v1/.%2E/x',
    '/api/v1/namespaces/a%2fb',
    '/api/v1/namespaces/a%2Fb',
    '/api/v1/namespaces/a%5cb',
    '/api/v1\\pods',
    '/api/v1/pods;v=1',
    '/api/v1/pods%3bv=1',
    '/api/v1/namespaces/a/pods/b/%65xec',
    '/api/v1/namespaces/a/pods/b/e%78ec',
    '/api/v1/n%6Fdes',
    '/api/v%31/pods',
    '/api/v1/pods/a%2Db',
    '/api/v1/pods/a%5Fb',
    '/api/v1/pods/a%7eb',
    '/api/v1/%50ods',
    '/api/v1/pods#x',
    '/api/v1/pods%00',
    '/api/v1/pods%0d%0aX: y',
    '/api/v1/pods%252f',
    '/api/v1/pods%2',
    '/api/v1/pods%zz',
    '/api/v1/pöds',
    '/api/v1/po ds',
    '/api/v1/pods?a=b#c',
    '/api/v1/pods?a=b c',
    `/api/${'a'.repeat(9_000)}`,
  ])('%j is refused', (raw) => {
    expect(readTarget(raw).kind).toBe('refused');
  });

  test('that passes has one reading: no part of it, decoded any number of times, is another path', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%25',
      ';',
      '\\',
      'a',
      'pods',
      '//',
      '%41',
      '?',
      '#',
      ':',
      '%5C',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const read = readTarget(`/${pieces.join('')}`);
        if (read.kind === 'refused') return;
        const decoded = decodeURIComponent(read.path);
        expect(decodeURIComponent(decoded)).toBe(decoded);
        expect(new URL(read.path, 'https://h').pathname).toBe(read.path);
        // Letters have one spelling: what a rule sees is what a server sees.
        expect(read.path).not.toMatch(/%(?:4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])/);
        expect(decoded.split('/').length).toBe(read.path.split('/').length);
        expect(decoded.split('/').some((segment) => segment === '.' || segment === '..')).toBe(false);
        expect(decoded).not.toMatch(/\/\/|\\/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a path', () => {
  test.each([
    ['/api/v1/namespaces/a/pods/b/exec', 'exec'],
    ['/api/v1/namespaces/a/pods/b/attach', 'attach'],
    ['/api/v1/namespaces/a/pods/b/attach/', 'attach'],
    ['/api/v1/namespaces/a/pods/b/portforward', undefined],
    ['/api/v1/namespaces/a/pods/exec', undefined],
    ['/apis/x/v1/namespaces/a/pods/b/exec', undefined],
  ])('%s is a session to record: %s', (path, session) => {
    expect(sessionOf(path)).toBe(session);
  });

  test.each([
    ['/api/v1/nodes/n/proxy/exec/a/b/c', true],
    ['/api/v1/nodes/https:n:10250/proxy/run/a/b/c', true],
    ['/api/v1/nodes/n/proxy/attach/a/b/c', true],
    ['/api/v1/nodes/n/proxy/portForward/a/b', true],
    ['/api/v1/nodes/n/proxy/cri/exec/token', true],
    ['/api/v1/nodes/n/proxy/something-new', true],
    ['/api/v1/nodes/n/proxy/', true],
    ['/api/v1/nodes/n/proxy', true],
    ['/api/v1/nodes/n/proxy/metrics/cadvisor', false],
    ['/api/v1/nodes/n/proxy/stats/summary', false],
    ['/api/v1/nodes/n/proxy/containerLogs/a/b/c', false],
    ['/api/v1/nodes/n', false],
    ['/api/v1/nodes/n/status', false],
    ['/api/v1/namespaces/a/services/b/proxy/exec', false],
  ])('%s is a way around recordings: %s', (path, isOne) => {
    expect(isWayAround(path)).toBe(isOne);
  });

  test.each([
    ['/readyz', true],
    ['/livez/etcd', true],
    ['/version', true],
    ['/versions', false],
    ['/api/v1/pods', false],
  ])('%s is a heartbeat: %s', (path, isOne) => {
    expect(isHeartbeat(path)).toBe(isOne);
  });
});

describe('a query', () => {
  test.each([
    ['', false],
    ['watch=true', true],
    ['limit=500&watch=1', true],
    ['follow=true&container=a', true],
    ['watch=false', false],
    ['watch=0&limit=1', false],
    ['follow=falsehood', true],
    ['fieldSelector=watch%3Dtrue', false],
    ['unwatch=true', false],
  ])('%j asks to be told of what comes: %s', (query, isOne) => {
    expect(isFollowing(query)).toBe(isOne);
  });
});
