/** Slots in documents: which have a leaf, what is in it, and what belongs into a VPC's prefix list. */
import { describe, expect, test } from 'vitest';
import type { HubFacts } from '../../../functions/domain/estate.ts';
import { nativePrefixesOf } from '../../../functions/domain/slot.ts';
import type { Slot } from '../../../protocol/slot.ts';
import { DEPLOYMENT, documents, edge, hub, site, tenant } from './estates.ts';

const VPC = { tenant: 'red', site: 'cloud' };

function slotHub(name: string, more: Partial<Slot> = {}, facts: Partial<HubFacts> = {}): HubFacts {
  const slot: Slot = {
    account: '123456789012',
    role: `hub-${name}`,
    vpc: 'vpc-11111111',
    interface: `eni-0000000${name}`,
    address: '172.31.0.10',
    publicKey: `key of hub ${name}`,
    secret: `hub-${name}`,
    queue: `https://sqs.eu-central-1.amazonaws.com/123456789012/hub-${name}`,
    table: 'isthmus',
    prefixList: 'pl-11111111',
    ...more,
  };
  return hub(name, { vpc: VPC, slot, ...facts });
}

function estate(hubs: readonly HubFacts[], native = true) {
  const red = tenant('red', {
    sites: [
      site('red', 'oslo', {
        prefixes: [
          { real: '10.1.0.0/24', virtual: '100.65.1.0/24' },
          { real: '10.0.0.0/24', virtual: '100.65.0.0/24' },
        ],
        native: native ? ['cloud'] : [],
      }),
      site('red', 'rome', {
        prefixes: [{ real: '10.2.0.0/24', virtual: '100.65.2.0/24' }],
        native: ['cloud'],
      }),
      site('red', 'cloud', {
        kind: 'vpc',
        prefixes: [{ real: '172.31.0.0/24', virtual: '100.66.0.0/24' }],
        native: ['oslo'],
      }),
    ],
    edges: [edge('red', 'oslo')],
  });
  return { deployment: DEPLOYMENT, hubs, tenants: [red] };
}

function leafOf(of: ReturnType<typeof estate>, name: string) {
  return documents(of)[`hub.${name}`]?.['slot'];
}

describe('the slot leaf', () => {
  const discovery = { service: 'srv-1', instance: 'b' };
  const hubs = [slotHub('b', { discovery }), slotHub('a'), hub('d')];

  test('names the pools, the prefix list, and the hubs that share the routes, by name', () => {
    expect(leafOf(estate(hubs), 'a')).toEqual({
      kind: 'slot',
      vpc: 'vpc-11111111',
      queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/hub-a',
      table: 'isthmus',
      destinations: ['100.64.0.0/10', 'pl-11111111'],
      hubs: [
        { name: 'a', interface: 'eni-0000000a' },
        { name: 'b', interface: 'eni-0000000b', discovery },
      ],
    });
  });

  test('is in the documents of hubs with slots and in no other', () => {
    const with_ = Object.entries(documents(estate(hubs))).filter(([, leaves]) => 'slot' in leaves);
    expect(with_.map(([agent]) => agent).sort()).toEqual(['hub.a', 'hub.b']);
  });

  test('shares with no hub of another group or VPC', () => {
    const others = [slotHub('b', {}, { group: 'other' }), slotHub('c', { vpc: 'vpc-22222222' })];
    const leaf = leafOf(estate([slotHub('a'), ...others]), 'a');
    expect(leaf).toMatchObject({ hubs: [{ name: 'a' }] });
  });

  test('names the prefix list only while something belongs into it', () => {
    expect(leafOf(estate(hubs, false), 'a')).toMatchObject({ destinations: ['100.64.0.0/10'] });
    const listless = [slotHub('a', { prefixList: undefined })];
    expect(leafOf(estate(listless), 'a')).toMatchObject({ destinations: ['100.64.0.0/10'] });
  });

  test('holds nothing of the account, the role or the secret', () => {
    expect(JSON.stringify(leafOf(estate([slotHub('a')]), 'a'))).not.toMatch(/"(account|role|secret)"/);
  });
});

describe('the native prefixes of a VPC', () => {
  test('are those of its native peers, sorted; it takes both to ask', () => {
    expect(nativePrefixesOf(estate([]), VPC)).toEqual(['10.0.0.0/24', '10.1.0.0/24']);
    expect(nativePrefixesOf(estate([], false), VPC)).toEqual([]);
  });

  test('of a site that is not there are none', () => {
    expect(nativePrefixesOf(estate([]), { tenant: 'red', site: 'gone' })).toEqual([]);
    expect(nativePrefixesOf(estate([]), { tenant: 'blue', site: 'cloud' })).toEqual([]);
  });
});
