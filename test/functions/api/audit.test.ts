/** The audit log: who, from where, what changed, and what was refused; found by filters, handed out as lines, and never filled by who is refused. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createAllocator } from '../../../functions/reconcile/allocate.ts';
import { deliverAll } from '../../../functions/reconcile/sweep.ts';
import type { Event } from '../../../protocol/event.ts';
import { type Bench, createBench, putKey, readReply, START } from './bench.ts';
import { edit, make, remove, SITE, withSite } from './estates.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await withSite(bench);
});

async function deliver(): Promise<void> {
  const { store, clock } = bench;
  const pools = ['100.64.0.0/10'];
  await deliverAll({ store, clock, pools, allocator: createAllocator({ store, clock, pools }) });
}

async function logged(query = '', path = '/v1/tenants/acme/events'): Promise<Event[]> {
  await deliver();
  return (await bench.call('GET', `${path}${query}`)).json.items;
}

describe('an entry', () => {
  test('says who did it and what changed, without what is secret', async () => {
    bench.clock.pass(1);
    await edit(bench, '/v1/tenants/acme/sites/berlin', { ...SITE, prefixes: ['10.1.0.0/24', '10.2.0.0/24'] });
    bench.clock.pass(1);
    await remove(bench, '/v1/tenants/acme/sites/berlin');
    const events = await logged('?kind=site');
    expect(events.map(({ action, result, by }) => ({ action, result, by }))).toEqual(
      ['delete', 'update', 'create'].map((action) => ({
        action,
        result: 'done',
        by: { kind: 'key', name: 'root', tenant: '*' },
      })),
    );
    expect(events[1]?.changes).toContainEqual({
      path: '/prefixes',
      before: '["10.1.0.0/24"]',
      after: '["10.1.0.0/24","10.2.0.0/24"]',
    });
    const created = events[2]?.changes ?? [];
    expect(created.find(({ path }) => path === '/allotment')).toEqual({
      path: '/allotment',
      after: '["10.0.0.0/8"]',
    });
  });

  test('says from where, as the platform saw it and not as a header says', async () => {
    const headers = {
      authorization: `Bearer ${await putKey(bench.store, 'acme', 'admin')}`,
      'content-type': 'application/json',
      'x-forwarded-for': '203.0.113.99',
    };
    const body = JSON.stringify({ metadata: { name: 'k' }, spec: { role: 'viewer' } });
    const init = { method: 'POST', headers, body };
    const bindings = { source: '::ffff:198.51.100.7' };
    const reply = await readReply(await bench.api.request('/v1/tenants/acme/keys', init, bindings));
    expect(reply.status).toBe(201);
    expect((await logged('?kind=key&name=k'))[0]).toMatchObject({
      from: '198.51.100.7',
      actor: 'key:admin',
      by: { kind: 'key', name: 'admin', tenant: 'acme' },
    });
  });

  test('of an earlier version is still read', async () => {
    const old = {
      id: 'old',
      time: START,
      tenant: 'acme',
      actor: 'key:x',
      action: 'create',
      kind: 'site',
      name: 's',
      detail: 'd',
    } as const;
    await bench.store.writeEvent(old);
    expect(await logged('?name=s&result=done')).toEqual([old]);
  });
});

describe('a refused write', () => {
  const write = (key: string | null, name = 'x') =>
    bench.call('POST', '/v1/tenants/acme/sites', { key, body: { metadata: { name }, spec: SITE } });

  test('is in the log with its reason', async () => {
    const key = await putKey(bench.store, 'acme', 'viewer');
    await write(key);
    expect(await logged('?result=refused')).toMatchObject([
      {
        actor: 'key:viewer',
        action: 'refuse',
        kind: 'site',
        detail:
          'Refused to write site: No role of this caller gives the right to write site; there is: viewer.',
      },
    ]);
  });

  test('is there although the role sufficed to ask: of what the caller may not give', async () => {
    await make(bench, ['/v1/tenants/acme/roles', 'staff'], { rules: [{ kinds: ['key'], verbs: ['*'] }] });
    const created = await make(bench, ['/v1/tenants/acme/keys', 'k'], { role: 'staff' });
    const body = { metadata: { name: 'more' }, spec: { role: 'admin' } };
    const { secret: key } = created.json;
    expect((await bench.call('POST', '/v1/tenants/acme/keys', { key, body })).json.code).toBe('forbidden');
    expect(await logged('?result=refused')).toMatchObject([{ actor: 'key:k', kind: 'key' }]);
  });

  test('of a stranger is in his own log, and of nobody in that of the deployment', async () => {
    await make(bench, ['/v1/tenants', 'other']);
    await write(await putKey(bench.store, 'other', 'admin'));
    await write('isk_nonsense');
    expect(await logged('?result=refused')).toEqual([]);
    expect(await logged('?result=refused', '/v1/tenants/other/events')).toMatchObject([
      { actor: 'key:admin' },
    ]);
    expect(await logged('?result=refused', '/v1/events')).toMatchObject([
      { actor: 'nobody', by: { kind: 'nobody' } },
    ]);
  });

  test('is told the first, the tenth and the hundredth time in a minute', async () => {
    const key = await putKey(bench.store, 'acme', 'viewer');
    for (let count = 0; count < 120; count += 1) await write(key, `x${count}`);
    expect(
      (await logged('?result=refused')).map(({ detail }) => /write (\d+) of/.exec(detail)?.[1] ?? '1').sort(),
    ).toEqual(['1', '10', '100']);
    bench.clock.pass(60);
    await write(key);
    expect(await logged('?result=refused')).toHaveLength(4);
  });

  test('is not told of a read', async () => {
    await bench.call('GET', '/v1/hubs', { key: await putKey(bench.store, 'acme', 'viewer') });
    expect(await logged('?result=refused')).toEqual([]);
  });
});

describe('the list', () => {
  beforeEach(async () => {
    for (let index = 0; index < 9; index += 1) {
      bench.clock.pass(60);
      await make(
        bench,
        [`/v1/tenants/acme/${index % 2 === 0 ? 'sites' : 'keys'}`, `n${index}`],
        index % 2 === 0 ? SITE : { role: 'viewer' },
      );
    }
  });
  const at = (minutes: number) => new Date(Date.parse(START) + minutes * 60_000).toISOString();

  test('is filtered by kind, name, action, actor and time', async () => {
    const names = async (query: string) => (await logged(query)).map(({ name }) => name);
    expect(await names('?kind=key')).toEqual(['n7', 'n5', 'n3', 'n1']);
    expect(await names(`?since=${at(8)}`)).toEqual(['n8', 'n7']);
    expect(await names(`?since=${at(3)}&until=${at(5)}`)).toEqual(['n3', 'n2']);
    expect(await names('?name=n4&action=create')).toEqual(['n4']);
    expect(await names('?actor=key:nobody')).toEqual([]);
  });

  test('comes whole in pages, whatever the filter and the limit', async () => {
    await deliver();
    for (const limit of [1, 2, 3, 50]) {
      const names: string[] = [];
      let page = '';
      do {
        const { json } = await bench.call('GET', `/v1/tenants/acme/events?kind=key&limit=${limit}${page}`);
        names.push(...json.items.map(({ name }: Event) => name));
        page = json.next === undefined ? '' : `&page=${json.next}`;
      } while (page !== '');
      expect(names).toEqual(['n7', 'n5', 'n3', 'n1']);
    }
  });

  test('refuses the page of another filter', async () => {
    await deliver();
    const { json } = await bench.call('GET', '/v1/tenants/acme/events?kind=key&limit=1');
    expect(
      (await bench.call('GET', `/v1/tenants/acme/events?kind=site&limit=1&page=${json.next}`)).json.code,
    ).toBe('invalid');
  });

  test('is exported as lines, on and on by Link', async () => {
    const all = await logged();
    const lines: Event[] = [];
    let path: string | undefined = '/v1/tenants/acme/events/export?limit=4';
    while (path !== undefined) {
      const reply = await bench.call('GET', path);
      expect(reply.headers.get('content-type')).toBe('application/jsonl');
      lines.push(
        ...reply.text
          .split('\n')
          .filter(Boolean)
          .map((line): Event => JSON.parse(line)),
      );
      path = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get('link') ?? '')?.[1];
    }
    expect(lines).toEqual(all);
  });
});
