/** The kinds of the API as the command knows them: where they lie, how they are read, and what a row of a table says of one. */
import { z } from 'zod';
import { App, AppCreation } from '../../protocol/app.ts';
import { Binding, BindingCreation, type BindingSubject } from '../../protocol/binding.ts';
import { Cluster, ClusterReplacement } from '../../protocol/cluster.ts';
import { Edge } from '../../protocol/edge.ts';
import { policyEndText } from '../../protocol/explanation.ts';
import { Hub, HubCreation } from '../../protocol/hub.ts';
import { Key } from '../../protocol/key.ts';
import { Metadata } from '../../protocol/metadata.ts';
import { Policy, PolicyCreation } from '../../protocol/policy.ts';
import { Pool, PoolCreation } from '../../protocol/pool.ts';
import { Role, RoleCreation, type Rule } from '../../protocol/role.ts';
import { Route, RouteCreation } from '../../protocol/route.ts';
import { Service, ServiceCreation } from '../../protocol/service.ts';
import { Site, SiteCreation } from '../../protocol/site.ts';
import { Tenant, TenantCreation } from '../../protocol/tenant.ts';
import { Token } from '../../protocol/token.ts';
import { healthOf } from '../health.ts';
import { ageSince } from '../table.ts';
import type { KindName } from './places.ts';

/** What all kinds have. */
export const Resource = z.looseObject({
  metadata: Metadata,
  spec: z.looseObject({}),
  status: z.looseObject({ site: z.string().optional() }),
});
export type Resource = z.infer<typeof Resource>;

/** A resource with the cells of its row; `wide` are shown by `-o wide` alone. */
export interface Row {
  readonly resource: Resource;
  cells(nowMs: number): string[];
  wide(): string[];
}

export interface KindRow {
  readonly name: KindName;
  readonly plural: string;
  readonly scope: 'deployment' | 'tenant' | 'site';
  /** Things are made in this order and deleted in the other. */
  readonly order: number;
  readonly columns: readonly string[];
  readonly wideColumns: readonly string[];
  /** Of an answer of the API. */
  readonly row: z.ZodType<Row>;
  /** What a manifest of it may say; absent if it is made in another way. `replace` alone: something else makes it. */
  readonly manifest?: { readonly spec: z.ZodType; readonly by: 'create' | 'replace' };
}

interface Place {
  readonly name: KindName;
  readonly scope?: KindRow['scope'];
  readonly order: number;
  readonly manifest?: NonNullable<KindRow['manifest']>;
}

interface Look<Shown> {
  readonly schema: z.ZodType<Shown>;
  /** By heading. */
  readonly columns: Readonly<Record<string, (one: Shown, nowMs: number) => string>>;
  readonly wide?: Readonly<Record<string, (one: Shown) => string>>;
}

function kind<Shown extends { readonly metadata: Metadata }>(
  { name, scope = 'tenant', order, manifest }: Place,
  { schema, columns, wide = {} }: Look<Shown>,
): KindRow {
  const row = schema.transform((one) => ({
    resource: Resource.parse(one),
    cells: (nowMs: number) => [
      one.metadata.name,
      ...Object.values(columns).map((cell) => cell(one, nowMs)),
      ageSince(one.metadata.createdAt, nowMs),
    ],
    wide: () => [...Object.values(wide).map((cell) => cell(one)), one.metadata.owner ?? '-'],
  }));
  return {
    ...{ name, plural: name.replace(/([^aeiou])y$/, '$1ie').concat('s'), scope, order, row },
    columns: ['NAME', ...Object.keys(columns), 'AGE'],
    wideColumns: [...Object.keys(wide), 'OWNER'],
    ...(manifest === undefined ? {} : { manifest }),
  };
}

const listed = (words: readonly string[]) => words.join(',') || '-';
const made = (creation: { shape: { spec: z.ZodType } }) => ({
  spec: creation.shape.spec,
  by: 'create' as const,
});
const seen = (at: string | undefined, nowMs: number) => (at === undefined ? 'never' : ageSince(at, nowMs));
const state = ({ status: { conditions } }: { status: { conditions: Parameters<typeof healthOf>[0] } }) =>
  healthOf(conditions);

const ruleText = ({ verbs, kinds }: Rule) => `${verbs.join(',')} ${kinds.join(',')}`;
const whoText = (who: BindingSubject) => `${who.kind} ${who.kind === 'group' ? who.group : who.subject}`;

