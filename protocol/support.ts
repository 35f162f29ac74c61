/**
 * What of an app a kind of cluster can't do at all, whatever the cluster: so that nothing new is placed where it would only be refused. Drivers know more of it
 * (what depends on the version, on the nodes, on what is there), and have the last word.
 */
import type { AppTemplate } from './app.ts';
import type { ClusterKind } from './cluster.ts';

export type Wanted = Pick<
  AppTemplate,
  'pool' | 'onChange' | 'onFileChange' | 'files' | 'secrets' | 'volumes' | 'command' | 'health'
>;
type Lacks = Partial<Record<ClusterKind, string>>;

interface Limit {
  readonly kinds: readonly ClusterKind[];
  readonly asks: (wanted: Wanted) => boolean;
  /** After the name of the kind. */
  readonly lack: string;
}

const BY_SHELL = ['mesos', 'marathon'] as const;

const LIMITS: readonly Limit[] = [
  {
    kinds: ['swarm', ...BY_SHELL],
    asks: ({ pool }) => pool !== undefined,
    lack: 'gives containers no addresses of a pool',
  },
  {
    kinds: ['swarm', ...BY_SHELL],
    asks: ({ onChange }) => onChange === 'rebuildInPlace',
    lack: 'replaces containers, and rebuilds none in its place',
  },
  {
    kinds: [...BY_SHELL],
    asks: ({ onFileChange }) => onFileChange.kind !== 'restart',
    lack: 'brings changed files by new containers only',
  },
  {
    kinds: ['docker', 'swarm'],
    asks: ({ files, onFileChange }) => files.length > 0 && onFileChange.kind !== 'restart',
    lack: 'brings changed files by new containers only',
  },
  { kinds: ['docker', 'mesos'], asks: ({ secrets }) => secrets.length > 0, lack: 'keeps no secrets' },
  {
    kinds: ['swarm'],
    asks: ({ secrets }) => secrets.some(({ as }) => as.kind === 'variable'),
    lack: 'gives secrets as files only',
  },
  {
    kinds: ['marathon'],
    asks: ({ secrets }) => secrets.some(({ as }) => as.kind === 'file'),
    lack: 'gives secrets as variables only',
  },
  { kinds: ['mesos'], asks: ({ volumes }) => volumes.length > 0, lack: 'keeps no volumes' },
  {
    kinds: [...BY_SHELL],
    asks: ({ files, command }) => files.length > 0 && command === undefined,
    lack: 'writes files before a command that the manifest gives',
  },
];

/** By kind, the first thing that it can't do; kinds that can do all of it are left out. */
export function lacksOf(wanted: Wanted): Lacks {
  const found = LIMITS.flatMap(({ kinds, asks, lack }) =>
    asks(wanted) ? kinds.map((kind) => [kind, `${kind} ${lack}`] as const) : [],
  );
  return Object.fromEntries(found.reverse());
}
