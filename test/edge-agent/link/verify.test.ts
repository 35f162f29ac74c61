/** SCENARIOS 5 and 6: nothing but a pinned signing root makes an agent take a document. */
import { describe, expect, test } from 'vitest';
import {
  type Kept,
  type RefusalCode,
  rootsAfter,
  type Trust,
  verifyEnvelope,
  verifyLeaves,
} from '../../../edge-agent/link/verify.ts';
import type { SignedDocument } from '../../../protocol/document.ts';
import { makeRoot, type Root, type Signing, signDocument } from '../../fakes/control-plane.ts';
import { AGENT, documentOf, POLICY, SELF } from './documents.ts';

const root = makeRoot();
const foreign = makeRoot();
const held = signDocument(root, documentOf(5));

function pin({ id, publicKey }: Root) {
  return { id, publicKey };
}

const trust: Trust = { agent: AGENT, role: 'edge', roots: [pin(root)], newest: held.signed };

function judge(signed: SignedDocument, trusted: Trust = trust): string {
  const result = verifyEnvelope(JSON.stringify(signed), trusted);
  return result.kind === 'refused' ? result.code : result.kind;
}

function by(signer: Root, what: Signing): SignedDocument {
  return signDocument(signer, what).signed;
}

describe('an envelope (scenarios 5 and 6)', () => {
  const newer = by(root, documentOf(6));
  const cases: readonly (readonly [string, SignedDocument, RefusalCode | 'newer' | 'unchanged'])[] = [
    ['of the next generation is taken', newer, 'newer'],
    ['that is held already changes nothing', held.signed, 'unchanged'],
    ['of an older generation is refused', by(root, documentOf(4)), 'older'],
    [
      'of the same generation with other content is refused',
      by(root, documentOf(5, { leaves: { self: SELF } })),
      'same_version_other_content',
    ],
    ['of a higher epoch is refused', by(root, documentOf(1, { epoch: 2 })), 'epoch_without_recovery'],
    [
      'of a higher epoch is taken as a recovery',
      by(root, documentOf(1, { epoch: 2, recovery: true })),
      'newer',
    ],
    ['signed by a foreign root is refused', by(foreign, documentOf(6)), 'unknown_root'],
    [
      'that names a pinned root but is signed by another is refused',
      { ...by(foreign, documentOf(6)), key: root.id },
      'bad_signature',
    ],
    ['for another agent is refused', by(root, documentOf(6, { agent: 'edge.acme.other' })), 'other_agent'],
    [
      'whose generation was raised is refused',
      { ...newer, envelope: { ...newer.envelope, generation: 9 } },
      'bad_signature',
    ],
    [
      'whose manifest was altered is refused',
      { ...newer, manifest: newer.manifest.slice(1) },
      'manifest_altered',
    ],
    ['with another signature is refused', { ...newer, signature: held.signed.signature }, 'bad_signature'],
    ['with rubbish for a signature is refused', { ...newer, signature: '%%%' }, 'bad_signature'],
  ];

  test.each(cases)('%s', (_, signed, expected) => {
    expect(judge(signed)).toBe(expected);
  });

  test('that is no document at all is refused', () => {
    for (const text of ['', '<html>', '{}', '[]', 'null', `${JSON.stringify(newer)}}`])
      expect(verifyEnvelope(text, trust)).toMatchObject({ kind: 'refused', code: 'malformed' });
  });

  test('is refused if the pinned key does not fit the id it is pinned under', () => {
    const confused = { ...trust, roots: [{ id: root.id, publicKey: foreign.publicKey }] };
    expect(judge(by(root, documentOf(6)), confused)).toBe('unknown_root');
  });

  test('signed on another curve is refused, even if that key were pinned', () => {
    const large = makeRoot('P-384');
    expect(judge(by(large, documentOf(6)), { ...trust, roots: [pin(large)] })).toBe('bad_signature');
  });
});

describe('leaves', () => {
  const { signed, texts } = signDocument(root, documentOf(6));

  function judgeLeaves(changed: ReadonlyMap<string, string>): string {
    const result = verifyLeaves(signed, changed, trust);
    return result.kind === 'refused' ? result.code : result.kind;
  }

  test('that fit the manifest make the document', () => {
    const result = verifyLeaves(signed, texts, trust);
    expect(result).toEqual({
      kind: 'verified',
      kept: {
        signed,
        document: { version: { epoch: 1, generation: 6 }, leaves: { self: SELF, policy: POLICY } },
      },
    });
  });

  test('are refused if one is missing or altered by a single byte', () => {
    for (const hash of texts.keys()) {
      const missing = new Map(texts);
      missing.delete(hash);
      expect(judgeLeaves(missing)).toBe('leaf_altered');
      const altered = new Map(texts).set(hash, `${texts.get(hash)} `);
      expect(judgeLeaves(altered)).toBe('leaf_altered');
    }
  });

  function judgeSigned(leaves: Signing['leaves']): string {
    const made = signDocument(root, documentOf(6, { leaves }));
    const result = verifyLeaves(made.signed, made.texts, trust);
    return result.kind === 'refused' ? result.code : result.kind;
  }

  test('under the name of another kind are refused', () => {
    expect(judgeSigned({ self: SELF, hubs: POLICY })).toBe('leaf_misplaced');
  });

  test('without a self, or with that of another agent or role, are refused', () => {
    expect(judgeSigned({ policy: POLICY })).toBe('leaf_misplaced');
    expect(judgeSigned({ self: { ...SELF, agent: 'edge.acme.other' } })).toBe('other_agent');
    expect(judgeSigned({ self: { ...SELF, role: 'hub' } })).toBe('other_agent');
  });

  test('with a field that the contract does not know are refused', () => {
    expect(judgeSigned({ self: { ...SELF, ...{ shell: 'rm' } } })).toBe('leaf_malformed');
  });
});

describe('signing roots', () => {
  function keptWith(roots: readonly Root[]): Kept {
    const leaves = { self: SELF, roots: { kind: 'roots' as const, roots: roots.map(pin) } };
    const { signed, texts } = signDocument(root, documentOf(6, { leaves }));
    const result = verifyLeaves(signed, texts, trust);
    if (result.kind === 'refused') throw new Error(result.reason);
    return result.kept;
  }

  test('rotate with an overlap: the next one is announced before it signs, the old one goes after', () => {
    const next = makeRoot();
    const overlapping = rootsAfter(keptWith([root, next]), trust.roots);
    expect(overlapping).toEqual([pin(root), pin(next)]);
    expect(judge(by(next, documentOf(7)), { ...trust, roots: overlapping })).toBe('newer');
    const after = rootsAfter(keptWith([next]), overlapping);
    expect(judge(by(root, documentOf(8)), { ...trust, roots: after })).toBe('unknown_root');
  });

  test('stay pinned if the document announces none', () => {
    const { signed, texts } = signDocument(root, documentOf(6));
    const result = verifyLeaves(signed, texts, trust);
    expect(result.kind === 'verified' && rootsAfter(result.kept, trust.roots)).toEqual(trust.roots);
  });

  test('whose id does not fit their key are not pinned', () => {
    const leaf = { kind: 'roots' as const, roots: [{ id: foreign.id, publicKey: root.publicKey }] };
    const made = signDocument(root, documentOf(6, { leaves: { self: SELF, roots: leaf } }));
    const result = verifyLeaves(made.signed, made.texts, trust);
    expect(result.kind === 'verified' && rootsAfter(result.kept, trust.roots)).toEqual(trust.roots);
  });
});
