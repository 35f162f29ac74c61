/**
 * What is wrong on this host: the findings of the running agent, and what can be seen without it. Every check has a
 * stable code and says what to do. It changes nothing.
 */
import { z } from 'zod';
import { contains, parsePrefix } from '../protocol/address.ts';
import type { Document } from '../protocol/document.ts';
import type { Finding } from '../protocol/report.ts';
import type { Run } from './apply/command.ts';
import { diagnose, finding, ok } from './diagnose.ts';
import type { Observation } from './observe/host.ts';
import { leafOf } from './plan/leaves.ts';
import type { Status } from './status.ts';

export interface Evidence {
  readonly status: Status | undefined;
  /** Undefined if the host could not be observed; `reason` says why. */
  readonly observation: Observation | undefined;
  readonly reason?: string | undefined;
  readonly document: Document | undefined;
  readonly forwardDrops: readonly string[];
  /** This host is a pod of a cluster: its node passes on what its own routes don't name. */
  readonly isPod?: boolean;
}

export function examine(evidence: Evidence): Finding[] {
  const { status } = evidence;
  return [
    status === undefined
      ? notRunning()
      : ok('agent.running', `The agent runs (process ${status.processId}).`),
    ...(status === undefined ? [] : diagnose(status)),
    ...hostChecks(evidence),
  ];
}

function notRunning(): Finding {
  return finding('error', 'agent.running', {
    message:
      'The agent does not run. Tunnels that were set up go on, but nothing follows changes or failures.',
    fix: 'Start it: systemctl start isthmus-agent, or edge-agent run.',
  });
}

function hostChecks({ observation, document, forwardDrops, reason, isPod = false }: Evidence): Finding[] {
  if (observation === undefined)
    return [
      finding('error', 'host.observed', {
        message: `The host could not be observed: ${reason ?? 'unknown'}`.slice(0, 480),
        fix: 'Run as root, and install iproute2, nftables and either a kernel with WireGuard or wireguard-go.',
      }),
    ];
  return [
    firewallLoaded(observation),
    forwardingEnabled(observation),
    foreignDrop(forwardDrops),
    ...(isPod ? [] : lanPrefixes(observation, document)),
  ];
}

function firewallLoaded({ state }: Observation): Finding {
  if (state.firewall !== undefined) return ok('firewall.loaded', 'The firewall table `isthmus` is loaded.');
  return finding('error', 'firewall.loaded', {
    message: 'The firewall table `isthmus` is not loaded.',
    fix: 'The running agent loads it by itself; if it stays away, something else flushes the ruleset.',
  });
}

function forwardingEnabled({ state }: Observation): Finding {
  const value = state.sysctls['net.ipv4.ip_forward'];
  if (value === '1' || value === undefined) return ok('forwarding.enabled', 'IPv4 forwarding is on.');
  return finding('error', 'forwarding.enabled', {
    message: 'IPv4 forwarding is off.',
    fix: 'The running agent switches it on; see that no other tool (sysctl.d, hardening) switches it off again.',
  });
}

function foreignDrop(drops: readonly string[]): Finding {
  if (drops.length === 0)
    return ok('forwarding.foreign_drop', 'No other firewall drops forwarded packets by default.');
  return finding('warning', 'forwarding.foreign_drop', {
    message: `Another firewall drops forwarded packets by default: ${drops.join(', ')}.`.slice(0, 480),
    fix: 'Allow forwarding from and to the devices ist* there (with Docker: iptables -I DOCKER-USER -i ist+ -j ACCEPT, and the same with -o).',
  });
}

/** A prefix that is exposed, but neither on a device nor behind a route, leads nowhere. */
function lanPrefixes({ facts }: Observation, document: Document | undefined): Finding[] {
  const reached = [...facts.lanDevices.flatMap(({ prefixes }) => prefixes), ...facts.foreignRoutes].map(
    parsePrefix,
  );
  return (document ? (leafOf(document, 'network')?.prefixes ?? []) : []).map(({ real }) => {
    const prefix = parsePrefix(real);
    const isReached = reached.some((near) => contains(near, prefix) || contains(prefix, near));
    if (isReached) return ok('lan.prefix', `${real} is reached from this host.`);
    return finding('warning', 'lan.prefix', {
      message: `${real} is exposed, but this host has neither an address in it nor a route to it.`,
      fix: 'Add the route on this host, or take the prefix out of the site.',
    });
  });
}

const Chains = z.object({
  nftables: z.array(
    z.object({
      chain: z
        .object({
          family: z.string(),
          table: z.string(),
          name: z.string(),
          hook: z.string().optional(),
          policy: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

/** Base chains of others that drop what they forward unless told otherwise. */
export async function observeForwardDrops(run: Run): Promise<readonly string[]> {
  const listed = await run('nft', ['-j', 'list', 'chains']);
  return listed.kind === 'exited' && listed.code === 0 ? parseForwardDrops(listed.stdout) : [];
}

/** Of `nft -j list chains`. */
export function parseForwardDrops(json: string): readonly string[] {
  return Chains.parse(JSON.parse(json)).nftables.flatMap(({ chain }) => {
    const isForeign = chain !== undefined && chain.table !== 'isthmus';
    return isForeign && chain.hook === 'forward' && chain.policy === 'drop' && chain.family !== 'ip6'
      ? [`${chain.family} ${chain.table} ${chain.name}`]
      : [];
  });
}

const MARKS = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' } as const;

/** One line a check, and a second one where something is to be done. */
export function printFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ code }) => code.length));
  return findings
    .flatMap(({ level, code, message, fix }) => [
      `${MARKS[level]}  ${code.padEnd(width)}  ${message}`,
      ...(fix === '' ? [] : [`${' '.repeat(MARKS.ok.length + width + 4)}-> ${fix}`]),
    ])
    .join('\n');
}
