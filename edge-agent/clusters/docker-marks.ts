/** Labels and names by which we know what is ours in a swarm and at an engine, and what both make of an app alike. Values in, values out. */

import type { AppTemplate, Probe } from '../../protocol/app.ts';
import { canonicalJson, type Json } from '../../protocol/canonical.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { Asked } from './docker-step.ts';
import { type AppRef, DriverError } from './driver.ts';
import { isServing } from './track.ts';

export const MANAGED_BY = 'isthmus.dev/managed-by';
export const MANAGER = 'isthmus';
export const TENANT_LABEL = 'isthmus.dev/tenant';
export const NAMESPACE_LABEL = 'isthmus.dev/namespace';
export const APP_LABEL = 'isthmus.dev/app';
export const RELEASE_LABEL = 'isthmus.dev/release';
/** Of everything that makes a container another one. */
export const CONTENT_LABEL = 'isthmus.dev/content';

/** SHA-256 of a text in lower-case hex. */
export type Hash = (text: string) => string;

const HASH_DIGITS = 10;
/** A service's name is a DNS label. */
const NAME_MAX = 63;
const NANO = 1_000_000_000;

/** On everything of an app. */
export function marksOf({ app, namespace }: AppRef): Record<string, string> {
  return { [MANAGED_BY]: MANAGER, [NAMESPACE_LABEL]: namespace, [APP_LABEL]: app };
}

/** The same as a filter of lists. */
export function markFilter(ref: AppRef): { readonly label: readonly string[] } {
  return { label: Object.entries(marksOf(ref)).map(([key, value]) => `${key}=${value}`) };
}

export function isOurs(labels: Readonly<Record<string, string>> | null | undefined): boolean {
  return labels?.[MANAGED_BY] === MANAGER;
}

export function refOf(labels: Readonly<Record<string, string>>): AppRef[] {
  const { [APP_LABEL]: app, [NAMESPACE_LABEL]: namespace } = labels;
  return app === undefined || namespace === undefined ? [] : [{ app, namespace }];
}

export function shortHash(hash: Hash, value: Json): string {
  return hash(canonicalJson(value)).slice(0, HASH_DIGITS);
}

/** `NAMESPACE_APP`; cut and made unique where that is too long for a name. */
export function appName({ app, namespace }: AppRef, hash: Hash): string {
  const name = `${namespace}_${app}`;
  return name.length <= NAME_MAX
    ? name
    : `${name.slice(0, NAME_MAX - HASH_DIGITS - 1)}_${shortHash(hash, name)}`;
}

/** Apps of a tenant share it, nobody else is in it. */
export function networkName(tenant: string): string {
  return `isthmus_${tenant}`;
}

/** What makes a container another one when it changes; numbers of replicas and ways of changing don't. */
export function contentOf(template: AppTemplate, hash: Hash): string {
  const {
    replicas: _replicas,
    access: _access,
    maxUnavailable: _max,
    disconnect: _disconnect,
    onChange: _onChange,
    onFileChange: _onFileChange,
    restart: _restart,
    pullPolicy: _pull,
    ...content
  } = template;
  const json: Json = JSON.parse(JSON.stringify(content));
  return shortHash(hash, json);
}

/** Sorted, because a list in another order is another container. */
export function variablesOf({ environment }: AppTemplate): string[] {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

export function nanoseconds(seconds: number): number {
  return seconds * NANO;
}

/** An engine has one check of a container: `ready` where the app has it, for it decides who is asked; else what there is. */
export function probeOf({ health }: AppTemplate): Probe | undefined {
  return health.ready ?? health.live ?? health.start;
}

/** As the engine's API has it; null if the app has no check, which also silences one of the image. */
export function healthcheckOf(template: AppTemplate) {
  const probe = probeOf(template);
  if (probe === undefined) return { Test: ['NONE'] };
  const { start } = template.health;
  return {
    Test: testOf(probe),
    Interval: nanoseconds(probe.periodSeconds),
    Timeout: nanoseconds(probe.timeoutSeconds),
    Retries: probe.failures,
    StartPeriod: nanoseconds(start === undefined ? 0 : start.periodSeconds * start.failures),
  };
}

/** An engine looks from inside only: for HTTP and TCP the image must have a shell with one of curl, wget and nc. */
function testOf({ http, tcp, command = [], timeoutSeconds }: Probe): string[] {
  if (http !== undefined) return ['CMD-SHELL', httpTest(http)];
  if (tcp !== undefined) return ['CMD-SHELL', `nc -z -w ${timeoutSeconds} 127.0.0.1 ${tcp.port}`];
  return ['CMD', ...command];
}

/** Its time limit is the engine's. */
function httpTest({ path, port }: { readonly path: string; readonly port: number }): string {
  const url = quoted(`http://127.0.0.1:${port}${path}`);
  return `if command -v curl >/dev/null; then curl -fsS -o /dev/null ${url}; else wget -q -O /dev/null ${url}; fi`;
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** An engine takes what Kubernetes refuses, and then kills the container for it. */
export function checkResources({ resources }: AppTemplate): void {
  const { cpuMillis = 0, memoryMib = 0, cpuMillisMax, memoryMibMax } = resources;
  if (cpuMillis > (cpuMillisMax ?? cpuMillis))
    throw new DriverError(
      'driver.refused',
      'It asks for more CPU (cpuMillis) than it may use (cpuMillisMax).',
    );
  if (memoryMib > (memoryMibMax ?? memoryMib))
    throw new DriverError(
      'driver.refused',
      'It asks for more memory (memoryMib) than it may use (memoryMibMax).',
    );
}

/** Containers between bounds: what is there stays, within them. */
export function replicasOf({ replicas }: AppTemplate, there: number | undefined): number {
  if (typeof replicas === 'number') return replicas;
  return Math.min(replicas.max, Math.max(replicas.min, there ?? replicas.min));
}

/** What is beside stable comes up before it is asked. */
export function askedOf(workload: WorkloadLeaf): Asked {
  if (!isServing(workload)) return 'never';
  return workload.track === undefined ? 'always' : 'when_good';
}

/** Throws `driver.unsupported` if one of the conditions holds. */
export function refuseIf(reasons: readonly (readonly [boolean, string])[]): void {
  const found = reasons.find(([holds]) => holds);
  if (found !== undefined) throw new DriverError('driver.unsupported', found[1]);
}

export function isOfTenant(labels: Readonly<Record<string, string>>, { tenant }: WorkloadLeaf): boolean {
  return isOurs(labels) && labels[TENANT_LABEL] === tenant;
}
