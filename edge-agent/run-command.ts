/** `edge-agent run`: the process around the agent: its name, its clock, its log and its end. It holds no rule. */
import { rmSync, writeFileSync } from 'node:fs';
import { Agent } from './agent.ts';
import type { Clock } from './clock.ts';
import { openHost } from './host.ts';
import { readIdentity } from './link/identity.ts';
import { loadCloud } from './open-cloud.ts';
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
  const account =
    config.cloud && (await loadCloud()).openCloud({ ...config.cloud, chance: () => clock.chance() });
  const log = (line: string) => console.log(line);
  const agent = new Agent({ config, paths, identity, host, clock, log, account });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await agent.start();
  writeFileSync(paths.pid, `${process.pid}\n`);
  console.log(`${config.agent} runs`);
  await ended;
  await agent.stop();
  for (const file of [paths.pid, paths.socket]) rmSync(file, { force: true });
}
