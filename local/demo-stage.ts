/**
 * What the demo stands on: the lab with its hosts, and the control plane as a process of its own with its state on
 * disk. It can be torn down at any moment, also half raised.
 */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Running, start } from './command.ts';
import { type Client, createClient } from './demo-client.ts';
import { createLab, type Lab } from './lab.ts';
import { assertLabPossible, type RaisedStage, raiseStage } from './lab-topology.ts';

const START = new URL('./start.ts', import.meta.url).pathname;
const PORT = 8443;
const START_MS_MAX = 30_000;
const POLL_MS = 20;
const TAIL_LINES = 15;
const AGENT_LOG = '/var/log/isthmus-agent.log';

export const SITES = ['berlin', 'tokyo'] as const;

export interface DemoStage {
  /** Raises hosts, cables and addresses; asked again, answers the same ones. */
  raiseHosts(): Promise<RaisedStage>;
  /** Starts the control plane on the machine; needs the hosts' network. */
  startControlPlane(): Promise<Client>;
  readonly controlPlaneUrl: string;
  readonly state: string;
  /** The last lines of every log, for when something failed. */
  logTails(): Promise<readonly string[]>;
  destroy(): Promise<void>;
}

interface Raised {
  lab?: Promise<Lab>;
  hosts?: Promise<RaisedStage>;
  controlPlane?: Running;
  client?: Client;
}

/** `hostsAt`: how many hosts a site has; one unless said otherwise. */
export function createStage(state: string, hostsAt: Readonly<Record<string, number>> = {}): DemoStage {
  const raised: Raised = {};
  return {
    state,
    controlPlaneUrl: `https://localhost:${PORT}`,
    raiseHosts: () => {
      raised.hosts ??= raiseHosts(hostsAt, (lab) => {
        raised.lab = lab;
      });
      return raised.hosts;
    },
    startControlPlane: async () => {
      const lab = await raised.lab;
      if (lab === undefined) throw new Error('the hosts come first');
      raised.client = await startControlPlane(state, lab, (running) => {
        raised.controlPlane = running;
      });
      return raised.client;
    },
    logTails: () => logTails(raised),
    destroy: async () => {
      raised.client?.close();
      await raised.controlPlane?.stop();
      await raised.hosts?.catch(() => undefined);
      await (await raised.lab?.catch(() => undefined))?.destroy();
    },
  };
}

/** Whoever listens there may be another demo, whose state must not be removed. */
async function assertPortFree(): Promise<void> {
  const probe = createServer().listen(PORT, '127.0.0.1');
  await once(probe, 'listening').catch(() => {
    throw new Error(`Port ${PORT} of this machine is in use, perhaps by another demo: end that first.`);
  });
  probe.close();
  await once(probe, 'close');
}

async function raiseHosts(
  hostsAt: Readonly<Record<string, number>>,
  onLab: (lab: Promise<Lab>) => void,
): Promise<RaisedStage> {
  await assertLabPossible();
  await assertPortFree();
  const lab = createLab({ name: 'demo' });
  onLab(lab);
  const sites = SITES.map((name) => ({ name, lan: '10.0.0.0/24', lanHosts: hostsAt[name] ?? 1 }));
  return raiseStage(await lab, { hubs: 1, vpc: true, sites });
}

/** The command of `npm start`, with a state of its own; it ends with us, even if we are killed. */
async function startControlPlane(
  state: string,
  lab: Lab,
  onStart: (running: Running) => void,
): Promise<Client> {
  rmSync(state, { recursive: true, force: true });
  const running = start(
    [
      ...['setpriv', '--pdeathsig', 'TERM', process.execPath, START, '--state', state],
      ...['--listen', `127.0.0.1:${PORT}`, '--listen', `${lab.machineAddress}:${PORT}`],
      ...['--url', `https://${lab.machineAddress}:${PORT}`],
    ],
    { cwd: join(START, '../..') },
  );
  onStart(running);
  const key = await adminKeyOf(running);
  const authority = readFileSync(join(state, 'ca.pem'), 'utf8');
  return createClient({ url: `https://localhost:${PORT}`, authority, key });
}

async function adminKeyOf(running: Running): Promise<string> {
  const untilMs = performance.now() + START_MS_MAX;
  const ended = { code: undefined as number | undefined };
  void running.exited.then((code) => {
    ended.code = code;
  });
  while (performance.now() < untilMs && ended.code === undefined) {
    const key = /^ *export ISTHMUS_KEY='(\S+)'$/m.exec(running.output())?.[1];
    if (key !== undefined) return key;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`The control plane did not start: ${running.output().trim() || 'it says nothing'}`);
}

async function logTails(raised: Raised): Promise<string[]> {
  const lines: string[] = [];
  const add = (title: string, text: string) => {
    if (text.trim() !== '') lines.push('', `-- ${title}`, ...text.trimEnd().split('\n').slice(-TAIL_LINES));
  };
  add('control plane', raised.controlPlane?.output() ?? '');
  const lab = await raised.lab?.catch(() => undefined);
  for (const host of lab?.hosts.values() ?? []) {
    const log = await host.run(['tail', '-n', `${TAIL_LINES}`, AGENT_LOG]).catch(() => undefined);
    add(`agent on ${host.name}`, log?.stdout ?? '');
  }
  return lines;
}
