/**
 * Tables as they are kept: one row an object, its cells as the server made them, beside what of the object lists and watches are chosen by. Rows are
 * asked for with their whole objects, because ages are counted from dates inside these; what is kept and told of an object is its metadata alone, as
 * the server tells it unless asked otherwise.
 * Source: kubernetes, pkg/printers/internalversion/printers.go (cells), apiserver, endpoints/handlers/response.go (how rows are told).
 */
import { z } from 'zod';
import { secondsOf } from '../../protocol/time.ts';
import { type Age, type Ages, isAgeOf } from './ages.ts';
import { type Dress, type Kept, keep, type ListPage, versionOf, type WatchLine } from './kept.ts';
import { elementsAt, type Member, membersAt, ScanError, textOf } from './scan.ts';

export const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const KIND = 'Table';
const API_VERSION = 'meta.k8s.io/v1';

/**
 * Types whose cells depend on nothing but the object, the age of the object, and the last restart of a pod. Of jobs, events and the like more
 * depends on the time; columns of custom resources are what their authors chose.
 */
const TABLES = new Set([
  ...[
    'pods',
    'services',
    'endpoints',
    'configmaps',
    'serviceaccounts',
    'persistentvolumes',
    'persistentvolumeclaims',
    'nodes',
    'namespaces',
    'replicationcontrollers',
    'resourcequotas',
  ].map((resource) => `/${resource}`),
  ...['deployments', 'replicasets', 'daemonsets', 'statefulsets', 'controllerrevisions'].map(
    (resource) => `apps/${resource}`,
  ),
  ...['ingresses', 'ingressclasses', 'networkpolicies'].map((resource) => `networking.k8s.io/${resource}`),
  'autoscaling/horizontalpodautoscalers',
  'discovery.k8s.io/endpointslices',
  'policy/poddisruptionbudgets',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'scheduling.k8s.io/priorityclasses',
  'storage.k8s.io/storageclasses',
]);

const AGE_COLUMN = 'Age';
const RESTARTS = /^(\d+ \()(\S+)( ago\))$/;
/** What else looks like a time is none that we know. */
const LIKE_AN_AGE = /^(<invalid>|\d+[smhdy](\d+[smhd])?)$| ago\b/;

const Terminated = z.looseObject({ finishedAt: z.string().nullish() });
const ContainerStatuses = z
  .array(z.looseObject({ lastState: z.looseObject({ terminated: Terminated.nullish() }).nullish() }))
  .nullish();
const PodStatus = z.looseObject({
  containerStatuses: ContainerStatuses,
  initContainerStatuses: ContainerStatuses,
});

export interface Reading {
  readonly resource: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly copy: (text: string) => string;
}

export function hasTable({
  group,
  resource,
}: {
  readonly group: string;
  readonly resource: string;
}): boolean {
  return TABLES.has(`${group}/${resource}`);
}

/** A page of a list that was asked for as a table with whole objects. */
export function readTablePage(page: string, reading: Reading): ListPage {
  const table = tableAt(page, 0);
  const metadata = new Map(
    membersAt(page, table.member('metadata').begin).map((member) => [member.key, member]),
  );
  const string = (key: string) => {
    const member = metadata.get(key);
    return member === undefined ? '' : textOf(page, member.begin, member.end);
  };
  const columns = reading.copy(table.text('columnDefinitions'));
  const dress: Dress = { prefix: '', kind: KIND, apiVersion: API_VERSION, columns };
  const ageAt = ageColumn(columns);
  return {
    version: versionOf(string('resourceVersion')),
    continue: string('continue'),
    dress,
    items: rowsOf(page, table.member('rows')).map((row) => keepRow(row, { ...reading, ageAt })),
  };
}

/** A line of a watch that was begun so. Undefined: not a line about a table; it is read as any other. */
export function readTableLine(
  line: string,
  { dress, ...reading }: Reading & { readonly dress: Dress },
): WatchLine | undefined {
  const members = new Map(membersAt(line, 0).map((member) => [member.key, member]));
  const [type, object] = [members.get('type'), members.get('object')];
  if (type === undefined || object === undefined) throw new ScanError('no event');
  const what = textOf(line, type.begin, type.end);
  if (what !== 'ADDED' && what !== 'MODIFIED' && what !== 'DELETED') return undefined;
  const [row, ...others] = rowsOf(line, tableAt(line, object.begin).member('rows'));
  if (row === undefined || others.length > 0) throw new ScanError('an event of other than one row');
  return { type: what, object: keepRow(row, { ...reading, ageAt: ageColumn(dress.columns) }) };
}

