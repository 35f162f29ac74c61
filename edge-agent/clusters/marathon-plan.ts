/** What is to be done about an app in Marathon, from what stands there. Pure. */
import type { App } from '../marathon/wire.ts';
import { DriverError } from './driver.ts';
import {
  APP_LABEL,
  CONTENT_LABEL,
  type Json,
  type JsonObject,
  type MarathonApp,
  NAMESPACE_LABEL,
  REMOVED_LABEL,
} from './marathon-objects.ts';

export type MarathonStep =
  | { readonly kind: 'create'; readonly body: JsonObject }
  | { readonly kind: 'change'; readonly body: JsonObject; readonly fields: readonly string[] }
  /** What Marathon was told is right, and no deployment brings its tasks there: somebody ended the one that did. */
  | { readonly kind: 'restart' };

/** Undefined: all is as it should be, or on its way. Throws `driver.conflict` if somebody else's app stands there. */
export function stepOf(wanted: MarathonApp, live: App | undefined): MarathonStep | undefined {
  const { id, instances, spec } = wanted;
  if (live === undefined) return { kind: 'create', body: { id, instances, ...spec } };
  if (!isOurs(live))
    throw new DriverError(
      'driver.conflict',
      `An app ${id} that is not ours stands in Marathon: remove it, or choose another name.`,
    );
  const fields = differencesOf(wanted, live);
  if (fields.length > 0) return { kind: 'change', body: changeOf(wanted, live, fields), fields };
  return live.deployments.length === 0 && live.tasks.some((task) => isStale(task, live))
    ? { kind: 'restart' }
    : undefined;
}

export function isOurs({ id, labels }: App): boolean {
  return id === `/${labels[NAMESPACE_LABEL]}/${labels[APP_LABEL]}`;
}

/** Removed, but for its volumes. */
export function isRemoved({ labels }: App): boolean {
  return labels[REMOVED_LABEL] === 'true';
}

/** Made before the app was last changed in more than its number. Versions are times, which sort as texts. */
export function isStale(
  { version, state }: App['tasks'][number],
  { versionInfo }: Pick<App, 'versionInfo'>,
): boolean {
  return state === 'TASK_RUNNING' && versionInfo !== undefined && version < versionInfo.lastConfigChangeAt;
}

/**
 * Fields of ours that are not as wanted. The strategy of upgrades is told with each change of content and not looked at otherwise: its fractions are of the number of
 * instances, and to change it alone would restart all of them.
 */
export function differencesOf({ instances, content, spec }: MarathonApp, live: App): string[] {
  const { upgradeStrategy: _, ...compared } = spec;
  const found = Object.entries(compared)
    .filter(([name, value]) => !carries(live[name], value) || (name === 'env' && !carries(value, live[name])))
    .map(([name]) => name);
  const isOther = live.labels[CONTENT_LABEL] !== content;
  return [
    ...found,
    ...(isOther ? ['upgradeStrategy'] : []),
    ...(live.instances === instances ? [] : ['instances']),
  ];
}

/** Whether everything that is wanted is there; more may be, but not in lists. Marathon leaves out what is empty, and adds its defaults. */
export function carries(live: unknown, wanted: unknown): boolean {
  if (isEmpty(wanted)) return isEmpty(live);
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((one, index) => carries(live[index], one))
    );
  if (isObject(wanted))
    return isObject(live) && Object.entries(wanted).every(([name, value]) => carries(live[name], value));
  return live === wanted;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A change is partial, but whole in each of its fields: labels of others are said again. */
function changeOf({ instances, spec }: MarathonApp, live: App, fields: readonly string[]): JsonObject {
  const all: JsonObject = { ...spec, instances };
  const labels = isObject(spec['labels']) ? { ...live.labels, ...textsOf(spec['labels']) } : live.labels;
  return Object.fromEntries(
    fields.map((name): [string, Json] => [name, name === 'labels' ? labels : (all[name] ?? null)]),
  );
}

function textsOf(labels: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
