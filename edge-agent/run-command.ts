/** `edge-agent run`: the process around the agent: its name, its clock, its log and its end. It holds no rule. */
import { rmSync, writeFileSync } from 'node:fs';
import { Agent, type Clock } from './agent.ts';
import { openHost } from './host.ts';
import { readIdentity } from './link/identity.ts';
import type { Config, Environment, Paths } from './settings.ts';

const TITLE = 'isthmus-agent';

/** Resolves when the agent has been told to end. Tunnels, routes and firewall stay as they are. */
export async function runAgent(config: Config, paths: Paths, environment: Environment): Promise<void> {
  process.title = TITLE;
  const identity = readIdentity(paths.identityKey);
  if (identity === undefined) throw new Error(`${paths.identityKey} is missing: enrol this host`);
  const clock: Clock = {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    chance: () => Math.random(),
  };
  const host = await openHost({ config, paths, environment, now: () => clock.monotonicMs() });
  const agent = new Agent({ config, paths, identity, host, clock, log: (line) => console.log(line) });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await agent.start();
  writeFileSync(paths.pid, `${process.pid}\n`);
  console.log(`${config.agent} runs`);
  await ended;
  agent.stop();
  for (const file of [paths.pid, paths.socket]) rmSync(file, { force: true });
}