/** `rows` may be null. */
function rowsOf(text: string, { begin, end }: Member): string[] {
  if (text[begin] !== '[') return [];
  return elementsAt(text.slice(begin, end), 0).map(([from, to]) => text.slice(begin + from, begin + to));
}

function tableAt(text: string, at: number) {
  const members = new Map(membersAt(text, at).map((member) => [member.key, member]));
  const member = (key: string): Member => {
    const found = members.get(key);
    if (found === undefined) throw new ScanError(`a table without ${key}`);
    return found;
  };
  const kind = member('kind');
  if (textOf(text, kind.begin, kind.end) !== KIND) throw new ScanError('no table');
  return { member, text: (key: string) => text.slice(member(key).begin, member(key).end) };
}

/** -1 if there is none. */
function ageColumn(columns: string): number {
  return elementsAt(columns, 0).findIndex(([begin, end]) => {
    const column = columns.slice(begin, end);
    const name = membersAt(column, 0).find(({ key }) => key === 'name');
    return name !== undefined && textOf(column, name.begin, name.end) === AGE_COLUMN;
  });
}

function keepRow(row: string, more: Reading & { readonly ageAt: number }): Kept {
  const members = new Map(membersAt(row, 0).map((member) => [member.key, member]));
  const [cells, object] = [members.get('cells'), members.get('object')];
  if (cells === undefined || object === undefined) throw new ScanError('a row without cells or object');
  const whole = row.slice(object.begin, object.end);
  const kept = keep(whole, more.resource);
  const parts = new Map(membersAt(whole, 0).map((member) => [member.key, member]));
  const metadata = parts.get('metadata');
  if (metadata === undefined) throw new ScanError('an object without metadata');
  const opening = `${row.slice(0, object.begin)}{"kind":"PartialObjectMetadata","apiVersion":"${API_VERSION}","metadata":`;
  const text = more.copy(`${opening}${whole.slice(metadata.begin, metadata.end)}}}`);
  const status = parts.get('status');
  return {
    ...kept,
    text,
    versionAt: opening.length + kept.versionAt - metadata.begin,
    bytes: kept.bytes - whole.length + text.length,
    ages: agesOf(row, cells, {
      ...more,
      createdMs: createdMs(whole, metadata),
      restartedMs: () =>
        more.resource === 'pods' && status !== undefined
          ? restartedMs(whole.slice(status.begin, status.end))
          : undefined,
    }),
  };
}

function agesOf(
  row: string,
  cells: Member,
  more: {
    readonly ageAt: number;
    readonly nowMs: number;
    readonly createdMs: number | undefined;
    readonly restartedMs: () => number | undefined;
  },
): Ages {
  const ages: Age[] = [];
  for (const [index, [begin, end]] of elementsAt(row, cells.begin).entries()) {
    if (row[begin] !== '"') continue;
    const cell = textOf(row, begin, end);
    const isAge = index === more.ageAt;
    if (!isAge && (index === 0 || !LIKE_AN_AGE.test(cell))) continue;
    const [, before = '', age = cell, after = ''] = isAge ? [] : (RESTARTS.exec(cell) ?? []);
    const sinceMs = isAge ? more.createdMs : before === '' ? undefined : more.restartedMs();
    if (sinceMs === undefined || !isAgeOf(age, sinceMs, more.nowMs)) return 'unknown';
    ages.push({ begin, end, sinceMs, before, after });
  }
  return ages;
}

function createdMs(object: string, metadata: Member): number | undefined {
  const created = membersAt(object, metadata.begin).find(({ key }) => key === 'creationTimestamp');
  if (created === undefined || object[created.begin] !== '"') return undefined;
  return millisecondsOf(textOf(object, created.begin, created.end));
}

/** When a container of a pod ended last. Undefined: none did, or which ones count depends on how far its initialization is. */
function restartedMs(status: string): number | undefined {
  const parsed = PodStatus.safeParse(JSON.parse(status));
  if (!parsed.success) return undefined;
  const { containerStatuses, initContainerStatuses } = parsed.data;
  const endsOf = (statuses: z.infer<typeof ContainerStatuses>) =>
    (statuses ?? []).flatMap(({ lastState }) => {
      const end = millisecondsOf(lastState?.terminated?.finishedAt ?? '');
      return end === undefined ? [] : [end];
    });
  const ends = endsOf(containerStatuses);
  return ends.length === 0 || endsOf(initContainerStatuses).length > 0 ? undefined : Math.max(...ends);
}

function millisecondsOf(text: string): number | undefined {
  const milliseconds = secondsOf(text) * 1_000;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
