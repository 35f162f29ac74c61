/**
 * What can be said of an edge or a hub now, and how old that is. Silence is not death: a hub that is not heard makes
 * its edges unknown, not down. Nothing here is stored; `lastTransitionTime` is the time of the evidence.
 */
import type { Version } from '../../protocol/document.ts';
import { compareVersions } from '../../protocol/document.ts';
import type { Link } from '../../protocol/edge.ts';
import type { Condition } from '../../protocol/metadata.ts';
import type { Liveness, Report } from '../../protocol/report.ts';
import { ageSeconds } from '../../protocol/time.ts';
import { hasTwoKeys, isWanted, type KeyState } from './edge-keys.ts';
import { sortedBy } from './order.ts';

/** A batch of liveness older than this says nothing about now. */
export const LIVENESS_SECONDS_MAX = 60;

/** The newest batch of an enrolled hub, if there was ever one. */
export interface HubBatch {
  readonly hub: string;
  readonly batch?: { readonly at: string; readonly liveness: Liveness } | undefined;
}

export interface AgentEvidence {
  /** Newest compiled document. */
  readonly document?: Version | undefined;
  readonly report?: { readonly at: string; readonly report: Report } | undefined;
  readonly now: string;
}

export interface EdgeEvidence extends AgentEvidence {
  readonly agent: string;
  readonly approved: boolean;
  readonly quarantined: boolean;
  /** When the edge last changed. */
  readonly updatedAt: string;
  readonly hubs: readonly HubBatch[];
  readonly keys?: (KeyState & { readonly wanted: number | undefined }) | undefined;
}

export interface HubEvidence extends AgentEvidence {
  readonly enrolled: boolean;
  /** An instance enrols by its role, not by a token. */
  readonly hasSlot?: boolean;
  readonly updatedAt: string;
  readonly own?: HubBatch['batch'];
}

/** How each hub that knows the edge sees it. */
export function linksOf(agent: string, hubs: readonly HubBatch[]): Link[] {
  return sortedBy(hubs, ({ hub }) => hub).flatMap(({ hub, batch }) => {
    const peer = batch?.liveness.peers.find((candidate) => candidate.agent === agent);
    if (!batch || !peer) return [];
    const { agent: _, ...seen } = peer;
    return [{ hub, ...seen, observedAt: batch.at }];
  });
}

export function edgeConditions(evidence: EdgeEvidence): Condition[] {
  return [approved(evidence), connected(evidence), applied(evidence), ...rotated(evidence)];
}

export function hubConditions(evidence: HubEvidence): Condition[] {
  return [enrolled(evidence), reporting(evidence), applied(evidence)];
}

/** A condition from its parts. */
export function condition(
  head: readonly [type: string, status: Condition['status'], reason: string],
  message: string,
  lastTransitionTime: string,
): Condition {
  const [type, status, reason] = head;
  return { type, status, reason, message, lastTransitionTime };
}

function approved({ approved: isApproved, quarantined, updatedAt }: EdgeEvidence): Condition {
  if (quarantined)
    return condition(
      ['Approved', 'False', 'Quarantined'],
      'The edge is cut off until you lift it.',
      updatedAt,
    );
  if (isApproved)
    return condition(['Approved', 'True', 'Approved'], 'The edge may have a tunnel.', updatedAt);
  const message = 'A person has to approve the edge; until then it has no tunnel.';
  return condition(['Approved', 'False', 'WaitingForApproval'], message, updatedAt);
}

function connected(evidence: EdgeEvidence): Condition {
  const { agent, hubs, now, updatedAt } = evidence;
  if (!evidence.approved || evidence.quarantined)
    return condition(['Connected', 'False', 'NotApproved'], 'No hub knows the edge.', updatedAt);
  if (hubs.length === 0)
    return condition(['Connected', 'Unknown', 'NoHub'], 'No hub has enrolled yet.', updatedAt);
  const links = linksOf(agent, hubs);
  const up = links.filter((link) => link.up && isFresh(link.observedAt, now));
  const newest = up
    .map((link) => link.observedAt)
    .sort()
    .at(-1);
  if (newest !== undefined) {
    const names = up.map((link) => link.hub).join(', ');
    return condition(
      ['Connected', 'True', 'HandshakeFresh'],
      `Up at ${up.length} of ${hubs.length} hubs: ${names}.`,
      newest,
    );
  }
  return silentOrDown(evidence);
}

