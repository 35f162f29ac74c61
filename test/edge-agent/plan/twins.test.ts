/** The links between hubs, and which edges are reached by them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { desired } from '../../../edge-agent/plan/desired.ts';
import { interfaceName } from '../../../edge-agent/plan/fingerprint.ts';
import { hubFirewall } from '../../../edge-agent/plan/firewall.ts';
import { detoursOf, LEG_LOST_MS, twinLinks } from '../../../edge-agent/plan/twins.ts';
import type { Document, Leaf } from '../../../protocol/document.ts';
import { factsOf, keyOf } from './documents.ts';

const NAMES = ['alpha', 'beta', 'gamma'];
const BASE_PORT = 51_820;

function addressOf(name: string): string {
  return `198.51.100.${10 + NAMES.indexOf(name)}`;
}

/** What the hub of this name is told, in a group of all three. */
function documentOf(name: string, more: Record<string, Leaf> = {}): Document {
  const twins = NAMES.filter((other) => other !== name).map((other) => ({
    name: other,
    publicKey: keyOf(`hub ${other}`),
    endpoint: `${addressOf(other)}:${BASE_PORT}`,
    tunnelAddress: `100.64.0.${1 + NAMES.indexOf(other)}`,
  }));
  const self: Leaf = {
    kind: 'self',
    agent: `hub.${name}`,
    role: 'hub',
    tunnelAddress: `100.64.0.${1 + NAMES.indexOf(name)}`,
    pools: ['100.64.0.0/10'],
    domain: 'isthmus.internal',
    pollSeconds: 30,
    listenPort: BASE_PORT,
  };
  return {
    version: { epoch: 1, generation: 1 },
    leaves: { self, twins: { kind: 'twins', hubs: twins }, ...more },
  };
}

describe('links', () => {
  test('both ends of every link agree on its ports, and no two links of a hub share one', () => {
    const links = NAMES.flatMap((from) => twinLinks(documentOf(from)).map((link) => ({ from, ...link })));
    for (const link of links) {
      const back = links.find(({ from, name }) => from === link.name && name === link.from);
      expect(link.endpoint).toBe(`${addressOf(link.name)}:${back?.listenPort}`);
    }
    for (const from of NAMES) {
      const ports = links.filter((link) => link.from === from).map(({ listenPort }) => listenPort);
      expect(new Set([BASE_PORT, ...ports]).size).toBe(NAMES.length);
    }
  });
});

describe('detours', () => {
  const up = (name: string) => ({ name, state: 'up' });

  test('an edge goes by the first twin that is up once its leg has been silent too long', () => {
    const legs = [
      { agent: 'edge.a.fresh', ageMs: LEG_LOST_MS },
      { agent: 'edge.a.lost', ageMs: LEG_LOST_MS + 1 },
    ];
    expect(detoursOf(legs, [{ name: 'alpha', state: 'down' }, up('beta'), up('gamma')], 0)).toEqual({
      'edge.a.lost': 'beta',
    });
  });

  test('an edge that has never asked is given as long as a lost one', () => {
    const legs = [{ agent: 'edge.a.new', ageMs: undefined }];
    expect([
      detoursOf(legs, [up('beta')], LEG_LOST_MS),
      detoursOf(legs, [up('beta')], LEG_LOST_MS + 1),
    ]).toEqual([{}, { 'edge.a.new': 'beta' }]);
  });

  test('without a twin that is up there is none, whatever is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(), { nil: undefined })),
        fc.constantFrom('down', 'unknown'),
        (ages, state) => {
          const legs = ages.map((ageMs, index) => ({ agent: `edge.a.n${index}`, ageMs }));
          expect(detoursOf(legs, [{ name: 'beta', state }], 100_000)).toEqual({});
        },
      ),
    );
  });
});

