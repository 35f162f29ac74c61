/** How far an agent is: its newest document, what it last reported, and how the hubs see it. It judges nothing. */

import type { z } from 'zod';
import type { Manifest, Version } from '../../protocol/document.ts';
import type { EdgeStatus } from '../../protocol/edge.ts';
import type { AgentEvidence, HubBatch } from '../domain/status.ts';
import type { Item, Store } from '../store/port.ts';
import { allLive } from './dependent.ts';

export interface Progress {
  /** What is shown in a status. */
  readonly shown: Pick<z.infer<typeof EdgeStatus>, 'document' | 'applied' | 'findings'>;
  /** What conditions are judged by. */
  readonly evidence: Omit<AgentEvidence, 'now'>;
  /** What the newest document is made of; nothing if there is none. */
  readonly manifest: Manifest;
}

export async function readProgress(store: Store, agent: string): Promise<Progress> {
  const [stored, report] = await Promise.all([store.document(agent), store.report(agent)]);
  const document = stored && versionOf(stored.document.envelope);
  const applied = report?.report.applied;
  return {
    shown: {
      ...(document === undefined ? {} : { document }),
      ...(applied === undefined || report === undefined ? {} : { applied: { ...applied, at: report.at } }),
      ...(report === undefined ? {} : { findings: report.report.findings }),
    },
    evidence: { document, report },
    manifest: stored?.document.manifest ?? [],
  };
}

/** The newest batch of liveness of every hub that has enrolled. */
export async function readBatches(store: Store): Promise<HubBatch[]> {
  const hubs = await allLive(store, { kind: 'hub', tenant: '*' });
  const enrolled = hubs.filter(isEnrolled);
  return Promise.all(
    enrolled.map(async ({ key, status }) => ({ hub: key.name, batch: await store.liveness(status.agent) })),
  );
}

/** True once an agent has an identity there; the WireGuard key of a slot is known before. */
export function isEnrolled({ internal }: Item<'hub'>): boolean {
  return internal.identityKey !== undefined;
}

function versionOf({ epoch, generation }: Version): Version {
  return { epoch, generation };
}
