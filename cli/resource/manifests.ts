/** Manifests as files hold them: YAML or JSON, several to a file, and lists as `isthmus get -o json` writes them. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { Fault } from '../fault.ts';
import { type KindRow, kindNamed, MANIFEST_KINDS } from './kinds.ts';

const DOCUMENTS_MAX = 5_000;

const Form = z.looseObject({
  kind: z.string().default('app'),
  metadata: z.looseObject({
    name: z.string(),
    tenant: z.string().optional(),
    site: z.string().optional(),
  }),
  spec: z.unknown().optional(),
});

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** One thing that is wanted, not yet checked against its kind's schema. */
export interface ManifestRead {
  /** For messages: the file, and which of its documents. */
  readonly place: string;
  readonly kind: KindRow;
  readonly name: string;
  readonly tenant: string | undefined;
  readonly site: string | undefined;
  readonly spec: unknown;
}

/** All manifests in the order of the texts; nothing, if one of them is wrong. Of an app, if `kind` says nothing else. */
export function readManifests(texts: readonly SourceText[]): ManifestRead[] {
  return texts.flatMap((source) => {
    const documents = documentsOf(source);
    return documents.map((document, index) =>
      manifestOf(document, documents.length === 1 ? source.file : `${source.file}, document ${index + 1}`),
    );
  });
}

/** In the order in which things need each other; equal kinds stay as they were written. */
export function inOrder(manifests: readonly ManifestRead[]): ManifestRead[] {
  return [...manifests].sort((a, b) => a.kind.order - b.kind.order);
}

/** Every document that says something; an `items` list stands for what is in it. */
export function documentsOf({ file, text }: SourceText): unknown[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  if (documents.length > DOCUMENTS_MAX)
    throw new Fault('usage', `${file} has more than ${DOCUMENTS_MAX} documents.`);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const [reason = ''] = error.message.split('\n');
      throw new Fault(
        'usage',
        `${file}: This is no YAML, so nothing was changed: ${reason.replace(/:$/, '')}.`,
      );
    }
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    const list = z.object({ items: z.array(z.unknown()) }).safeParse(value);
    return list.success ? list.data.items : [value];
  });
}

function manifestOf(document: unknown, place: string): ManifestRead {
  const form = Form.safeParse(document);
  if (!form.success) throw noManifest(place, form.error.issues[0]);
  const { kind: kindName, metadata, spec } = form.data;
  const kind = kindNamed(kindName);
  if (kind?.manifest === undefined)
    throw noManifest(place, { path: ['kind'], message: `${kindName} is none of them` });
  if (kind.scope === 'site' && metadata.site === undefined)
    throw noManifest(place, { path: ['metadata', 'site'], message: `a ${kind.name} is of a site` });
  const { name, tenant, site } = metadata;
  return { place, kind, name, tenant, site, spec: spec ?? {} };
}

function noManifest(place: string, issue?: Pick<z.core.$ZodIssue, 'path' | 'message'>): Fault {
  const at = issue?.path.join('.') ?? '';
  const where = issue === undefined || at === '' ? '' : ` Of ${at}: ${issue.message}.`;
  return new Fault(
    'usage',
    `${place}: This is no manifest: it has metadata and spec, as YAML or JSON, and kind: ${MANIFEST_KINDS.join(' or ')}.${where}`,
  );
}