describe('a hub with a lost leg', () => {
  const peer = {
    kind: 'peer',
    tenant: 'a',
    site: 'rome',
    edge: 'rome',
    agent: 'edge.a.rome',
    publicKey: keyOf('edge rome'),
    tunnelAddress: '100.64.0.9',
    virtual: ['100.65.0.0/24'],
    native: ['10.3.0.0/24'],
  } as const;
  const leaf: Leaf = { ...peer, virtual: [...peer.virtual], native: [...peer.native] };
  const document = documentOf('alpha', { 'peer/a/rome/rome': leaf });
  const stateWith = (detours: Record<string, string>) => {
    const result = desired({
      document,
      facts: { ...factsOf('hub'), agent: 'hub.alpha' },
      choice: { mtuByHub: {}, detours },
    });
    if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
    return result.state;
  };
  const main = interfaceName('hub.alpha', 'hub.alpha');
  const link = interfaceName('hub.alpha', 'beta');

  test("moves the edge's prefixes to the link and nothing else: not its own address, by which it is probed", () => {
    const whole = stateWith({}).routes;
    const lost = stateWith({ 'edge.a.rome': 'beta' }).routes;
    const added = lost.filter(
      ({ prefix, device }) => !whole.some((route) => route.prefix === prefix && route.device === device),
    );
    expect(added).toEqual([
      { prefix: '10.3.0.0/24', device: link },
      { prefix: '100.65.0.0/24', device: link },
    ]);
    expect(whole).toContainEqual({ prefix: '10.3.0.0/24', device: main });
    expect(whole).toContainEqual({ prefix: '100.64.0.0/10', device: main });
  });

  test('keeps every peer where it is, so that nothing is lost when the leg is back', () => {
    expect(stateWith({ 'edge.a.rome': 'beta' }).interfaces).toEqual(stateWith({}).interfaces);
  });

  test('never sends back to a hub what came from one', () => {
    const { firewall } = stateWith({});
    if (firewall?.rules.role !== 'hub') throw new Error('no firewall of a hub');
    const devices = `{ ${firewall.rules.links.map((device) => `"${device}"`).join(', ')} }`;
    expect(firewall.rules.links).toHaveLength(2);
    const rules = hubFirewall(firewall.rules)
      .text.split('\n')
      .map((line) => line.trim());
    const at = rules.findIndex((line) =>
      line.startsWith(`iifname ${devices} oifname ${devices} counter name no_way drop`),
    );
    const accept = rules.findIndex((line) => line.startsWith('iifname "ist*" oifname "ist*" accept'));
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(accept);
  });
});

describe('a hub in a VPC whose routes another hub owns', () => {
  const network: Leaf = {
    kind: 'network',
    tenant: 'a',
    site: 'cloud',
    prefixes: [{ real: '172.31.0.0/24', virtual: '100.65.9.0/24' }],
    lan: 'routed',
    native: [],
  };
  const stateWith = (vpcVia: string | undefined) => {
    const result = desired({
      document: documentOf('alpha', { network }),
      facts: { ...factsOf('hub'), agent: 'hub.alpha' },
      choice: { mtuByHub: {}, vpcVia },
    });
    if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
    return result.state;
  };
  const link = interfaceName('hub.alpha', 'beta');

  test('leads what is for the VPC to the owner, and has the same firewall as before: a change of owner is a change of a route', () => {
    const own = stateWith(undefined);
    const other = stateWith('beta');
    expect(other.routes.filter(({ prefix }) => prefix === '100.65.9.0/24')).toEqual([
      { prefix: '100.65.9.0/24', device: link },
    ]);
    expect(own.routes.filter(({ prefix }) => prefix === '100.65.9.0/24')).toEqual([]);
    expect({ ...other, routes: [] }).toEqual({ ...own, routes: [] });
  });

  test('delivers itself where the owner is no hub that it has a link to', () => {
    expect(stateWith('stranger')).toEqual(stateWith(undefined));
  });

  test('tracks no packet that goes on by a link', () => {
    const rules = stateWith(undefined).firewall?.text ?? '';
    expect(rules).toMatch(/ip daddr @own_virtual fib daddr oifname \{ "ist[^}]*\} notrack/);
  });
});
