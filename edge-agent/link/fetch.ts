/**
 * Fetches the agent's document: the envelope by ETag, then only the leaves that are not held already.
 * Everything is verified before it is returned; nothing is stored or applied here.
 */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { SignedDocument } from '../../protocol/document.ts';
import type { Answer, Call } from './client.ts';
import { type Denied, failureOf, pollSecondsOf, type Unreachable } from './problem.ts';
import { type DocumentRefusal, type Kept, type Trust, verifyEnvelope, verifyLeaves } from './verify.ts';

const LEAVES_AT_ONCE = 8;
/** Of a document that changes faster than it is read, in one go. */
const READS_MAX = 3;
const NOT_FOUND = 404;

export interface Caller {
  call(call: Call): Promise<Answer>;
}

export interface FetchInput {
  readonly trust: Trust;
  /** Documents whose leaves are at hand; the first is the newest. */
  readonly held: readonly Kept[];
}

export type Fetched = (
  | { readonly kind: 'document'; readonly kept: Kept }
  | { readonly kind: 'unchanged' }
  | DocumentRefusal
  | Denied
  | Unreachable
) & { readonly pollSeconds?: number | undefined };

/** A document that is replaced while its leaves are read is read again: the next poll may be a minute away. */
export async function fetchDocument(caller: Caller, input: FetchInput): Promise<Fetched> {
  for (let reads = 1; ; reads += 1) {
    const { isReplaced, ...fetched } = await readDocument(caller, input);
    if (isReplaced !== true || reads === READS_MAX) return fetched;
  }
}

async function readDocument(
  caller: Caller,
  input: FetchInput,
): Promise<Fetched & { readonly isReplaced?: true }> {
  const answer = await caller.call({
    method: 'GET',
    path: '/v1/agent/document',
    headers: etagHeader(input.trust.newest),
  });
  const pollSeconds = pollSecondsOf(answer);
  if (answer.kind !== 'answer' || (answer.status !== 200 && answer.status !== 304)) return failureOf(answer);
  if (answer.status === 304) return { kind: 'unchanged', pollSeconds };
  const envelope = verifyEnvelope(answer.body, input.trust);
  if (envelope.kind !== 'newer') return { ...envelope, pollSeconds };
  return { ...(await fetchLeaves(caller, envelope.signed, input)), pollSeconds };
}

function etagHeader(newest: SignedDocument | undefined): Record<string, string> {
  if (newest === undefined) return {};
  return { 'if-none-match': `"${newest.envelope.epoch}.${newest.envelope.generation}"` };
}

/** `isReplaced`: a leaf is in the newest document no more. */
async function fetchLeaves(
  caller: Caller,
  signed: SignedDocument,
  input: FetchInput,
): Promise<Fetched & { readonly isReplaced?: true }> {
  const texts = textsByHash(signed, input.held);
  const missing = [...new Set(signed.manifest.map(({ hash }) => hash))].filter((hash) => !texts.has(hash));
  for (let start = 0; start < missing.length; start += LEAVES_AT_ONCE) {
    const batch = missing.slice(start, start + LEAVES_AT_ONCE);
    const answers = await Promise.all(
      batch.map((hash) => caller.call({ method: 'GET', path: `/v1/agent/leaves/${hash}` })),
    );
    const failed = answers.find((answer) => answer.kind !== 'answer' || answer.status !== 200);
    if (failed?.kind === 'answer' && failed.status === NOT_FOUND)
      return { ...failureOf(failed), isReplaced: true };
    if (failed !== undefined) return failureOf(failed);
    answers.forEach((answer, index) => {
      if (answer.kind === 'answer') texts.set(batch[index] ?? '', answer.body);
    });
  }
  const result = verifyLeaves(signed, texts, input.trust);
  return result.kind === 'refused' ? result : { kind: 'document', kept: result.kept };
}

/** Canonical texts of the leaves that the new manifest shares with the documents held. */
function textsByHash(signed: SignedDocument, held: readonly Kept[]): Map<string, string> {
  const wanted = new Set(signed.manifest.map(({ hash }) => hash));
  const texts = new Map<string, string>();
  for (const kept of held)
    for (const { name, hash } of kept.signed.manifest) {
      const leaf = kept.document.leaves[name];
      if (wanted.has(hash) && !texts.has(hash) && leaf !== undefined) texts.set(hash, canonicalJson(leaf));
    }
  return texts;
}