/** No hub says that it is up: unknown as long as one of them is not heard. */
function silentOrDown({ hubs, now, updatedAt }: EdgeEvidence): Condition {
  const silent = hubs.filter(({ batch }) => !batch || !isFresh(batch.at, now));
  const times = hubs.flatMap(({ batch }) => (batch ? [batch.at] : [])).sort();
  if (silent.length === 0)
    return condition(
      ['Connected', 'False', 'NoHandshake'],
      'Every hub is heard, and none hears the edge.',
      times.at(-1) ?? updatedAt,
    );
  const ages = silent.map(
    ({ hub, batch }) => `${hub} ${batch ? `for ${ageSeconds(batch.at, now)} s` : 'ever'}`,
  );
  const message = `Not heard from hubs (${ages.join(', ')}), so the edge may well be up.`;
  return condition(['Connected', 'Unknown', 'HubSilent'], message, times.at(-1) ?? updatedAt);
}

function enrolled({ enrolled: isEnrolled, hasSlot, updatedAt }: HubEvidence): Condition {
  if (isEnrolled) return condition(['Enrolled', 'True', 'Enrolled'], 'The hub has its keys.', updatedAt);
  const message = hasSlot
    ? 'No instance has enrolled as this hub yet; its auto-scaling group starts one.'
    : 'No agent has enrolled as this hub; create a token for it and run the installer.';
  return condition(['Enrolled', 'False', 'WaitingForAgent'], message, updatedAt);
}

function reporting({ own, now, updatedAt }: HubEvidence): Condition {
  if (!own)
    return condition(['Reporting', 'Unknown', 'NeverHeard'], 'The hub has not reported yet.', updatedAt);
  const age = ageSeconds(own.at, now);
  if (age <= LIVENESS_SECONDS_MAX)
    return condition(['Reporting', 'True', 'LivenessFresh'], `It reported ${age} s ago.`, own.at);
  const message = `It reported ${age} s ago; it may well forward still.`;
  return condition(['Reporting', 'Unknown', 'HubSilent'], message, own.at);
}

function applied({ document, report, now }: AgentEvidence): Condition {
  if (!document)
    return condition(['Applied', 'Unknown', 'NoDocument'], 'There is no document for it yet.', now);
  if (!report) return condition(['Applied', 'Unknown', 'NoReport'], 'It has not reported yet.', now);
  const { applied: taken, refused } = report.report;
  const wanted = `${document.epoch}.${document.generation}`;
  if (taken && compareVersions(taken, document) >= 0)
    return condition(['Applied', 'True', 'UpToDate'], `It applied document ${wanted}.`, report.at);
  if (refused && compareVersions(refused, document) === 0)
    return condition(
      ['Applied', 'False', 'Refused'],
      `It refused document ${wanted}: ${refused.reason}`,
      report.at,
    );
  const has = taken ? `${taken.epoch}.${taken.generation}` : 'none';
  return condition(
    ['Applied', 'False', 'Behind'],
    `It has applied ${has}, the newest is ${wanted}.`,
    report.at,
  );
}

function isFresh(at: string, now: string): boolean {
  return ageSeconds(at, now) <= LIVENESS_SECONDS_MAX;
}

/** Of an edge that was asked for a new key: whether it has it, and else what that waits for. */
function rotated({ keys, report, updatedAt, approved: isApproved, quarantined }: EdgeEvidence): Condition[] {
  if (keys?.wanted === undefined) return [];
  const { key, nextKey, wanted } = keys;
  if (!isWanted(wanted, keys)) {
    const message = `Key ${key?.number ?? wanted} is in use on all legs.`;
    return [condition(['KeyRotated', 'True', 'InUse'], message, key?.since ?? updatedAt)];
  }
  const since = nextKey?.since ?? updatedAt;
  const waiting = (reason: string, message: string) => [
    condition(['KeyRotated', 'False', reason], `${message} Until then the key of now stays.`, since),
  ];
  if (!isApproved || quarantined)
    return waiting('NotApproved', `Key ${wanted} is made once the edge may have a tunnel.`);
  if (!hasTwoKeys(keys))
    return waiting('AgentTooOld', 'The agent of the edge cannot rotate its key: upgrade it.');
  if (nextKey === undefined) return waiting('WaitingForKey', `The edge has yet to make key ${wanted}.`);
  const { waitsFor } = report?.report.rotation ?? {};
  return waitsFor === undefined
    ? waiting('Switching', `Key ${nextKey.number} is made, and the legs go over to it one by one.`)
    : waiting('WaitingForHub', `Key ${nextKey.number} is made. ${waitsFor}`);
}
