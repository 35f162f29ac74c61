/**
 * Whether a new document has cut the agent off from the control plane, and what to do about it. Reachability only:
 * while an older document is tried, everything that the newer one denies stays denied.
 * The clock is an argument; nothing here sends or applies.
 */
import type { Document, Leaf, NetworkLeaf } from '../../protocol/document.ts';

/**
 * `settled`: nothing on trial. `trial`: the newest is applied, and no answer has come since. `reverted`: the
 * previous one is applied, to see whether it reconnects.
 */
export type Trial =
  | { readonly kind: 'settled' }
  | { readonly kind: 'trial'; readonly sinceMs: number }
  | { readonly kind: 'reverted'; readonly sinceMs: number };

/** `contact`: an answer of the control plane to a request that began at `begunMs`. */
export type TrialEvent =
  | {
      readonly kind: 'applied';
      readonly atMs: number;
      readonly wasReachable: boolean;
      readonly hasPrevious: boolean;
    }
  | { readonly kind: 'contact'; readonly begunMs: number }
  | { readonly kind: 'tick'; readonly atMs: number };

/** `proven`: keep it. `revert`: apply the previous one. `mark_bad`: it is to blame. `forward`: it is not, apply it again. */
export type Verdict = 'none' | 'proven' | 'revert' | 'mark_bad' | 'forward';

export interface TrialStep {
  readonly trial: Trial;
  readonly verdict: Verdict;
}

const SETTLED: Trial = { kind: 'settled' };

export function judgeTrial(trial: Trial, event: TrialEvent, limitMs: number): TrialStep {
  switch (event.kind) {
    case 'applied':
      return begin(event);
    case 'contact':
      return contact(trial, event.begunMs);
    case 'tick':
      return tick(trial, event.atMs, limitMs);
  }
}

function begin(event: Extract<TrialEvent, { kind: 'applied' }>): TrialStep {
  const judged = event.wasReachable && event.hasPrevious;
  return { trial: judged ? { kind: 'trial', sinceMs: event.atMs } : SETTLED, verdict: 'none' };
}

/** Only a request that began under the document on trial says anything about it. */
function contact(trial: Trial, begunMs: number): TrialStep {
  if (trial.kind === 'settled') return { trial, verdict: 'proven' };
  if (begunMs < trial.sinceMs) return { trial, verdict: 'none' };
  return { trial: SETTLED, verdict: trial.kind === 'trial' ? 'proven' : 'mark_bad' };
}

function tick(trial: Trial, atMs: number, limitMs: number): TrialStep {
  if (trial.kind === 'settled' || atMs - trial.sinceMs < limitMs) return { trial, verdict: 'none' };
  return trial.kind === 'trial'
    ? { trial: { kind: 'reverted', sinceMs: atMs }, verdict: 'revert' }
    : { trial: SETTLED, verdict: 'forward' };
}

/** Leaves that decide how packets leave this host; only these are taken from the older document. */
const REACHABILITY: readonly Leaf['kind'][] = ['self', 'hubs', 'twins'];

/**
 * The previous document's way out under the newest one's denials: policy, peers, tenants, names and routes stay the
 * newest, and of networks only what both allow.
 */
export function revertedDocument(newest: Document, previous: Document): Document {
  const leaves: Record<string, Leaf> = {};
  for (const [name, leaf] of Object.entries(newest.leaves)) {
    const older = previous.leaves[name];
    if (older !== undefined && REACHABILITY.includes(leaf.kind)) leaves[name] = wayOut(leaf, older);
    else if (leaf.kind !== 'network') leaves[name] = leaf;
    else if (older?.kind === 'network' && isSameSite(leaf, older)) leaves[name] = allowedByBoth(leaf, older);
  }
  return { version: previous.version, leaves };
}

/** Where hubs are may be the older truth; who they are may not: a key that was withdrawn stays withdrawn. */
function wayOut(newest: Leaf, older: Leaf): Leaf {
  if (newest.kind !== older.kind || (newest.kind !== 'hubs' && newest.kind !== 'twins')) return older;
  if (older.kind !== 'hubs' && older.kind !== 'twins') return newest;
  const trusted = new Set(newest.hubs.map(({ publicKey }) => publicKey));
  return { ...older, hubs: older.hubs.filter(({ publicKey }) => trusted.has(publicKey)) };
}

function isSameSite(a: NetworkLeaf, b: NetworkLeaf): boolean {
  return a.tenant === b.tenant && a.site === b.site;
}

function allowedByBoth(newest: NetworkLeaf, previous: NetworkLeaf): NetworkLeaf {
  const mappings = new Set(previous.prefixes.map(({ real, virtual }) => `${real} ${virtual}`));
  const native = new Map(previous.native.map(({ site, prefixes }) => [site, prefixes]));
  return {
    ...newest,
    prefixes: newest.prefixes.filter(({ real, virtual }) => mappings.has(`${real} ${virtual}`)),
    native: newest.native.flatMap(({ site, prefixes }) => {
      const both = prefixes.filter((prefix) => native.get(site)?.includes(prefix));
      return both.length === 0 ? [] : [{ site, prefixes: both }];
    }),
  };
}
