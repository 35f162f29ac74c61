/**
 * Makes the API hold what a template declares: creates, replaces, deletes. What this stack did not make is neither
 * overwritten on creation nor ever deleted. Every part may be run again after it was cut off.
 */
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import { type Client, Refused, type Resource, Unanswered } from './resource-client.ts';
import { completeSpec, type Declared, type Holding } from './resource-declared.ts';

/** Lost races with other writers, or looks at a name that is still being freed. */
const ROUNDS_MAX = 20;
const ROUND_MS = 2_000;

export interface Desk {
  readonly client: Client;
  /** The stack's own Idempotency-Key for a path. */
  readonly keyOf: (path: string) => string;
}

export interface Held {
  readonly holding: Holding & { readonly path: string };
  readonly resource: Resource;
}

/** A creation that may have happened. */
export class Unsure extends Error {}

/** Creates it, or adopts what is there with the very same spec. A wrong URL ends at the look before, when nothing was sent yet. */
export async function create({ client, keyOf }: Desk, declared: Declared): Promise<Held> {
  const { path, collection, name, spec } = declared;
  await client.find(path);
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
    const body = { metadata: { name }, spec };
    const answer = await client.create(collection, body, keyOf(path)).catch(becomeUnsure);
    if (answer instanceof Refused && !isTaken(answer)) throw answer;
    const isOurs = !(answer instanceof Refused) || answer.code === 'idempotency_conflict';
    const found = answer instanceof Refused ? await client.find(path) : answer;
    if (found !== undefined) return hold(declared, found, isOurs);
    await client.pause(ROUND_MS);
  }
  throw new Refused('already_exists', `${path} is still being deleted. Deploy again in a few minutes.`);
}

/** A fault with fields is the spec's own (a route's host and path are served already), not the name's. */
function isTaken({ code, hasFields }: Refused): boolean {
  return code === 'idempotency_conflict' || (code === 'already_exists' && !hasFields);
}

function becomeUnsure(fault: unknown): never {
  throw fault instanceof Unanswered ? new Unsure(fault.message) : fault;
}

function hold(declared: Declared, resource: Resource, isOurs: boolean): Held {
  const { path } = declared;
  if (isSame(declared, resource.spec))
    return { holding: { kind: isOurs ? 'made' : 'adopted', path }, resource };
  const who = isOurs ? 'this stack made it before' : 'this stack did not make it';
  throw new Refused(
    'already_exists',
    `${path} exists with another spec, and ${who}: nothing was changed. Delete it, choose another name, or declare the spec that it has.`,
  );
}

/** The spec of a replacement, whatever the one before was: the template rules. */
export async function update(
  desk: Desk,
  { holding, declared, before }: { holding: Holding; declared: Declared; before: Declared | undefined },
): Promise<Held> {
  const held = 'path' in holding ? holding : undefined;
  // Left by a replacement that failed without a clear answer; this event takes it back.
  if (before !== undefined && before.path !== held?.path && before.path !== declared.path)
    await abandon(desk, before);
  if (held?.path !== declared.path) return create(desk, declared);
  const isMoved = before !== undefined && before.url !== declared.url;
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
    const found = await desk.client.find(declared.path);
    if (found === undefined) return { ...(await create(desk, declared)), holding: held };
    if (isSame(declared, found.spec)) return { holding: held, resource: found };
    if (isMoved && !isSame(before, found.spec)) return hold(declared, found, false);
    const answer = await desk.client.replace(declared.path, { spec: declared.spec }, found.etag);
    if (!(answer instanceof Refused)) return { holding: held, resource: answer };
    if (answer.code !== 'stale' && answer.code !== 'not_found') throw answer;
    await desk.client.pause(ROUND_MS);
  }
  throw new Refused('stale', `${declared.path} is being changed by others all the time. Deploy again.`);
}

/** Deletes what is at the path; what is gone already is deleted. */
export async function remove({ client }: Desk, path: string): Promise<void> {
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
    const found = await client.find(path);
    if (found === undefined) return;
    const refused = await client.remove(path, found.etag);
    if (refused === undefined || refused.code === 'not_found') return;
    if (refused.code !== 'stale') throw refused;
    await client.pause(ROUND_MS);
  }
  throw new Refused('stale', `${path} is being changed by others all the time. Delete the stack again.`);
}

/**
 * Deletes what a creation without a clear answer may have left. Sent again, the creation is answered with the resource
 * only if it was this stack's; everything else is another's and stays.
 */
export async function abandon(desk: Desk, declared: Declared): Promise<void> {
  const { path, collection, name, spec } = declared;
  const found = await desk.client.find(path);
  if (found === undefined || !isSame(declared, found.spec)) return;
  const answer = await desk.client.create(collection, { metadata: { name }, spec }, desk.keyOf(path));
  if (!(answer instanceof Refused)) await remove(desk, path);
}

/** Both with all defaults. A spec that is not valid equals none. */
function isSame({ plural, spec }: Declared, stored: unknown): boolean {
  const wanted = completeSpec(plural, spec);
  return wanted !== undefined && textOf(wanted) === textOf(stored);
}

function textOf(spec: unknown): string {
  const json: Json = JSON.parse(JSON.stringify(spec ?? null));
  return canonicalJson(json);
}
