/** Laws of the plan, on a host that holds state: it converges, it leaves alone what is right, and nothing is open in between. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { desired } from '../../../edge-agent/plan/desired.ts';
import { closedState } from '../../../edge-agent/plan/desired-input.ts';
import { planSteps } from '../../../edge-agent/plan/plan.ts';
import type { DesiredState } from '../../../edge-agent/plan/state.ts';
import type { Step } from '../../../edge-agent/plan/steps.ts';
import { permits } from '../../fakes/firewall-verdict.ts';
import { FakeHost, type Probe } from '../../fakes/host.ts';
import {
  EDGES,
  edgeScene,
  factsOf,
  HUBS,
  hubOf,
  hubScene,
  keyOf,
  nextKeyOf,
  type Scene,
  VIRTUAL,
} from './documents.ts';

const ROLES = ['edge', 'hub'] as const;
type Role = (typeof ROLES)[number];
const RUNS = { numRuns: 150, seed: 20_26 };

/** What should be for a scene; without one, the closed state. */
function stateOf(role: Role, scene: Scene | undefined): DesiredState {
  if (!scene) return closedState();
  const result = desired({ ...scene, facts: factsOf(role) });
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.findings));
  return result.state;
}

function sceneOf(role: Role): fc.Arbitrary<Scene | undefined> {
  return fc.option(role === 'edge' ? edgeScene : hubScene, { nil: undefined, freq: 10 });
}

/** Accidents between two documents. */
const accident = fc.constantFrom('none' as const, 'firewall' as const, 'daemon' as const);
type Accident = 'none' | 'firewall' | 'daemon';

interface Turn {
  readonly role: Role;
  readonly before: Scene | undefined;
  readonly after: Scene | undefined;
  readonly accident: Accident;
}

function turns(role: Role): fc.Arbitrary<Turn> {
  return fc.record({ role: fc.constant(role), before: sceneOf(role), after: sceneOf(role), accident });
}

function hostBefore({ role, before, accident: what }: Turn): FakeHost {
  const host = new FakeHost();
  host.takeAll(planSteps(stateOf(role, before), host.observe()));
  const [device] = Object.keys(host.observe().interfaces);
  if (what === 'firewall') host.loseFirewall();
  if (what === 'daemon' && device !== undefined) host.loseInterface(device);
  return host;
}

function planOf(turn: Turn, host: FakeHost): Step[] {
  return planSteps(stateOf(turn.role, turn.after), host.observe());
}

const LAN_SOURCES = ['10.0.0.7', '10.0.2.7', '10.200.0.1'];
const OWN_ADDRESSES = ['100.65.0.7', '100.65.1.7', '100.65.2.7', '10.0.0.7', '10.0.1.7'];
const FAR_ADDRESSES = ['100.66.0.7', '100.66.1.7', '10.8.0.7', '10.9.0.7'];
const PORTS = [
  { protocol: 'tcp', port: 80 },
  { protocol: 'udp', port: 53 },
  { protocol: 'tcp', port: 22 },
] as const;

function edgeProbes(): Probe[] {
  const peers = HUBS.map((name) => hubOf(name).publicKey);
  const inward = peers.flatMap((peer) =>
    pairsOf(FAR_ADDRESSES, OWN_ADDRESSES).map((pair) => ({ ...pair, peer, side: 'tunnel' as const })),
  );
  const outward = pairsOf(LAN_SOURCES, FAR_ADDRESSES).map((pair) => ({ ...pair, side: 'lan' as const }));
  return [...inward, ...outward].flatMap((probe) => PORTS.map((port) => ({ ...probe, ...port })));
}

function hubProbes(): Probe[] {
  const peers = [...['a', 'b', 'c', 'd', 'e'].map((name) => keyOf(`edge ${name}`)), ...EDGES.map(nextKeyOf)];
  const addresses = [...VIRTUAL.map((prefix) => prefix.replace('.0/24', '.7')), '100.64.1.1', '100.64.1.2'];
  const tcp = { protocol: 'tcp', port: 80, side: 'tunnel' } as const;
  return peers.flatMap((peer) => pairsOf(addresses, addresses).map((pair) => ({ ...pair, peer, ...tcp })));
}

function pairsOf(sources: readonly string[], destinations: readonly string[]) {
  return sources.flatMap((source) => destinations.map((destination) => ({ source, destination })));
}

const PROBES: Record<Role, readonly Probe[]> = { edge: edgeProbes(), hub: hubProbes() };

/** Flows that a host lets through. An edge may be entered by any hub, so by which does not matter. */
function openFlows(role: Role, host: FakeHost): Set<string> {
  const open = PROBES[role].flatMap((probe) => {
    const end = host.delivers(probe);
    const { source, destination, protocol, port, side, peer } = probe;
    const ends = role === 'hub' ? `${peer} ${end}` : side;
    return end === undefined ? [] : [`${source} ${destination} ${protocol} ${port} ${ends}`];
  });
  return new Set(open);
}

