/** What `doctor` and `status` say: every trouble has one code, and what to do about it. */
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../edge-agent/diagnose.ts';
import { examine, parseForwardDrops, printFindings } from '../../edge-agent/doctor.ts';
import { EMPTY_STATE } from '../../edge-agent/plan/state.ts';
import { reportOf } from '../../edge-agent/report-of.ts';
import { Config } from '../../edge-agent/settings.ts';
import { type PeerStatus, printStatus, Status } from '../../edge-agent/status.ts';
import { documentOf, factsOf } from './plan/documents.ts';

const HUB: PeerStatus = {
  name: 'a',
  tunnelAddress: '100.64.0.1',
  state: 'up',
  active: true,
  device: 'ist00000001',
  endpoint: '192.0.2.1:51820',
  handshakeAgeSeconds: 12,
  probeAgeSeconds: 0.1,
  rttMs: 3.25,
  mtuBytes: 1_420,
  isMtuMeasured: true,
  receivedBytes: 10,
  sentBytes: 10,
};

const GOOD: Status = {
  agent: 'edge.acme.berlin',
  role: 'edge',
  version: '0.1.0',
  processId: 7,
  residentBytes: 70_000_000,
  uptimeSeconds: 100,
  tunnelAddress: '100.64.0.2',
  implementation: 'userspace',
  controlPlane: {
    url: 'https://control.example:8443',
    state: 'reachable',
    contactAgeSeconds: 3,
    clockOffsetSeconds: 0,
    roots: ['0123456789abcdef'],
  },
  document: {
    newest: { epoch: 1, generation: 7 },
    applied: { epoch: 1, generation: 7 },
    trial: 'settled',
    checkedAgeSeconds: 3,
    tornFiles: [],
  },
  activeHub: 'a',
  peers: [HUB],
  prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }],
  names: [{ address: '10.0.0.1', state: 'listening' }],
  pass: { ageSeconds: 1, steps: 0 },
  clusters: [],
  findings: [],
};

function faults(change: Partial<Status>): string[] {
  return diagnose({ ...GOOD, ...change }).flatMap(({ code, level }) =>
    level === 'ok' ? [] : [`${level} ${code}`],
  );
}

function plane(change: Partial<Status['controlPlane']>): Partial<Status> {
  return { controlPlane: { ...GOOD.controlPlane, ...change } };
}

function doc(change: Partial<Status['document']>): Partial<Status> {
  return { document: { ...GOOD.document, ...change } };
}

function refused(reason: string): Partial<Status> {
  return doc({ refused: { epoch: 1, generation: 8, reason } });
}

