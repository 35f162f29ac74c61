/** SCENARIOS 20, 24: the agent is killed in the middle of an apply; the control plane is away and hosts reboot. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Host } from '../../local/lab-host.ts';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { Route } from '../../protocol/route.ts';
import { agentCommand } from './agent-command.ts';
import { statusOf } from './agent-status.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import { fetchFrom, fetchPage, pings } from './flows.ts';

const HOST = '10.0.0.10';
const KILLS = 12;
const KILL_STEP_MS = 40;

let estate: Estate;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'crash',
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24' },
      { name: 'rome', lan: '10.0.0.0/24', tenant: 'other' },
    ],
  });
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(() => estate?.destroy());

async function everythingWorks(): Promise<void> {
  const url = `http://web.tokyo.demo.isthmus.internal:${ECHO_HTTP_PORT}/`;
  expect(await fetchPage(estate.lanHost('berlin'), url)).toContain('hello from tokyo');
}

/** Everything of ours in the kernel, as text without counters. */
async function kernelStateOf(host: Host): Promise<string> {
  const addresses = "ip -br addr | grep ist | sed 's/@.*//' | awk '{print $1, $3}'";
  const commands = `nft -s list table ip isthmus; ip route show proto 73 | sort; ${addresses}; wg show all allowed-ips | sort`;
  return host.check(['sh', '-c', commands]);
}

test('20: killed at any moment of an apply and started again, the agent ends in the same state, and is never open in between', async () => {
  const { edge } = estate.site('tokyo');
  const hub = estate.hub(0).host;
  const tokyo = await estate.virtual('tokyo', HOST);
  // A forbidden flow is tried all the time; a single answer would fail the test.
  const forbidden = estate.lanHost('rome').spawn(['ping', '-i', '0.05', tokyo]);
  const before = { edge: await kernelStateOf(edge), hub: await kernelStateOf(hub) };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const isolation = kill % 2 === 0 ? 'isolated' : 'open';
    await estate.api.change('/v1/tenants/demo', (spec) => ({ ...spec, isolation }));
    await pause(kill * KILL_STEP_MS);
    await Promise.all([estate.stopAgent(edge, 'SIGKILL'), estate.stopAgent(hub, 'SIGKILL')]);
    estate.startAgent(edge);
    estate.startAgent(hub);
  }
  await eventually(async () => {
    await everythingWorks();
    expect({ edge: await kernelStateOf(edge), hub: await kernelStateOf(hub) }).toEqual(before);
  }, 40_000);
  await forbidden.stop();
  expect(forbidden.output()).not.toContain('bytes from');
  expect(await edge.check(agentCommand('plan'))).toMatch(/nothing to do/i);
});

test('24: with the control plane away hosts reboot: tunnels, names and the gateway come back from the last signed document', async () => {
  await estate.api.create(
    '/v1/tenants/demo/routes',
    {
      metadata: { name: 'web' },
      spec: { host: 'web.demo.example', service: { site: 'tokyo', name: 'web' } },
    },
    Route,
  );
  const gateway = async () => {
    const { address } = estate.hub(0);
    const resolve = `web.demo.example:443:${address}`;
    const page = await estate
      .lanHost('berlin')
      .run(['curl', '-fsSk', '--max-time', '3', '--resolve', resolve, 'https://web.demo.example/']);
    expect(page.stdout).toContain('hello from tokyo');
  };
  await eventually(gateway, 30_000);
  await estate.stopControlPlane();
  const hosts = [estate.hub(0).host, estate.site('berlin').edge, estate.site('tokyo').edge];
  for (const host of hosts) {
    // A power cut: every process ends, and the kernel forgets what was ours.
    await host.killAll();
    await host.check([
      'sh',
      '-c',
      'nft flush ruleset; ip route flush proto 73; sysctl -qw net.ipv4.ip_forward=0; rm -rf /run/isthmus/*',
    ]);
  }
  const tokyo = estate.virtualKept('tokyo', HOST);
  expect(await pings(estate.lanHost('berlin'), tokyo)).toBe(false);
  for (const host of hosts) estate.startAgent(host);
  await eventually(async () => {
    await everythingWorks();
    expect(await fetchFrom(estate.lanHost('berlin'), tokyo)).toContain('hello from tokyo');
    await gateway();
  }, 40_000);
  await estate.startControlPlane();
  await eventually(async () => {
    for (const host of hosts) expect((await statusOf(host)).controlPlane.state).toBe('reachable');
  }, 60_000);
});
