/** Which pages may ask a cluster by its public name, and what. */
import { describe, expect, test } from 'vitest';
import { type Asking, originVerdict } from '../../../edge-agent/proxy/origin.ts';

const CONSOLE = 'https://console.example.com';
const HOST = 'prod.demo.clusters.example.com';
const LEAF = { browsers: { host: HOST, origins: [CONSOLE] } };
const POD = '/api/v1/namespaces/demo/pods/web-1';
const LOG: Asking = {
  method: 'GET',
  url: `${POD}/log?follow=true`,
  headers: { origin: CONSOLE },
  serverName: HOST,
};
const EXEC: Asking = {
  ...LOG,
  url: `${POD}/exec?command=sh`,
  headers: { origin: CONSOLE, upgrade: 'websocket' },
};
const FIRST: Asking = {
  ...LOG,
  method: 'OPTIONS',
  headers: { origin: CONSOLE, 'access-control-request-method': 'GET' },
};
const ALLOWED = { 'access-control-allow-origin': CONSOLE, vary: 'Origin' };

describe('a page of the console', () => {
  test.each([
    ['reads logs', LOG],
    ['opens a session', EXEC],
    ['attaches', { ...EXEC, url: `${POD}/attach` }],
  ])('%s', (_, asking) => {
    expect(originVerdict(asking, LEAF)).toEqual({ kind: 'allowed', headers: ALLOWED });
  });

  test('is told beforehand that it may read logs, with a token and nothing else', () => {
    expect(originVerdict(FIRST, LEAF)).toEqual({
      kind: 'preflight',
      headers: {
        ...ALLOWED,
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'authorization',
        'access-control-max-age': '600',
      },
    });
  });

  test.each([
    ['list', { ...LOG, url: '/api/v1/namespaces/demo/pods' }],
    ['read secrets', { ...LOG, url: '/api/v1/namespaces/demo/secrets/log' }],
    ['delete', { ...LOG, method: 'DELETE', url: POD }],
    ['run without a session', { ...LOG, url: `${POD}/exec?command=sh` }],
    ['forward ports', { ...EXEC, url: `${POD}/portforward` }],
    ['watch by WebSocket', { ...EXEC, url: '/api/v1/pods?watch=true' }],
    ['go by a node', { ...EXEC, url: '/api/v1/nodes/n/proxy/exec/a/b/c' }],
    ['post', { ...EXEC, method: 'POST' }],
    [
      'ask whether it may delete',
      { ...FIRST, headers: { ...FIRST.headers, 'access-control-request-method': 'DELETE' } },
    ],
    ['ask whether it may list', { ...FIRST, url: '/api/v1/pods' }],
  ])('can not %s', (_, asking) => {
    expect(originVerdict(asking, LEAF).kind).toBe('refused');
  });
});

describe('any other page', () => {
  test.each([
    'https://evil.example.com',
    'http://console.example.com',
    'https://console.example.com.evil.example',
    'https://CONSOLE.example.com',
    `${CONSOLE}:8443`,
    `https://${HOST}`,
    'null',
    '',
  ])('of %s is refused, whatever it asks', (origin) => {
    for (const asking of [LOG, EXEC, FIRST])
      expect(originVerdict({ ...asking, headers: { ...asking.headers, origin } }, LEAF).kind).toBe('refused');
  });

  test('is refused if it claims two origins', () => {
    expect(originVerdict({ ...LOG, headers: { origin: [CONSOLE, CONSOLE] } }, LEAF).kind).toBe('refused');
  });
});

describe('nothing is said of origins', () => {
  test.each([
    ['to a program', { ...LOG, headers: {} }, LEAF],
    [
      'to a library that sends an origin to the internal name',
      { ...LOG, serverName: 'prod.demo.clusters.isthmus.internal' },
      LEAF,
    ],
    ['where there is no public name', LOG, {}],
  ])('%s', (_, asking, leaf) => {
    expect(originVerdict(asking, leaf)).toEqual({ kind: 'none' });
  });
});