describe('a diagnosis', () => {
  const cases: readonly (readonly [string, Partial<Status>, readonly string[]])[] = [
    ['of a healthy agent finds nothing', {}, []],
    [
      'names a control plane that is away',
      plane({ state: 'unreachable', code: 'ECONNREFUSED' }),
      ['error control_plane.reachable'],
    ],
    [
      'names a certificate that is not trusted',
      plane({ state: 'unreachable', code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      ['error control_plane.certificate'],
    ],
    [
      'names an agent that was removed',
      plane({ state: 'denied', code: 'unauthenticated' }),
      ['error control_plane.admitted'],
    ],
    ['names an edge that waits for approval', plane({ code: 'not_found' }), ['warning agent.approved']],
    [
      'names a foreign signing root (SCENARIO 6)',
      refused('unknown_root: signed by x'),
      ['error control_plane.root', 'error document.refused'],
    ],
    ['names a document that was rolled back', refused('rolled_back: it cut'), ['error document.refused']],
    ['names a clock that is off', plane({ clockOffsetSeconds: -45 }), ['warning clock.offset']],
    ['names a document that is old', doc({ checkedAgeSeconds: 7_200 }), ['warning document.age']],
    ['names a missing document', doc({ newest: undefined }), ['warning document.age']],
    ['names a torn ledger', doc({ tornFiles: ['ledger.a'] }), ['warning ledger.whole']],
    [
      'names a step that failed',
      { pass: { ageSeconds: 1, steps: 2, failure: 'no' } },
      ['error document.applied'],
    ],
    ['names a host without WireGuard', { implementation: undefined }, ['error wireguard.implementation']],
    ['names a hub that is away', { peers: [{ ...HUB, state: 'down' }] }, ['error tunnel.a']],
    ['names a black hole (SCENARIO 23)', { peers: [{ ...HUB, mtuBytes: 1_300 }] }, ['warning mtu.a']],
    [
      'names a port 53 that is taken',
      { names: [{ address: '10.0.0.1', state: 'failed', reason: 'EADDRINUSE' }] },
      ['error dns.listening'],
    ],
    [
      'has patience with a hub just after the start',
      { uptimeSeconds: 2, peers: [{ ...HUB, state: 'unknown' }] },
      [],
    ],
    [
      'does not judge the tunnels of a hub: edges come and go',
      { role: 'hub', peers: [{ ...HUB, state: 'down' }] },
      [],
    ],
  ];

  test.each(cases)('%s', (_, change, expected) => {
    expect(faults(change)).toEqual(expected);
  });

  test('always says what to do', () => {
    for (const [, change] of cases)
      for (const { level, fix } of diagnose({ ...GOOD, ...change })) expect(fix !== '').toBe(level !== 'ok');
  });
});

describe('doctor', () => {
  test('without a running agent says so, and goes on with the host', () => {
    const evidence = {
      status: undefined,
      observation: undefined,
      reason: 'no ip',
      document: undefined,
      forwardDrops: [],
    };
    expect(examine(evidence).map(({ code, level }) => `${level} ${code}`)).toEqual([
      'error agent.running',
      'error host.observed',
    ]);
  });

  test.each([
    ['warns of', false, ['warning 10.96.0.0/16 is exposed, but']],
    ['says nothing in a pod, whose node passes on what it has no route for, of', true, []],
  ])('%s an exposed prefix that the host has no route to', (_, isPod, expected) => {
    const prefixes = [{ real: '10.96.0.0/16', virtual: '100.65.0.0/16' }];
    const said = examine({
      ...{ status: GOOD, forwardDrops: [], isPod },
      observation: { state: EMPTY_STATE, facts: factsOf('edge') },
      document: documentOf({
        network: {
          kind: 'network',
          ...{ tenant: 'acme', site: 'berlin', lan: 'routed', native: [] },
          prefixes,
        },
      }),
    });
    const found = said.filter(({ code }) => code === 'lan.prefix');
    expect(found.map(({ level, message }) => `${level} ${message.slice(0, 28)}`)).toEqual(expected);
  });

  test('names other firewalls that drop what they forward', () => {
    const chain = (table: string, hook: string, policy: string) => ({
      chain: { family: 'ip', table, name: 'FORWARD', handle: 1, type: 'filter', hook, prio: 0, policy },
    });
    const listed = {
      nftables: [
        { metainfo: { version: '1.0.6' } },
        chain('filter', 'forward', 'drop'),
        chain('nat', 'forward', 'accept'),
        chain('filter', 'input', 'drop'),
        chain('isthmus', 'forward', 'drop'),
      ],
    };
    expect(parseForwardDrops(JSON.stringify(listed))).toEqual(['ip filter FORWARD']);
  });

  test('prints one line a check and one more for what to do', () => {
    const text = printFindings([
      { code: 'a.b', level: 'ok', message: 'good', fix: '' },
      { code: 'long.code', level: 'error', message: 'bad', fix: 'do' },
    ]);
    expect(text.split('\n')).toEqual([
      'ok       a.b        good',
      'ERROR    long.code  bad',
      '                    -> do',
    ]);
  });
});

describe('the report', () => {
  const config = Config.parse({
    controlPlane: 'https://control.example:8443',
    agent: GOOD.agent,
    role: 'edge',
    roots: [{ id: '0123456789abcdef', publicKey: 'AAAA' }],
    advertise: ['10.0.0.0/24'],
  });
  const report = (change: Partial<Status>) =>
    reportOf({ status: { ...GOOD, ...change }, config, told: { wireguardKey: 'k' }, certificate: undefined });

  test('is the same while only time passes', () => {
    const later = {
      ...plane({ contactAgeSeconds: 999 }),
      peers: [{ ...HUB, rttMs: 9, probeAgeSeconds: 1 }],
      uptimeSeconds: 999,
    };
    expect(report(later)).toEqual(report({}));
    expect(report({})).toEqual({
      version: '0.1.0',
      features: ['two_keys'],
      wireguardKey: 'k',
      advertise: ['10.0.0.0/24'],
      applied: { epoch: 1, generation: 7 },
      activeHub: 'a',
      findings: [],
    });
  });

  test('names a refused document, and what is wrong', () => {
    expect(report({ ...refused('older: x'), peers: [{ ...HUB, state: 'down' }] })).toMatchObject({
      refused: { epoch: 1, generation: 8, reason: 'older: x' },
      findings: [{ code: 'tunnel.a', level: 'error' }],
    });
  });
});

test('the status is its own contract, and is printed as a table', () => {
  expect(Status.parse(JSON.parse(JSON.stringify(GOOD)))).toEqual(GOOD);
  expect(printStatus({ ...GOOD, ...refused('older: x') }).split('\n')).toEqual([
    'agent           edge.acme.berlin (edge, 0.1.0)',
    'tunnel address  100.64.0.2',
    'control plane   https://control.example:8443 reachable (3 s ago)',
    'document        1.7 applied (3 s ago)',
    'refused         1.8 older: x',
    'active hub      a',
    'wireguard       userspace',
    'names           10.0.0.1 listening',
    '',
    'HUB  STATE  TUNNEL      ENDPOINT         HANDSHAKE  PROBE  RTT     MTU',
    'a *  up     100.64.0.1  192.0.2.1:51820  12 s       0 s    3.3 ms  1420',
    '',
    'REAL         VIRTUAL',
    '10.0.0.0/24  100.65.0.0/24',
  ]);
});
