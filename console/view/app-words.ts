/** Numbers and names of an app in as few signs as can be: the same in every language. */

export interface AppFacts {
  readonly release: number;
  readonly running: number;
  readonly stage?: { readonly release: number } | undefined;
  readonly placed?:
    | { readonly assignments: readonly { readonly cluster: string; readonly replicas: number }[] }
    | undefined;
  readonly instances: readonly {
    readonly track?: 'next' | undefined;
    readonly ready: number;
    readonly wanted: number;
  }[];
}

export function releaseText({ release, running, stage }: AppFacts): string {
  if (running === release) return String(release);
  return stage?.release === release ? `${running} → ${release}` : `${running} (${release} ✗)`;
}

export function placesText({ placed }: AppFacts): string {
  const counts = new Map<string, number>();
  for (const { cluster, replicas } of placed?.assignments ?? [])
    counts.set(cluster, (counts.get(cluster) ?? 0) + replicas);
  return [...counts].map(([cluster, replicas]) => `${cluster} ×${replicas}`).join(', ') || '–';
}

/** Of what runs; what stands beside it while a release comes by stages is not counted. */
export function readyText({ instances }: AppFacts): string {
  const own = instances.filter(({ track }) => track === undefined);
  if (own.length === 0) return '–';
  const sum = (of: 'ready' | 'wanted') => own.reduce((total, instance) => total + instance[of], 0);
  return `${sum('ready')}/${sum('wanted')}`;
}
