/** The agent's own commands, as the live tests read them. */
import { z } from 'zod';
import { Status } from '../../edge-agent/status.ts';
import type { Host } from '../../local/lab-host.ts';
import { agentCommand } from './agent-command.ts';

export async function statusOf(host: Host): Promise<Status> {
  return Status.parse(JSON.parse(await host.check(agentCommand('status', '--json'))));
}

const Doctor = z.array(
  z.looseObject({ code: z.string(), level: z.enum(['ok', 'warning', 'error']), fix: z.string() }),
);

/** Codes that `doctor` finds wrong, sorted. */
export async function faultsOf(host: Host): Promise<string[]> {
  const { stdout } = await host.run(agentCommand('doctor', '--json'));
  return Doctor.parse(JSON.parse(stdout))
    .filter(({ level }) => level !== 'ok')
    .map(({ code }) => code)
    .sort();
}
