/** One pass of a hub's HTTPS gateway: desired, observed, plan, apply. It must not decide what is served. */
import { join } from 'node:path';
import type { Document } from '../protocol/document.ts';
import type { Finding } from '../protocol/report.ts';
import { run } from './apply/command.ts';
import { applyGatewaySteps } from './apply/gateway.ts';
import { gatewayDesired } from './gateway/desired.ts';
import { gatewayFindings } from './gateway/findings.ts';
import { talkToRuntime } from './gateway/runtime-socket.ts';
import { observeGateway } from './observe/gateway.ts';
import { pause } from './pause.ts';
import { planGateway } from './plan/gateway.ts';
import { describeGatewayStep } from './plan/gateway-describe.ts';
import { gatewayPaths } from './plan/gateway-files.ts';
import { leafOf, leavesOf } from './plan/leaves.ts';
import type { Config, Paths } from './settings.ts';

export interface GatewayPass {
  readonly steps: readonly string[];
  readonly failure?: string | undefined;
  /** PEM of the authority that the gateway's own certificate is verified by. */
  readonly certificate?: string | undefined;
  readonly findings: readonly Finding[];
}

export interface GatewayPassInput {
  readonly config: Config;
  readonly paths: Paths;
  readonly document: Document;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

/** Never rejects: what fails is a finding. */
export async function runGatewayPass(input: GatewayPassInput): Promise<GatewayPass> {
  try {
    return await converge(input);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { steps: [], failure: error.message, findings: [failedFinding(error)] };
  }
}

async function converge(input: GatewayPassInput): Promise<GatewayPass> {
  const { config, document, wallNow } = input;
  const directories = gatewayDirectories(input.paths);
  const paths = gatewayPaths(directories);
  const talk = (line: string) => talkToRuntime(paths.runtimeSocket, line);
  const { address, port, redirectPort, ingressPort, account } = config.gateway;
  const leaves = {
    routes: leavesOf(document, 'routes'),
    apps: leavesOf(document, 'apps'),
    clusters: leavesOf(document, 'clusters'),
    edges: new Set(leavesOf(document, 'peer').map(({ tunnelAddress }) => tunnelAddress)),
  };
  const wanted = gatewayDesired(leaves, {
    agent: config.agent,
    directories,
    pools: leafOf(document, 'self')?.pools ?? [],
    listen: { address, port },
    ...(redirectPort === undefined ? {} : { redirect: { address, port: redirectPort } }),
    ...(ingressPort === undefined ? {} : { ingress: { address, port: ingressPort } }),
    ...(account === undefined ? {} : { account }),
  });
  const observed = await observeGateway({ talk, paths, nowMs: wallNow() });
  const { done, failed } = await applyGatewaySteps(planGateway(wanted, observed), {
    run,
    talk,
    pause,
    paths,
  });
  return {
    steps: done.map(describeGatewayStep),
    failure: failed && `${describeGatewayStep(failed.step)}: ${failed.error.message}`,
    certificate: observed.authority,
    findings: [
      ...gatewayFindings(wanted, observed),
      ...(failed === undefined ? [] : [failedFinding(failed.error)]),
    ],
  };
}

export function gatewayDirectories(paths: Paths) {
  return {
    state: join(paths.state, 'gateway'),
    run: join(paths.run, 'gateway'),
    supplied: join(paths.root, 'etc/isthmus/certificates'),
  };
}

function failedFinding(error: Error): Finding {
  return {
    code: 'gateway.failed',
    level: 'error',
    message: `The HTTPS gateway could not be brought up to date: ${codeOf(error)}${error.message}`.slice(
      0,
      480,
    ),
    fix: 'Install HAProxy 2.6 or newer and see that nothing else listens on its ports; it is tried again by itself.',
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
}
