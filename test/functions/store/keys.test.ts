/** The key design: every key once, no key in two partitions, and text order where order is promised. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agentKey,
  changeOf,
  eventKey,
  hostKey,
  isPossible,
  itemKey,
  ledgerKey,
  livenessPartKey,
  manifestPartKey,
  manifestPrefix,
  manifestRange,
  partitionOf,
} from '../../../functions/store/keys.ts';
import type { Kind } from '../../../functions/store/port.ts';
import { compareVersions } from '../../../protocol/document.ts';

const KINDS: readonly Kind[] = [
  'tenant',
  'site',
  'service',
  'route',
  'policy',
  'edge',
  'hub',
  'token',
  'key',
  'cluster',
  'app',
  'pool',
];
const kind = fc.constantFrom(...KINDS);
const HASH = 'a'.repeat(64);
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/);
const tenant = fc.oneof(fc.constant('*'), fc.constantFrom('agent', 'host', 'ledger', 'event'), label);
const name = fc.oneof(
  label,
  fc.tuple(label, label).map((parts) => parts.join('/')),
);
const itemKeys = fc.record({ kind, tenant, name }, { noNullPrototype: true });
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a#b', '#', '', '*', '**', 'a\n'));
const agent = fc.oneof(
  fc.tuple(label, label).map((parts) => `edge.${parts.join('.')}`),
  label.map((hub) => `hub.${hub}`),
);

describe('keys', () => {
  it.each([
    [itemKey({ kind: 'site', tenant: 'acme', name: 'berlin' }), { pk: 'acme#site', sk: 'berlin' }],
    [itemKey({ kind: 'tenant', tenant: '*', name: 'acme' }), { pk: '*#tenant', sk: 'acme' }],
    [
      itemKey({ kind: 'service', tenant: 'acme', name: 'berlin/db' }),
      { pk: 'acme#service', sk: 'berlin/db' },
    ],
    [agentKey('edge.acme.berlin', 'document'), { pk: 'agent#edge.acme.berlin', sk: 'document' }],
    [agentKey('hub.a', 'liveness'), { pk: 'agent#hub.a', sk: 'liveness' }],
    [livenessPartKey('hub.a', { round: 7, index: 2 }), { pk: 'agent#hub.a', sk: 'liveness#1#0002' }],
    [
      manifestPartKey('hub.a', { epoch: 1, generation: 20, manifestHash: HASH }, 3),
      { pk: 'agent#hub.a', sk: `manifest#0000000000000001.0000000000000020#${HASH}#0003` },
    ],
    [ledgerKey('100.64.0.0/16'), { pk: 'ledger', sk: '100.64.0.0/16' }],
    [hostKey('Shop.Example.com'), { pk: 'host', sk: 'shop.example.com' }],
    [
      eventKey({ tenant: 'acme', time: '2026-01-31T12:00:00Z', id: 'e1' }),
      { pk: 'acme#event', sk: '2026-01-31T12:00:00.000Z#e1' },
    ],
  ])('are as the design says: %j', (key, expected) => {
    expect(key).toStrictEqual(expected);
  });

  it('lead back from the table to the resource', () => {
    fc.assert(
      fc.property(itemKeys, (key) => {
        expect(changeOf(itemKey(key))).toStrictEqual({ key });
      }),
    );
  });

  it('of documents, reports, ledgers, hosts and events are no resources', () => {
    fc.assert(
      fc.property(agent, tenant, label, (id, owner, host) => {
        const time = '2026-01-31T12:00:00Z';
        const others = [
          agentKey(id, 'report'),
          manifestPartKey(id, { epoch: 1, generation: 1, manifestHash: HASH }, 0),
          livenessPartKey(id, { round: 0, index: 1 }),
          ledgerKey('100.64.0.0/16'),
          hostKey(host),
          eventKey({ tenant: owner, time, id: 'e' }),
        ];
        expect(others.map(changeOf)).toStrictEqual(others.map(() => undefined));
      }),
    );
  });

  it('of different resources differ, whatever their tenants and names hold', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '-', '*', '#', '/', '\n'),
      minLength: 1,
      maxLength: 3,
    });
    const hostile = fc.record({ kind, tenant: text, name: text }).filter(isPossible);
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const same = one.kind === other.kind && one.tenant === other.tenant && one.name === other.name;
        expect(JSON.stringify(itemKey(one)) === JSON.stringify(itemKey(other))).toBe(same);
      }),
    );
  });

  it('never put an agent into a partition of a tenant', () => {
    fc.assert(
      fc.property(agent, tenant, kind, (id, owner, of) => {
        const partition = agentKey(id, 'document').pk;
        expect(partition).not.toBe(partitionOf(of, owner));
        expect(partition).not.toBe(partitionOf('event', owner));
      }),
    );
  });

  it('are refused for what is not possible, with a coded error', () => {
    fc.assert(
      fc.property(fc.record({ kind, tenant: anyText, name: anyText }), (key) => {
        fc.pre(!isPossible(key));
        expect(() => itemKey(key)).toThrow(expect.objectContaining({ code: 'store.bad_key' }));
      }),
    );
  });

  it('of the parts of a manifest end where those of a higher version begin', () => {
    const numbers = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.maxSafeNat());
    const versions = fc.record({ epoch: numbers, generation: numbers }, { noNullPrototype: true });
    fc.assert(
      fc.property(versions, versions, (one, other) => {
        const { sk } = manifestPartKey('hub.a', { ...one, manifestHash: HASH }, 0);
        const { prefix, end } = manifestRange(other);
        expect(sk.startsWith(prefix)).toBe(true);
        expect(sk < end).toBe(compareVersions(one, other) <= 0);
      }),
    );
    const strange = { epoch: 1, generation: 1, manifestHash: 'a#b' };
    expect(() => manifestPrefix(strange)).toThrow("This hash can't be stored");
  });

  it('of events are in the order of their times', () => {
    const moment = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        const keyOf = (at: Date) => eventKey({ tenant: '*', time: at.toISOString(), id: 'e' }).sk;
        expect(keyOf(one) < keyOf(other)).toBe(one.getTime() < other.getTime());
      }),
    );
  });

  it('refuse an event whose time is none', () => {
    expect(() => eventKey({ tenant: '*', time: 'soon', id: 'e' })).toThrow("This time can't be stored");
  });
});
