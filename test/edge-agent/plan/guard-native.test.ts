/** A tenant's native prefix can't keep a hub from applying what the others wait for. */
import { describe, expect, test } from 'vitest';
import { desired } from '../../../edge-agent/plan/desired.ts';
import type { Document, PeerLeaf } from '../../../protocol/document.ts';
import { factsOf, keyOf } from './documents.ts';

function peer(tenant: string, name: string, native: string[]): PeerLeaf {
  const place = { red: 1, blue: 2 }[tenant] ?? 3;
  return {
    kind: 'peer',
    tenant,
    site: name,
    edge: name,
    agent: `edge.${tenant}.${name}`,
    publicKey: keyOf(`${tenant} ${name}`),
    tunnelAddress: `100.64.1.${place}`,
    virtual: [`100.65.${place}.0/24`],
    native,
  };
}

function documentOf(native: string[]): Document {
  return {
    version: { epoch: 1, generation: 7 },
    leaves: {
      self: {
        kind: 'self',
        agent: 'hub.alpha',
        role: 'hub',
        tunnelAddress: '100.64.0.1',
        pools: ['100.64.0.0/10'],
        domain: 'isthmus.internal',
        pollSeconds: 30,
        listenPort: 51_820,
      },
      twins: {
        kind: 'twins',
        hubs: [
          {
            name: 'beta',
            publicKey: keyOf('beta'),
            endpoint: '198.51.100.11:51820',
            tunnelAddress: '100.64.0.2',
          },
        ],
      },
      'peer/red/rome/rome': peer('red', 'rome', native),
      'peer/blue/oslo/oslo': peer('blue', 'oslo', ['10.9.0.0/24']),
    },
  };
}

describe('a native prefix that clashes with the hub', () => {
  test.each([
    ['is on its link', '10.0.0.128/25'],
    ['is the control plane', '192.0.2.10/32'],
    ['is its name server', '192.0.2.53/32'],
    ['holds the way to another hub', '198.51.100.0/24'],
  ])('because it %s is left out and told, and everything else is applied', (_, clashing) => {
    const result = desired({
      document: documentOf([clashing, '10.8.0.0/24']),
      facts: factsOf('hub'),
      choice: { mtuByHub: {} },
    });
    if (result.kind !== 'wanted') throw new Error(JSON.stringify(result.findings));
    expect(result.findings.map(({ code, level }) => `${level} ${code}`)).toEqual([
      'warning guard.native_dropped',
    ]);
    const prefixes = result.state.routes.map(({ prefix }) => prefix);
    expect(prefixes).toEqual(expect.arrayContaining(['10.8.0.0/24', '10.9.0.0/24', '100.64.0.0/10']));
    expect(prefixes).not.toContain(clashing);
    const allowed = Object.values(result.state.interfaces).flatMap(({ peers }) =>
      peers.flatMap((one) => one.allowedIps),
    );
    expect(allowed).not.toContain(clashing);
  });
});
