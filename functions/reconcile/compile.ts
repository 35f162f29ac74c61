/**
 * Compiles agents' documents and stores what changed. The stored version is read before the inputs, so that a write
 * of older inputs over a newer document always fails its condition; then everything is read again.
 */
import { createHash } from 'node:crypto';
import type { Envelope, SignedDocument } from '../../protocol/document.ts';
import { readAgentId } from '../domain/agent.ts';
import { compileEdge, compileHub, type Leaves } from '../domain/compile.ts';
import { type Assembled, assemble, envelopeText, nextVersion } from '../domain/document.ts';
import type { DeploymentFacts, Estate } from '../domain/estate.ts';
import type { Store } from '../store/port.ts';
import { readEstate } from './estate.ts';
import { jitterMs, type Pause, pauseByTimer } from './pause.ts';
import type { Blobs, Clock, HubQueue, Signer } from './ports.ts';

/** Times that inputs are read again because somebody else wrote the document meanwhile. */
const ROUNDS_MAX = 8;
/** Blobs written, and documents read or compiled, at one time. */
const PARALLEL_MAX = 16;

export interface CompileDependencies {
  readonly store: Store;
  readonly blobs: Pick<Blobs, 'put'>;
  readonly signer: Pick<Signer, 'keyId' | 'sign'>;
  readonly queue: HubQueue;
  readonly clock: Clock;
  readonly deployment: DeploymentFacts;
  readonly pause?: Pause | undefined;
}

/** `gone`: the agent is unknown, not enrolled, or an edge that is unapproved or quarantined; nothing was written. */
export type Compiled = 'changed' | 'unchanged' | 'gone';

export async function compileAgent(dependencies: CompileDependencies, agent: string): Promise<Compiled> {
  return (await compileAgents(dependencies, [agent])).get(agent) ?? 'gone';
}

/** Many at once, from one reading of the estate; tells the hubs of those that changed. Throws if a write never gets through. */
export async function compileAgents(
  dependencies: CompileDependencies,
  agents: readonly string[],
): Promise<Map<string, Compiled>> {
  const results = new Map<string, Compiled>();
  let open = [...new Set(agents)];
  let hubs: Estate['hubs'] = [];
  for (let round = 0; open.length > 0; round += 1) {
    if (round === ROUNDS_MAX) throw new Error(`documents kept changing: ${open.slice(0, 5).join(', ')}`);
    if (round > 0) await (dependencies.pause ?? pauseByTimer)(jitterMs(round, dependencies.clock));
    const outcome = await compileOnce(dependencies, open);
    for (const [agent, compiled] of outcome.results) results.set(agent, compiled);
    hubs = outcome.hubs;
    open = outcome.stale;
  }
  await notify(dependencies.queue, hubs, changedOf(results));
  return results;
}

interface Round {
  readonly results: ReadonlyMap<string, Compiled>;
  readonly stale: string[];
  readonly hubs: Estate['hubs'];
}

async function compileOnce(dependencies: CompileDependencies, agents: readonly string[]): Promise<Round> {
  const { store, deployment } = dependencies;
  const stored = new Map<string, SignedDocument | undefined>();
  await inParallel(agents, async (agent) => {
    stored.set(agent, (await store.document(agent))?.document);
  });
  const estate = await readEstate(store, deployment, tenantsFor(agents));
  const results = new Map<string, Compiled>();
  const stale: string[] = [];
  await inParallel(agents, async (agent) => {
    const leaves = leavesOf(agent, estate);
    const written = leaves ? await write(dependencies, { agent, leaves, stored: stored.get(agent) }) : 'gone';
    if (written === 'stale') stale.push(agent);
    else results.set(agent, written);
  });
  return { results, stale, hubs: estate.hubs };
}

/** An edge's document comes from its own tenant alone, a hub's from all (undefined). */
function tenantsFor(agents: readonly string[]): ReadonlySet<string> | undefined {
  const ids = agents.map(readAgentId);
  if (ids.some((id) => id?.role === 'hub')) return undefined;
  return new Set(ids.flatMap((id) => (id?.role === 'edge' ? [id.tenant] : [])));
}

function leavesOf(agent: string, estate: Estate): Leaves | undefined {
  const id = readAgentId(agent);
  if (id?.role === 'hub') return compileHub({ ...estate, hub: id.name });
  const tenant = estate.tenants.find((candidate) => candidate.name === id?.tenant);
  return tenant && compileEdge({ ...estate, tenant, edge: agent });
}

interface Draft {
  readonly agent: string;
  readonly leaves: Leaves;
  readonly stored: SignedDocument | undefined;
}

/** Blobs first, then the document that names them: a document never points at a leaf that is not there. */
async function write(
  dependencies: CompileDependencies,
  { agent, leaves, stored }: Draft,
): Promise<'changed' | 'unchanged' | 'stale'> {
  const assembled = assemble(leaves, sha256);
  const version = nextVersion(stored?.envelope, assembled.manifestHash);
  if (version === 'unchanged') return 'unchanged';
  await putBlobs(dependencies.blobs, assembled, stored);
  const envelope: Envelope = { alg: 'ES256', agent, ...version, manifestHash: assembled.manifestHash };
  const document = await sign(dependencies.signer, envelope, assembled);
  const after = stored && { epoch: stored.envelope.epoch, generation: stored.envelope.generation };
  const written = await dependencies.store.writeDocument({ agent, document }, after);
  return written === 'written' ? 'changed' : 'stale';
}

async function sign(
  signer: CompileDependencies['signer'],
  envelope: Envelope,
  { manifest }: Assembled,
): Promise<SignedDocument> {
  const signature = await signer.sign(Buffer.from(envelopeText(envelope), 'utf8'));
  return { envelope, key: signer.keyId, signature: Buffer.from(signature).toString('base64'), manifest };
}

async function putBlobs(
  blobs: CompileDependencies['blobs'],
  { texts }: Assembled,
  stored: SignedDocument | undefined,
): Promise<void> {
  const there = new Set(stored?.manifest.map(({ hash }) => hash));
  const missing = [...texts].filter(([hash]) => !there.has(hash));
  await inParallel(missing, ([hash, text]) => blobs.put(hash, text));
}

/** A hub hears of itself and of every edge. A lost message costs no more than the wait for the next poll. */
async function notify(queue: HubQueue, hubs: Estate['hubs'], changed: readonly string[]): Promise<void> {
  await Promise.allSettled(
    hubs.map(async (hub) => {
      const agents = changed.filter((agent) => readAgentId(agent)?.role === 'edge' || agent === hub.id);
      if (agents.length > 0) await queue.send(hub.name, agents);
    }),
  );
}

function changedOf(results: ReadonlyMap<string, Compiled>): string[] {
  return [...results].flatMap(([agent, compiled]) => (compiled === 'changed' ? [agent] : [])).sort();
}

/** In lower-case hex, as leaves are named. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Runs a step for each item, a bounded number at a time. */
async function inParallel<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await step(item);
  };
  await Promise.all(Array.from({ length: PARALLEL_MAX }, worker));
}
