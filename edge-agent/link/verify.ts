/**
 * Whether a document may be believed. Only a pinned signing root speaks for the control plane: TLS, hubs and
 * the order of arrival prove nothing here. It must not fetch, store or apply.
 */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../protocol/canonical.ts';
import {
  compareVersions,
  type Document,
  Leaf,
  type Manifest,
  SignedDocument,
  type Version,
} from '../../protocol/document.ts';
import { parseJson } from '../../protocol/json.ts';
import { type SigningRoot } from '../../protocol/signing-root.ts';

const LEAVES_MAX = 25_000;
const LEAF_BYTES_MAX = 4_000_000;

/** A verified document with what it takes to send only changes, and to verify it again. */
export interface Kept {
  readonly signed: SignedDocument;
  readonly document: Document;
}

export interface Trust {
  readonly agent: string;
  readonly role: 'edge' | 'hub';
  readonly roots: readonly SigningRoot[];
  /** The newest document that was ever accepted. */
  readonly newest?: SignedDocument | undefined;
}

export type RefusalCode =
  | 'malformed'
  | 'unknown_root'
  | 'bad_signature'
  | 'other_agent'
  | 'manifest_altered'
  | 'older'
  | 'same_version_other_content'
  | 'epoch_without_recovery'
  | 'too_many_leaves'
  | 'leaf_altered'
  | 'leaf_malformed'
  | 'leaf_misplaced';

export interface DocumentRefusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly reason: string;
  /** Of the document that was refused, as far as it could be read. */
  readonly version?: Version | undefined;
}

export type EnvelopeResult =
  | { readonly kind: 'newer'; readonly signed: SignedDocument }
  | { readonly kind: 'unchanged' }
  | DocumentRefusal;

/** Reads and judges the envelope and the manifest; the leaves come after. */
export function verifyEnvelope(text: string, trust: Trust): EnvelopeResult {
  const signed = readSigned(text);
  if (signed === undefined)
    return { kind: 'refused', code: 'malformed', reason: 'the document cannot be read' };
  const version = { epoch: signed.envelope.epoch, generation: signed.envelope.generation };
  const fault = proofFault(signed, trust) ?? orderFault(signed, trust.newest);
  if (fault !== undefined) return { kind: 'refused', ...fault, version };
  return isSame(signed, trust.newest) ? { kind: 'unchanged' } : { kind: 'newer', signed };
}

type Fault = { readonly code: RefusalCode; readonly reason: string };

function proofFault(signed: SignedDocument, trust: Trust): Fault | undefined {
  const root = trust.roots.find(({ id }) => id === signed.key);
  if (root === undefined || rootId(root.publicKey) !== root.id)
    return { code: 'unknown_root', reason: `signed by ${signed.key.slice(0, 32)}, which is not pinned here` };
  if (!isSignedBy(signed, root)) return { code: 'bad_signature', reason: 'the signature does not fit' };
  if (signed.envelope.agent !== trust.agent)
    return { code: 'other_agent', reason: `meant for ${signed.envelope.agent.slice(0, 100)}` };
  if (hashOf(canonicalJson(signed.manifest)) !== signed.envelope.manifestHash)
    return { code: 'manifest_altered', reason: 'the manifest is not the one that was signed' };
  if (signed.manifest.length > LEAVES_MAX)
    return { code: 'too_many_leaves', reason: `more than ${LEAVES_MAX} leaves` };
  return undefined;
}

/** Order is by (epoch, generation) alone; clocks have no say. */
function orderFault(signed: SignedDocument, newest: SignedDocument | undefined): Fault | undefined {
  if (newest === undefined) return undefined;
  const difference = compareVersions(signed.envelope, newest.envelope);
  if (difference < 0) return { code: 'older', reason: 'older than the document that is held' };
  if (difference === 0 && signed.envelope.manifestHash !== newest.envelope.manifestHash)
    return { code: 'same_version_other_content', reason: 'the same version with other content' };
  if (signed.envelope.epoch > newest.envelope.epoch && signed.envelope.recovery !== true)
    return { code: 'epoch_without_recovery', reason: 'a higher epoch that is not marked as a recovery' };
  return undefined;
}

function isSame(signed: SignedDocument, newest: SignedDocument | undefined): boolean {
  return newest !== undefined && compareVersions(signed.envelope, newest.envelope) === 0;
}

function isSignedBy(signed: SignedDocument, root: SigningRoot): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(root.publicKey, 'base64'), format: 'der', type: 'spki' });
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    const message = Buffer.from(canonicalJson(signed.envelope), 'utf8');
    return isP256 && verifySignature('sha256', message, key, Buffer.from(signed.signature, 'base64'));
  } catch {
    return false;
  }
}

/** The leaves of a verified manifest, from their texts by hash; every one is checked, wherever it came from. */
export function verifyLeaves(
  signed: SignedDocument,
  texts: ReadonlyMap<string, string>,
  trust: Trust,
): { readonly kind: 'verified'; readonly kept: Kept } | DocumentRefusal {
  const version = { epoch: signed.envelope.epoch, generation: signed.envelope.generation };
  const leaves: Record<string, Leaf> = {};
  for (const entry of signed.manifest) {
    const leaf = readLeaf(entry, texts.get(entry.hash));
    if ('code' in leaf) return { kind: 'refused', ...leaf, version };
    leaves[entry.name] = leaf.leaf;
  }
  const fault = selfFault(leaves['self'], trust);
  if (fault !== undefined) return { kind: 'refused', ...fault, version };
  return { kind: 'verified', kept: { signed, document: { version, leaves } } };
}

function readLeaf(entry: Manifest[number], text: string | undefined): { readonly leaf: Leaf } | Fault {
  const name = entry.name.slice(0, 200);
  if (text === undefined || text.length > LEAF_BYTES_MAX || hashOf(text) !== entry.hash)
    return { code: 'leaf_altered', reason: `leaf ${name} is not the one in the manifest` };
  const parsed = Leaf.safeParse(parseJson(text));
  if (!parsed.success)
    return { code: 'leaf_malformed', reason: `leaf ${name}: ${z.prettifyError(parsed.error)}`.slice(0, 450) };
  if (parsed.data.kind !== entry.name.split('/')[0])
    return { code: 'leaf_misplaced', reason: `leaf ${name} holds a ${parsed.data.kind}` };
  return { leaf: parsed.data };
}

function selfFault(self: Leaf | undefined, trust: Trust): Fault | undefined {
  if (self?.kind !== 'self') return { code: 'leaf_misplaced', reason: 'there is no leaf `self`' };
  if (self.agent !== trust.agent || self.role !== trust.role)
    return { code: 'other_agent', reason: `the leaf \`self\` is for ${self.role} ${self.agent}` };
  return undefined;
}

/** Roots to pin from a verified document on: those it lists, so that a new key is known before it signs. */
export function rootsAfter(kept: Kept, pinned: readonly SigningRoot[]): readonly SigningRoot[] {
  const leaf = kept.document.leaves['roots'];
  const announced =
    leaf?.kind === 'roots' ? leaf.roots.filter((root) => rootId(root.publicKey) === root.id) : [];
  return announced.length === 0 ? pinned : announced;
}

/** Id of a signing root: the first 16 hex digits of the SHA-256 of its SPKI. */
export function rootId(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function readSigned(text: string): SignedDocument | undefined {
  return SignedDocument.safeParse(parseJson(text)).data;
}