export const KINDS: readonly KindRow[] = [
  kind(
    { name: 'tenant', scope: 'deployment', order: 0, manifest: made(TenantCreation) },
    {
      schema: Tenant,
      columns: { ISOLATION: ({ spec }) => spec.isolation },
      wide: { DESCRIPTION: ({ spec }) => spec.description || '-' },
    },
  ),
  kind(
    { name: 'site', order: 1, manifest: made(SiteCreation) },
    {
      schema: Site,
      columns: { KIND: ({ spec }) => spec.kind, PREFIXES: ({ spec }) => listed(spec.prefixes), STATE: state },
      wide: {
        VIRTUAL: ({ status }) => listed(status.prefixes.map(({ virtual }) => virtual)),
        NATIVE: ({ spec }) => listed(spec.native),
      },
    },
  ),
  kind(
    { name: 'hub', scope: 'deployment', order: 2, manifest: made(HubCreation) },
    {
      schema: Hub,
      columns: {
        ENDPOINT: ({ spec }) => spec.endpoint,
        STATE: state,
        REPORTED: ({ status }, nowMs) => seen(status.applied?.at, nowMs),
      },
      wide: { GROUP: ({ spec }) => spec.group, VERSION: ({ status }) => status.version ?? '-' },
    },
  ),
  kind(
    { name: 'edge', order: 3 },
    {
      schema: Edge,
      columns: {
        SITE: ({ spec }) => spec.site,
        LINKS: ({ status: { links } }) => `${links.filter(({ up }) => up).length}/${links.length}`,
        STATE: state,
        REPORTED: ({ status }, nowMs) => seen(status.applied?.at, nowMs),
      },
      wide: { ADDRESS: ({ status }) => status.tunnelAddress, VERSION: ({ status }) => status.version },
    },
  ),
  kind(
    { name: 'cluster', order: 4, manifest: { spec: ClusterReplacement.shape.spec, by: 'replace' } },
    {
      schema: Cluster,
      columns: {
        KIND: ({ status }) => status.kind,
        SITE: ({ spec }) => spec.site,
        VERSION: ({ status }) => status.facts?.version ?? '-',
        STATE: state,
        SEEN: ({ status }, nowMs) => seen(status.observedAt, nowMs),
      },
      wide: { EDGE: ({ status }) => status.edge, HOST: ({ status }) => status.host },
    },
  ),
  kind(
    { name: 'pool', order: 5, manifest: made(PoolCreation) },
    {
      schema: Pool,
      columns: {
        CLUSTERS: ({ spec }) => listed([...new Set(spec.ranges.map(({ cluster }) => cluster))]),
        SIZE: ({ status }) => String(status.size),
        FREE: ({ status }) => String(status.free),
        STATE: state,
      },
    },
  ),
  kind(
    { name: 'service', scope: 'site', order: 6, manifest: made(ServiceCreation) },
    {
      schema: Service,
      columns: {
        SITE: ({ status }) => status.site,
        ADDRESS: ({ spec }) => `${spec.address}:${spec.port}/${spec.protocol}`,
        VIRTUAL: ({ status }) => status.virtualAddress ?? '-',
        STATE: state,
      },
      wide: { HOSTNAME: ({ status }) => status.hostname, 'FOUND IN': ({ status }) => status.cluster ?? '-' },
    },
  ),
  kind(
    { name: 'app', order: 7, manifest: made(AppCreation) },
    {
      schema: App,
      columns: {
        RELEASE: ({ status: { release, running } }) =>
          release === running ? String(release) : `${release} (runs ${running})`,
        CLUSTERS: ({ status }) => listed([...new Set(status.instances.map(({ cluster }) => cluster))]),
        READY: ({ status: { instances } }) =>
          `${total(instances.map(({ ready }) => ready))}/${total(instances.map(({ wanted }) => wanted))}`,
        STATE: state,
      },
      wide: { IMAGE: ({ spec }) => spec.image, HOSTNAME: ({ status }) => status.hostname },
    },
  ),
  kind(
    { name: 'route', order: 8, manifest: made(RouteCreation) },
    {
      schema: Route,
      columns: {
        HOST: ({ spec }) => `${spec.host}${spec.path}`,
        TO: ({ spec: { service, app } }) =>
          app === undefined ? `service ${service?.site}/${service?.name}` : `app ${app.name}:${app.port}`,
        STATE: state,
      },
      wide: { 'FOUND IN': ({ status }) => status.cluster ?? '-' },
    },
  ),
  kind(
    { name: 'policy', order: 9, manifest: made(PolicyCreation) },
    {
      schema: Policy,
      columns: {
        FROM: ({ spec }) => policyEndText(spec.from),
        TO: ({ spec }) => policyEndText(spec.to),
        PORTS: ({ spec }) => spec.ports.map(({ port, protocol }) => `${port}/${protocol}`).join(',') || 'any',
        STATE: state,
      },
    },
  ),
  kind(
    { name: 'token', order: 10 },
    {
      schema: Token,
      columns: { FOR: ({ spec }) => spec.site ?? spec.hub ?? '-' },
    },
  ),
  kind(
    { name: 'role', order: 11, manifest: made(RoleCreation) },
    {
      schema: Role,
      columns: { RULES: ({ spec }) => spec.rules.map(ruleText).join('; ') },
      wide: { DESCRIPTION: ({ spec }) => spec.description || '-' },
    },
  ),
  kind(
    { name: 'binding', order: 12, manifest: made(BindingCreation) },
    {
      schema: Binding,
      columns: { WHO: ({ spec }) => whoText(spec.who), ROLE: ({ spec }) => spec.role },
      wide: {
        SITES: ({ spec }) => listed(spec.sites ?? []),
        ISSUER: ({ spec }) => spec.who.issuer,
        DESCRIPTION: ({ spec }) => spec.description || '-',
      },
    },
  ),
  kind(
    { name: 'key', order: 13 },
    {
      schema: Key,
      columns: { ROLE: ({ spec }) => spec.role },
      wide: { DESCRIPTION: ({ spec }) => spec.description || '-' },
    },
  ),
];

/** Kinds that manifests can be of. */
export const MANIFEST_KINDS: readonly string[] = KINDS.filter(({ manifest }) => manifest !== undefined).map(
  ({ name }) => name,
);

/** By its name, in the singular or the plural. */
export function kindNamed(word: string): KindRow | undefined {
  const lower = word.toLowerCase();
  return KINDS.find(({ name, plural }) => name === lower || plural === lower);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
