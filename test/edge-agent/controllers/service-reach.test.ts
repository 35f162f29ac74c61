/** Addresses of services that are exposed and do not answer the edge are said, and nothing is published at them. */
import { expect, test } from 'vitest';
import type { Testimony } from '../../../edge-agent/controllers/node-verdict.ts';
import { chooseServices, ServiceObject } from '../../../edge-agent/controllers/service-choice.ts';
import { ServiceReach } from '../../../edge-agent/controllers/service-reach.ts';

const RANGE = '10.96.0.0/16';
const SERVER = { host: '10.0.0.11', port: 6_443 };

function reachTo(answers: { service: Testimony; server: Testimony }) {
  const asked: string[] = [];
  const reach = new ServiceReach({
    ask: async (address, port) => {
      asked.push(`${address}:${port}`);
      return address === SERVER.host ? answers.server : answers.service;
    },
    server: SERVER,
  });
  reach.setRange(RANGE);
  reach.setExposed(['10.0.0.0/24', RANGE]);
  const pass = async (times: number) => {
    for (let time = 0; time < times; time += 1) await reach.pass();
  };
  const state = () => reach.statements('10.0.0.11').map(({ status, reason }) => `${status} ${reason}`);
  return { reach, asked, pass, state };
}

test('a range that is silent again and again is unreached, and reached with its first answer', async () => {
  const answers: { service: Testimony; server: Testimony } = { service: 'silent', server: 'answers' };
  const { reach, pass, state } = reachTo(answers);
  await pass(2);
  expect([state(), reach.unreached]).toEqual([[], undefined]);
  await pass(1);
  expect([state(), reach.unreached]).toEqual([['False NoRoute'], RANGE]);
  expect(reach.statements('10.0.0.11')[0]?.message).toContain('ip route add 10.96.0.0/16 via 10.0.0.11.');
  answers.service = 'refuses';
  await pass(1);
  expect([state(), reach.unreached]).toEqual([['True Answers'], undefined]);
});

test('nothing is concluded while the API server is silent as well', async () => {
  const { state, pass } = reachTo({ service: 'silent', server: 'silent' });
  await pass(10);
  expect(state()).toEqual([]);
});

test('a range that is not exposed is not asked, and one that is no longer has no fault', async () => {
  const { reach, asked, pass, state } = reachTo({ service: 'silent', server: 'answers' });
  reach.setExposed(['10.0.0.0/24']);
  await pass(3);
  expect(asked).toEqual([]);
  reach.setExposed([RANGE]);
  await pass(3);
  expect([asked[0], state()]).toEqual(['10.96.0.1:443', ['False NoRoute']]);
  reach.setExposed([]);
  expect([state(), reach.unreached]).toEqual([[], undefined]);
});

test('a service in such a range stays at its node port, or says why it can not be had', () => {
  const choose = (nodePort: number | undefined, unreached: string | undefined) =>
    chooseServices(
      [
        ServiceObject.parse({
          metadata: { namespace: 'shop', name: 'web' },
          spec: { clusterIP: '10.96.0.7', ports: [{ port: 80, protocol: 'TCP', nodePort }] },
        }),
      ],
      {
        exposed: [RANGE, '10.0.0.0/24'],
        nodes: [{ name: 'n1', addresses: ['10.0.0.11'] }],
        unreached,
      },
    );
  expect(choose(30_080, undefined).found).toMatchObject([{ address: '10.96.0.7', port: 80 }]);
  expect(choose(30_080, RANGE).found).toMatchObject([{ address: '10.0.0.11', port: 30_080 }]);
  expect(choose(undefined, RANGE)).toEqual({
    found: [],
    refused: [
      expect.stringContaining('10.96.0.7 does not answer this edge, which has no route to 10.96.0.0/16'),
    ],
  });
});
