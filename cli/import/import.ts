/** From files of other systems to manifests, and what is to be said of them. Which system is told by the content. Values in, values out. */
import { stringify } from 'yaml';
import { composeApps } from './compose.ts';
import type { Draft, MadeApp } from './draft.ts';
import { kubernetesApps } from './kubernetes.ts';
import { marathonApps } from './marathon.ts';
import { type Note, openSource, type Place } from './source.ts';

export const SYSTEMS = ['compose', 'marathon', 'kubernetes'] as const;
export type System = (typeof SYSTEMS)[number];

export interface SourceFile {
  readonly name: string;
  readonly text: string;
  /** If the content does not tell. */
  readonly from?: System | undefined;
  /** A text file beside it. */
  readonly readText: (path: string) => string | undefined;
}

export type Imported =
  | { readonly kind: 'made'; readonly apps: readonly MadeApp[]; readonly notes: readonly Note[] }
  | { readonly kind: 'fault'; readonly message: string };

export function importFile(file: SourceFile): Imported {
  const source = openSource(file.name, file.text);
  if (typeof source === 'string') return { kind: 'fault', message: source };
  const system = file.from ?? systemOf(source.roots);
  if (system === undefined)
    return {
      kind: 'fault',
      message: `${file.name}: this is no Compose file, no Marathon app and no object of Kubernetes; say which by --from.`,
    };
  const apps = draftsOf(system, source.roots, file).flatMap((draft) => draft.finish() ?? []);
  return { kind: 'made', apps, notes: source.report() };
}

function draftsOf(system: System, roots: readonly Place[], file: SourceFile): Draft[] {
  switch (system) {
    case 'compose':
      return roots.flatMap((root) => composeApps(root, file.readText));
    case 'marathon':
      return roots.flatMap(marathonApps);
    case 'kubernetes':
      return kubernetesApps(roots);
  }
}

export function systemOf(roots: readonly Place[]): System | undefined {
  const [root] = roots.flatMap((one) => one.items());
  if (root === undefined || !root.isMapping) return undefined;
  const has = (key: string) => root.at(key) !== undefined;
  if (has('apiVersion') && has('kind')) return 'kubernetes';
  if (has('services')) return 'compose';
  return has('id') || has('apps') || has('groups') ? 'marathon' : undefined;
}

const LABELS: Readonly<Record<Note['kind'], string>> = {
  lost: 'NOT CARRIED OVER',
  changed: 'changed',
  meaningless: 'nothing to carry',
};

export function noteText({ kind, at, message }: Note): string {
  return `${at}: ${LABELS[kind]}: ${message}`;
}

/** The manifest, with what was said of it, and of no app in particular, at its head. */
export function manifestText({ name, spec }: MadeApp, notes: readonly Note[]): string {
  const said = notes.filter(({ app }) => app === undefined || app === name);
  const head = said.flatMap((note) => noteText(note).split('\n')).map((line) => `# ${line}\n`);
  return `${head.join('')}${stringify({ kind: 'app', metadata: { name }, spec }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
