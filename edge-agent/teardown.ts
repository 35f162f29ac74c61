/**
 * `edge-agent teardown`: takes everything of ours out of the kernel, for an uninstall. It is the plan for an empty
 * host, so it needs no list of its own. Keys, configuration and ledger stay on disk.
 */
import { applySteps } from './apply/apply.ts';
import { stopGateway } from './apply/gateway-process.ts';
import { gatewayDirectories } from './gateway-pass.ts';
import type { Host } from './host.ts';
import { observeHost } from './observe/host.ts';
import { pause } from './pause.ts';
import { describeStep } from './plan/describe.ts';
import { gatewayPaths } from './plan/gateway-files.ts';
import { planSteps } from './plan/plan.ts';
import { EMPTY_STATE } from './plan/state.ts';
import type { Paths } from './settings.ts';

export interface TornDown {
  readonly done: readonly string[];
  readonly failure?: string | undefined;
}

export async function tearDown(host: Host, paths: Paths): Promise<TornDown> {
  await stopGateway({ paths: gatewayPaths(gatewayDirectories(paths)), pause });
  const { state } = await observeHost(await host.eyes());
  const { done, failed } = await applySteps(planSteps(EMPTY_STATE, state), host.hands);
  return {
    done: done.map(describeStep),
    failure: failed && `${describeStep(failed.step)}: ${failed.error.message}`,
  };
}
