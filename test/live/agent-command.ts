/** The agent's bundle as a command in a host, and what all agents of a test say of themselves. */
import type { Running } from '../../local/command.ts';
import type { Host } from '../../local/lab-host.ts';

const BUNDLE = new URL('../../dist/agent.mjs', import.meta.url).pathname;
const LOG_CHARS = 2_000;

/** The agent's command in a host. */
export function agentCommand(...args: readonly string[]): string[] {
  return [process.execPath, BUNDLE, ...args];
}

/** Status, doctor and the end of the log of each agent. */
export async function describeAgents(agents: readonly (readonly [Host, Running])[]): Promise<string> {
  const said = await Promise.all(
    agents.map(async ([host, agent]) => {
      const status = await host.run(agentCommand('status'));
      const doctor = await host.run(agentCommand('doctor'));
      return [
        `=== ${host.name}`,
        status.stdout,
        status.stderr,
        doctor.stdout,
        agent.output().slice(-LOG_CHARS),
      ];
    }),
  );
  return said.flat().join('\n');
}
