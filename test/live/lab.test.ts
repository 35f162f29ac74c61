/** The lab itself: what it promises to the other live tests, also when it is killed. */
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { start } from '../../local/command.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import { sweepLabs } from '../../local/lab-subnet.ts';
import { type RaisedStage, raiseStage } from '../../local/lab-topology.ts';
import { eventually } from './eventually.ts';

const HOLDER = new URL('./lab-holder.ts', import.meta.url).pathname;
const KILLED_MS_MAX = 10_000;

describe('a stage', () => {
  const raised: { lab?: Lab; stage?: RaisedStage } = {};

  beforeAll(async () => {
    raised.lab = await createLab({ name: 'lab' });
    raised.stage = await raiseStage(raised.lab, {
      hubs: 2,
      vpc: true,
      sites: [
        { name: 'berlin', lan: '10.0.0.0/24' },
        { name: 'tokyo', lan: '10.0.0.0/24' },
      ],
    });
  });

  afterAll(async () => {
    await raised.lab?.destroy();
  });

  function all() {
    const { lab, stage } = raised;
    const [berlin, tokyo] = stage?.sites ?? [];
    const [hub] = stage?.hubs ?? [];
    if (lab === undefined || berlin === undefined || tokyo === undefined || hub === undefined)
      throw new Error('the stage was not raised');
    return { lab, berlin, tokyo, hub };
  }

  const pings = async (from: { run: Lab['internet']['run'] }, to: string) =>
    (await from.run(['ping', '-q', '-c', '1', '-W', '1', to])).code === 0;

  test('edges reach hubs and the machine through their routers, and nobody reaches in', async () => {
    const { lab, berlin, hub } = all();
    expect(await pings(berlin.edge, hub.address)).toBe(true);
    expect(await pings(berlin.edge, lab.machineAddress)).toBe(true);
    expect(await pings(hub.host, berlin.routerAddress)).toBe(false);
  });

  test('a fault hits one direction of one pair and ends when it is told to', async () => {
    const { lab, berlin, tokyo, hub } = all();
    const heal = await lab.fault({ from: berlin.routerAddress, to: hub.address, kind: { drop: true } });
    expect([await pings(berlin.edge, hub.address), await pings(tokyo.edge, hub.address)]).toEqual([
      false,
      true,
    ]);
    await heal();
    expect(await pings(berlin.edge, hub.address)).toBe(true);
  });

  test('files that a host changes are its own', async () => {
    const { berlin, tokyo } = all();
    await berlin.edge.write('/etc/isthmus/agent.json', '{}');
    expect(await berlin.edge.changedFiles()).toContain('/etc/isthmus/agent.json');
    expect(await tokyo.edge.changedFiles()).not.toContain('/etc/isthmus/agent.json');
    expect(existsSync('/etc/isthmus')).toBe(false);
  });
});

test('a lab that is killed leaves no process and no interface, and a sweep frees its prefix', async () => {
  const killed = start([process.execPath, HOLDER]);
  const said = await eventually(
    async () =>
      z.object({ subnet: z.string(), holders: z.array(z.int()) }).parse(JSON.parse(killed.output())),
    KILLED_MS_MAX,
  );
  expect(said.holders.every((pid) => existsSync(`/proc/${pid}`))).toBe(true);
  killed.signal('SIGKILL');
  await eventually(async () => {
    expect(said.holders.filter((pid) => existsSync(`/proc/${pid}/ns/net`))).toEqual([]);
    expect(readdirSync('/sys/class/net').filter((link) => link.endsWith(`-${killed.pid}`))).toEqual([]);
  }, KILLED_MS_MAX);
  await sweepLabs();
  expect(readdirSync('/run/isthmus-lab')).not.toContain(`${said.subnet}.json`);
});
