/** The gateway's plain listener for the cloud's ingress, with a real HAProxy: what is served there, and who is believed. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSite, SHOP, type Site } from './gateway-stand.ts';

/** As HTTP APIs name themselves to an integration; nothing may rest on it. */
const LINK_HOST = 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com';

let site: Site;

beforeAll(async () => {
  site = await openSite();
});

afterAll(async () => {
  await site?.end();
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: site.ingressPort, agent: false, path, headers });
    outgoing.on('response', (answer) => {
      let body = '';
      answer.on('data', (part) => {
        body += String(part);
      });
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('the listener for the ingress', () => {
  test('leads to the same services as HTTPS does, by the host that the ingress names', async () => {
    const said = { host: LINK_HOST, 'x-isthmus-host': SHOP };
    const answers = await Promise.all(['/', '/cart/1', '/cartoon'].map((path) => ask(path, said)));
    expect(answers.map(({ body }) => body)).toEqual([site.red.address, site.blue.address, site.red.address]);
  });

  test("goes by the request's own host where the ingress names none", async () => {
    expect((await ask('/', { host: SHOP })).body).toBe(site.red.address);
    expect((await ask('/', { host: LINK_HOST })).status).toBe(404);
  });

  test('the service sees the client that the ingress names, and nothing else that was claimed', async () => {
    site.red.requests.length = 0;
    await ask('/who', {
      host: LINK_HOST,
      'x-isthmus-host': SHOP,
      'x-isthmus-client': '198.51.100.7',
      'x-isthmus-other': 'x',
      'x-forwarded-for': '10.6.6.6',
      'x-forwarded-proto': 'http',
      forwarded: 'for=10.6.6.6',
      via: '1.1 link',
    });
    const { connection, ...headers } = site.red.requests[0]?.headers ?? {};
    expect(connection ?? 'close').toBe('close');
    expect(headers).toEqual({
      host: SHOP,
      via: '1.1 link',
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': SHOP,
    });
  });

  test('a client that is no address leaves the one of the connection, and IPv6 is one', async () => {
    site.red.requests.length = 0;
    await ask('/', { host: SHOP, 'x-isthmus-client': 'root' });
    await ask('/', { host: SHOP, 'x-isthmus-client': '2001:db8::7' });
    expect(site.red.requests.map(({ headers }) => headers['x-forwarded-for'])).toEqual([
      '127.0.0.1',
      '2001:db8::7',
    ]);
  });

  test('refuses what HTTPS refuses', async () => {
    expect((await ask('/cart/%2e%2e/x', { host: SHOP })).status).toBe(400);
    expect((await ask('/', { host: 'nobody.example.com' })).status).toBe(404);
  });

  test('HTTPS does not believe what only the ingress may say', async () => {
    site.red.requests.length = 0;
    const named = await site.get(SHOP, '/', {
      'x-isthmus-host': 'nobody.example.com',
      'x-isthmus-client': '198.51.100.7',
    });
    expect(named.status).toBe(200);
    expect(site.red.requests[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(Object.keys(site.red.requests[0]?.headers ?? {})).not.toContain('x-isthmus-host');
  });
});
