/** `isthmus apps [NAME]`: what runs, where, and what is wrong with it. */
import { App } from '../protocol/app.ts';
import type { Api } from './api.ts';
import { ageSince, tableOf } from './table.ts';

async function pathOf(api: Api, name?: string): Promise<string> {
  const apps = `/v1/tenants/${await api.tenant()}/apps`;
  return name === undefined ? apps : `${apps}/${encodeURIComponent(name)}`;
}

export async function readApps(api: Api): Promise<App[]> {
  return api.list(await pathOf(api), App);
}

export async function readApp(api: Api, name: string): Promise<App> {
  return api.get(await pathOf(api, name), App);
}

export function appsText(apps: readonly App[]): string {
  if (apps.length === 0) return 'There are no apps. Write a manifest, then: isthmus apply -f FILE';
  const rows = apps.map(({ metadata, spec, status }) => [
    metadata.name,
    status.running === status.release ? String(status.release) : `${status.release} (runs ${status.running})`,
    (status.placed?.assignments ?? []).map(({ cluster }) => cluster).join(',') || '-',
    `${sum(status.instances.map(({ ready }) => ready))}/${sum(status.instances.map(({ wanted }) => wanted))}`,
    status.conditions[0]?.reason ?? '-',
  ]);
  return tableOf(['NAME', 'RELEASE', 'CLUSTERS', 'READY', 'STATE'], rows);
}

export function appText({ metadata, spec, status }: App, nowMs: number): string {
  const [running, ...others] = status.conditions;
  const takenBack = others.find(({ type }) => type === 'RolledBack');
  const head = [
    ['app', `${metadata.name}, release ${status.release}: ${spec.image}`],
    ['state', running === undefined ? '-' : `${running.reason}: ${running.message}`],
    ...(takenBack === undefined ? [] : [['back', takenBack.message]]),
  ].map(([label = '', text = '']) => `${label.padEnd(8)}${text}`);
  const rows = status.instances.flatMap((instance) =>
    instance.containers.map((one) => [
      instance.cluster,
      one.name,
      one.node || '-',
      one.address || '-',
      one.state,
      one.reason === 'none' ? '' : one.reason,
      one.release === 0 ? 'older' : String(one.release),
      String(one.restarts),
      instance.observedAt === undefined ? '-' : ageSince(instance.observedAt, nowMs),
    ]),
  );
  const said = status.instances.flatMap(({ containers }) =>
    containers
      .filter(({ reason }) => reason !== 'none')
      .flatMap((one) => [`* ${one.name}: ${one.message}`, ...one.lastLines.map((line) => `    ${line}`)]),
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
    ...(rows.length === 0 ? [] : ['', tableOf(heading, rows)]),
    ...(said.length === 0 ? [] : ['', ...said]),
  ].join('\n');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
