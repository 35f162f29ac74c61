/** `isthmus apps [NAME]`: what runs, where, and what is wrong with it. */
import { App } from '../protocol/app.ts';
import type { Condition } from '../protocol/metadata.ts';
import type { Scaled } from '../protocol/scaling.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { conditionsText } from './conditions.ts';
import { ageSince, tableOf, withoutControls } from './table.ts';

export async function readApps(api: Api): Promise<App[]> {
  return api.list(at('/v1/tenants/{tenant}/apps', { tenant: await api.tenant() }), App);
}

export async function readApp(api: Api, name: string): Promise<App> {
  return api.get(at('/v1/tenants/{tenant}/apps/{app}', { tenant: await api.tenant(), app: name }), App);
}

/** `promotion`: its release goes on without waiting longer. `abort`: it is taken back. Answers what the app is at then. */
export async function moveApp(
  api: Api,
  name: string,
  { verb, stage }: { readonly verb: 'promotion' | 'abort'; readonly stage?: string | undefined },
): Promise<App> {
  // The stage that is looked at now is meant: one that follows meanwhile is not promoted unseen.
  const meant = stage ?? (await readApp(api, name)).status.stage?.name;
  const body = meant === undefined ? {} : { stage: meant };
  const names = { tenant: await api.tenant(), app: name };
  return api.post(at(`/v1/tenants/{tenant}/apps/{app}/${verb}`, names), App, body);
}

export function movedText({ metadata, status }: App): string {
  const { stage, release, running } = status;
  if (stage !== undefined) return `${metadata.name}: ${stage.message}`;
  return release === running
    ? `${metadata.name}: release ${running} runs.`
    : `${metadata.name}: release ${release} is taken back, ${running} runs.`;
}

/** By name: clusters that are not seen now. What is said of an app there is how it was. */
export type Unseen = ReadonlyMap<string, Condition>;

export function appsText(apps: readonly App[], unseen: Unseen): string {
  if (apps.length === 0) return 'There are no apps. Write a manifest, then: isthmus apply -f FILE';
  const rows = apps.map(({ metadata, status }) => [
    metadata.name,
    releaseText(status),
    clustersOf(status).join(',') || '-',
    readyText(status.instances.filter(({ track }) => track === undefined)),
    [
      status.conditions[0]?.reason ?? '-',
      ...(status.stage === undefined ? [] : [`stage ${status.stage.name}`]),
      ...status.conditions
        .filter(({ type, status: value }) => type === 'Enforced' && value !== 'True')
        .map(({ type, reason }) => `${type}: ${reason}`),
      ...clustersOf(status).flatMap((name) => {
        const why = unseen.get(name);
        return why === undefined ? [] : [`${name}: ${why.reason}`];
      }),
    ].join('; '),
  ]);
  return tableOf(['NAME', 'RELEASE', 'CLUSTERS', 'READY', 'STATE'], rows);
}

export function appText(
  { metadata, spec, status }: App,
  { unseen, nowMs }: { readonly unseen: Unseen; readonly nowMs: number },
): string {
  const head = [
    ['app', `${metadata.name}, release ${status.release}: ${spec.image}`],
    ...releaseLines({ metadata, status }, nowMs),
    ...(spec.ports.length === 0 ? [] : [['name', nameText(status)]]),
    ...clustersOf(status).flatMap((name) => {
      const why = unseen.get(name);
      return why === undefined ? [] : [['unseen', `${name}: ${why.reason}: ${why.message}`]];
    }),
    ...(status.scaled === undefined ? [] : [['scaled', scaledText(spec, status.scaled, nowMs)]]),
  ].map(([label = '', text = '']) => `${label.padEnd(8)}${text}`);
  const rows = status.instances.flatMap((instance) =>
    instance.containers.map((one) => [
      instance.cluster,
      one.name,
      one.node || '-',
      one.address || '-',
      unseen.has(instance.cluster) ? `was ${one.state}` : one.state,
      one.reason === 'none' ? '' : one.reason,
      one.release === 0 ? 'older' : String(one.release),
      String(one.restarts),
      instance.observedAt === undefined ? '-' : ageSince(instance.observedAt, nowMs),
    ]),
  );
  const said = status.instances.flatMap(({ containers }) =>
    containers
      .filter(({ reason }) => reason !== 'none')
      .flatMap((one) => [`* ${one.name}: ${one.message}`, ...one.lastLines.map((line) => `    ${line}`)])
      .map(withoutControls),
  );
  const heading = [
    'CLUSTER',
    'CONTAINER',
    'NODE',
    'ADDRESS',
    'STATE',
    'REASON',
    'RELEASE',
    'RESTARTS',
    'SEEN',
  ];
  return [
    ...head,
    '',
    conditionsText(status.conditions, nowMs),
    ...(status.placed === undefined ? [] : ['', ...status.placed.why]),
    ...(rows.length === 0 ? [] : ['', tableOf(heading, rows)]),
    ...(said.length === 0 ? [] : ['', ...said]),
  ].join('\n');
}

/** Which release runs, if that is not simply the newest. */
function releaseLines(
  { metadata: { name }, status }: Pick<App, 'metadata' | 'status'>,
  nowMs: number,
): string[][] {
  const { stage, running, release } = status;
  if (stage === undefined) return running === release ? [] : [['runs', `release ${running} again`]];
  return [
    ['runs', `release ${running}`],
    ['stage', `${stage.name}, for ${ageSince(stage.since, nowMs)}`],
    ...(stage.waitsForPromotion ? [['', `isthmus promote ${name}, or isthmus abort ${name}`]] : []),
  ];
}

/** The name, and the ports behind it with how many containers have each. */
function nameText({ hostname, endpoints }: App['status']): string {
  const counts = new Map<string, number>();
  for (const { name, port } of endpoints.flatMap(({ ports }) => ports))
    counts.set(`${name} ${port}`, (counts.get(`${name} ${port}`) ?? 0) + 1);
  const ports = [...counts].map(([port, count]) => `${port} at ${count}`);
  return `${hostname}: ${ports.length === 0 ? 'leads nowhere yet' : ports.join(', ')}`;
}

function scaledText({ replicas }: App['spec'], { wanted, at, why }: Scaled, nowMs: number): string {
  const bounds = typeof replicas === 'number' ? '' : `, of ${replicas.min} to ${replicas.max}`;
  return `to ${wanted}${bounds}, for ${ageSince(at, nowMs)}. ${why}`;
}

function releaseText({ release, running, stage }: App['status']): string {
  if (running === release) return String(release);
  return stage?.release === release ? `${running} -> ${release}` : `${release} (runs ${running})`;
}

function readyText(instances: App['status']['instances']): string {
  return `${sum(instances.map(({ ready }) => ready))}/${sum(instances.map(({ wanted }) => wanted))}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Where it is to run, as it was placed. */
export function clustersOf({ placed }: Pick<App['status'], 'placed'>): string[] {
  return [...new Set((placed?.assignments ?? []).map(({ cluster }) => cluster))];
}