describe.each(ROLES)('between any two documents of the role %s,', (role) => {
  test('the plan converges: applied once, nothing is left to do', () => {
    fc.assert(
      fc.property(turns(role), (turn) => {
        const host = hostBefore(turn);
        host.takeAll(planOf(turn, host));
        expect(planOf(turn, host)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('scenario 20: an agent that is killed after any step and starts again ends in the same state', () => {
    fc.assert(
      fc.property(turns(role), fc.nat(), (turn, at) => {
        const whole = hostBefore(turn);
        const steps = planOf(turn, whole);
        whole.takeAll(steps);
        const killed = hostBefore(turn).takeAll(steps.slice(0, at % (steps.length + 1)));
        killed.takeAll(planOf(turn, killed));
        expect(killed.observe()).toEqual(whole.observe());
      }),
      RUNS,
    );
  });

  test('after each step no more passes than before or after the change', () => {
    fc.assert(
      fc.property(turns(role), (turn) => {
        const host = hostBefore(turn);
        const steps = planOf(turn, host);
        const allowed = new Set([
          ...openFlows(role, host),
          ...openFlows(role, hostBefore(turn).takeAll(steps)),
        ]);
        for (const step of steps) {
          host.take(step);
          expect([...openFlows(role, host)].filter((flow) => !allowed.has(flow))).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  test('what the new firewall forbids is closed as soon as it is loaded', () => {
    fc.assert(
      fc.property(turns(role), (turn) => {
        const host = hostBefore(turn);
        const rules = stateOf(role, turn.after).firewall?.rules;
        const forbidden = PROBES[role].filter((probe) => rules && !permits(rules, probe));
        const steps = planOf(turn, host);
        const loaded = steps.findIndex(({ kind }) => kind === 'loadFirewall');
        host.takeAll(steps.slice(0, loaded + 1));
        for (const step of steps.slice(loaded + 1)) {
          expect(forbidden.filter((probe) => host.delivers(probe) !== undefined)).toEqual([]);
          host.take(step);
        }
      }),
      RUNS,
    );
  });

  test('a peer that is right gets no step', () => {
    fc.assert(
      fc.property(turns(role), (turn) => {
        const host = hostBefore(turn);
        const before = host.observe();
        const wanted = stateOf(role, turn.after);
        const right = Object.entries(before.interfaces).flatMap(([name, { peers }]) =>
          peers.filter((peer) =>
            wanted.interfaces[name]?.peers.some((each) => JSON.stringify(each) === JSON.stringify(peer)),
          ),
        );
        const touched = planOf(turn, host).flatMap((step) =>
          step.kind === 'configurePeers' ? step.peers : [],
        );
        const keys = touched.map(({ publicKey }) => publicKey);
        expect(right.filter(({ publicKey }) => keys.includes(publicKey))).toEqual([]);
      }),
      RUNS,
    );
  });
});

const SCENE: Scene = (() => {
  const [scene] = fc.sample(edgeScene.filter(isFull), { numRuns: 1, seed: 7 });
  if (!scene) throw new Error('no scene');
  return scene;
})();

function isFull({ document }: Scene): boolean {
  const { hubs, network } = document.leaves;
  const isMapped = network?.kind === 'network' && network.prefixes.length > 0;
  return isMapped && hubs?.kind === 'hubs' && hubs.hubs.length === 2;
}

describe('the order of steps on an edge', () => {
  test('from nothing: firewall, settings, then each device whole, then routes, then a packet into each tunnel', () => {
    const steps = planSteps(stateOf('edge', SCENE), new FakeHost().observe());
    const device = [
      'createInterface',
      'configureInterface',
      'configurePeers',
      'setMtu',
      'addAddress',
      'setSysctl',
      'raise',
    ];
    const kinds = steps
      .map(({ kind }) => kind)
      .filter(
        (kind, index, all) => !['replaceRoute', 'blockPrefix'].includes(kind) || all[index - 1] !== kind,
      );
    expect(kinds).toEqual([
      'loadFirewall',
      'flushConntrack',
      'blockPrefix',
      'setSysctl',
      ...device,
      ...device,
      'replaceRoute',
      'primeTunnel',
      'primeTunnel',
    ]);
  });

  test('a failover replaces routes and touches nothing else', () => {
    const active = (name: string): Scene => ({ ...SCENE, choice: { activeHub: name, mtuByHub: {} } });
    const leaf = SCENE.document.leaves['hubs'];
    const [first = '', second = ''] = leaf?.kind === 'hubs' ? leaf.hubs.map(({ name }) => name) : [];
    const host = new FakeHost();
    host.takeAll(planSteps(stateOf('edge', active(first)), host.observe()));
    const steps = planSteps(stateOf('edge', active(second)), host.observe());
    expect(new Set(steps.map(({ kind }) => kind))).toEqual(new Set(['replaceRoute']));
    expect(steps.length).toBeGreaterThan(0);
  });

  test('without a document the tunnels go first, and the firewall stays closed', () => {
    const host = new FakeHost();
    host.takeAll(planSteps(stateOf('edge', SCENE), host.observe()));
    const steps = planSteps(closedState(), host.observe());
    const gone = ['removeInterface', 'removeInterface'];
    const kinds = steps.map(({ kind }) => kind).filter((kind) => kind !== 'unblockPrefix');
    expect(kinds).toEqual([...gone, 'loadFirewall', 'flushConntrack']);
    expect(host.takeAll(steps).observe().unreachable).toEqual([]);
  });

  test('with its tunnels lost, what they carried is unreachable and goes nowhere else', () => {
    const host = new FakeHost();
    host.takeAll(planSteps(stateOf('edge', SCENE), host.observe()));
    for (const name of Object.keys(host.observe().interfaces)) host.loseInterface(name);
    expect(host.observe().routes).toEqual([]);
    expect(host.observe().unreachable).toContain('100.64.0.0/10');
  });

  test('taken away, what is gone leaves no route of ours behind', () => {
    const host = new FakeHost();
    host.takeAll(planSteps(stateOf('edge', SCENE), host.observe()));
    const steps = planSteps(closedState(), host.observe());
    expect(host.takeAll(steps).observe().routes).toEqual([]);
  });
});
