/** SCENARIO 20 and the loop itself, on a host that holds state. */
import { describe, expect, test } from 'vitest';
import { runPass, runPathPass, type World } from '../../edge-agent/loop.ts';
import type { Choice, HostFacts } from '../../edge-agent/plan/state.ts';
import type { Document, Leaf } from '../../protocol/document.ts';
import { FakeHost } from '../fakes/host.ts';
import { SELF } from './link/documents.ts';

const FACTS: HostFacts = {
  agent: SELF.agent,
  role: 'edge',
  implementation: 'userspace',
  publicKey: `${'E'.repeat(42)}E=`,
  lanDevices: [{ name: 'lan0', prefixes: ['10.0.0.0/24'] }],
  defaultDevice: 'wan0',
  foreignRoutes: [],
  controlPlaneAddresses: ['192.0.2.10'],
  resolvers: [],
};

const HUBS: Leaf = {
  kind: 'hubs',
  hubs: [
    { name: 'a', publicKey: `${'A'.repeat(43)}=`, endpoint: '192.0.2.1:51820', tunnelAddress: '100.64.0.1' },
    { name: 'b', publicKey: `${'B'.repeat(42)}A=`, endpoint: '192.0.2.2:51820', tunnelAddress: '100.64.0.3' },
  ],
};

function document(generation: number, change: Record<string, Leaf> = {}): Document {
  const network: Leaf = {
    kind: 'network',
    tenant: 'acme',
    site: 'berlin',
    prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }],
    lan: 'routed',
    native: [],
  };
  const policy: Leaf = { kind: 'policy', inbound: 'tenant', flows: [] };
  return {
    version: { epoch: 1, generation },
    leaves: { self: SELF, hubs: HUBS, network, policy, ...change },
  };
}

/** A native route over this host's own LAN: the guard refuses it. */
function poisoned(generation: number): Document {
  const network: Leaf = {
    kind: 'network',
    tenant: 'acme',
    site: 'berlin',
    prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }],
    lan: 'routed',
    native: [{ site: 'paris', prefixes: ['192.0.2.0/24'] }],
  };
  return document(generation, { network });
}

class Stage {
  readonly host = new FakeHost();
  readonly events: string[] = [];
  document: Document | undefined;
  fallback: Document | undefined;
  choice: Choice = { mtuByHub: {} };
  /** The agent is killed when so many steps are done. */
  killAfter = Number.POSITIVE_INFINITY;

  get world(): World {
    return {
      document: () => this.document,
      fallback: () => this.fallback,
      choice: () => this.choice,
      observe: () => Promise.resolve({ state: this.host.observe(), facts: FACTS }),
      apply: (steps) => {
        const done = steps.slice(0, this.killAfter);
        this.host.takeAll(done);
        const step = steps[done.length];
        return Promise.resolve(
          step === undefined ? { done } : { done, failed: { step, error: new Error('killed') } },
        );
      },
      applying: ({ generation }) => this.events.push(`applying ${generation}`),
      guardRefused: ({ generation }) => this.events.push(`refused ${generation}`),
      journal: (event, steps) => this.events.push(`${event} ${steps.length > 0}`),
    };
  }
}

describe('a pass', () => {
  test('without a document closes the host, and does nothing the next time', async () => {
    const stage = new Stage();
    expect((await runPass(stage.world)).version).toBeUndefined();
    expect(stage.host.observe()).toMatchObject({ interfaces: {}, routes: [] });
    expect(stage.host.observe().firewall).toBeDefined();
    expect((await runPass(stage.world)).steps).toBe(0);
  });

  test('applies the document, says so before it begins, and does nothing the next time', async () => {
    const stage = new Stage();
    stage.document = document(1);
    expect((await runPass(stage.world)).version).toEqual({ epoch: 1, generation: 1 });
    expect(stage.events).toEqual(['applying 1', 'applied true']);
    expect(Object.keys(stage.host.observe().interfaces)).toHaveLength(2);
    expect((await runPass(stage.world)).steps).toBe(0);
  });

  test('repairs what somebody else took away', async () => {
    const stage = new Stage();
    stage.document = document(1);
    await runPass(stage.world);
    const whole = stage.host.observe();
    stage.host.loseFirewall();
    stage.host.loseInterface(Object.keys(whole.interfaces)[0] ?? '');
    await runPass(stage.world);
    expect(stage.host.observe()).toEqual(whole);
  });

  test('SCENARIO 20: killed after any step, the next one ends in the same state', async () => {
    const whole = new Stage();
    whole.document = document(1);
    const { steps } = await runPass(whole.world);
    for (let killAfter = 0; killAfter < steps; killAfter += 1) {
      const stage = new Stage();
      stage.document = document(1);
      stage.killAfter = killAfter;
      const killed = await runPass(stage.world);
      expect(killed).toMatchObject({ failure: expect.stringContaining('killed') });
      expect(killed.version).toBeUndefined();
      stage.killAfter = Number.POSITIVE_INFINITY;
      await runPass(stage.world);
      expect(stage.host.observe()).toEqual(whole.host.observe());
    }
  });

  test('SCENARIO 26: a document that the guard refuses gives way to the one before', async () => {
    const stage = new Stage();
    stage.document = poisoned(2);
    stage.fallback = document(1);
    const pass = await runPass(stage.world);
    expect(pass.version).toEqual({ epoch: 1, generation: 1 });
    expect(pass.findings.some(({ level }) => level === 'error')).toBe(true);
    expect(stage.events[0]).toBe('refused 2');
  });

  test('SCENARIO 26: without one before, the host is left as it is', async () => {
    const stage = new Stage();
    stage.document = document(1);
    await runPass(stage.world);
    const before = stage.host.observe();
    stage.document = poisoned(2);
    expect(await runPass(stage.world)).toMatchObject({ steps: 0, version: undefined });
    expect(stage.host.observe()).toEqual(before);
  });
});

describe('a path pass', () => {
  test('moves the pointers to the other hub and nothing else, without looking at the host', async () => {
    const stage = new Stage();
    stage.document = document(1);
    stage.choice = { activeHub: 'a', mtuByHub: {} };
    const first = await runPass(stage.world);
    const before = stage.host.observe();
    stage.choice = { activeHub: 'b', mtuByHub: {} };
    const world = { ...stage.world, observe: () => Promise.reject(new Error('it looked')) };
    const second = await runPathPass(world, first);
    expect(second.steps).toBeGreaterThan(0);
    const after = stage.host.observe();
    expect({ ...after, routes: [] }).toEqual({ ...before, routes: [] });
    expect(after.routes).not.toEqual(before.routes);
    expect((await runPass(stage.world)).steps).toBe(0);
    expect((await runPathPass(world, second)).steps).toBe(0);
  });

  test('after a failed pass looks at the host again', async () => {
    const stage = new Stage();
    stage.document = document(1);
    stage.killAfter = 1;
    const failed = await runPass(stage.world);
    stage.killAfter = Number.POSITIVE_INFINITY;
    expect((await runPathPass(stage.world, failed)).version).toEqual({ epoch: 1, generation: 1 });
  });
});
