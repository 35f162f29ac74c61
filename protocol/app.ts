/**
 * An app: a portable workload. What stands here says nothing of any orchestrator; a driver makes of it what its cluster has.
 * The same spec is the user's manifest, a leaf of the edge's document (`workload.ts`), and what drivers are given.
 */
import { z } from 'zod';
import { Cidr } from './address.ts';
import { DisconnectContract, Reload, Upgrade } from './app-change.ts';
import { AppEndpoint } from './app-endpoint.ts';
import { Statement } from './cluster.ts';
import { Condition, creation, listOf, Name, replacement, resource, Timestamp } from './metadata.ts';
import { Placement } from './placement.ts';
import { PolicyPort } from './policy.ts';
import { Scaled, Scaling } from './scaling.ts';
import { Port, Protocol } from './service.ts';
import { AppStage, StageTold } from './track.ts';

const LIST_MAX = 64;
/** All apps of a group are callers of each other. */
const CALLERS_MAX = 1_000;
const FILE_BYTES_MAX = 65_536;
const TEXT_MAX = 4_096;

const Path = z.string().regex(/^\/[^\0]{0,500}$/, { message: 'Give an absolute path.' });
const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,126}$/);

/** Whoever looks first at a container of the app: `start` until it answers once, then `live` and `ready`. */
export const Probe = z
  .strictObject({
    http: z.strictObject({ path: z.string().regex(/^\//).max(TEXT_MAX), port: Port }).optional(),
    tcp: z.strictObject({ port: Port }).optional(),
    command: z.array(z.string().max(TEXT_MAX)).min(1).max(LIST_MAX).optional(),
    periodSeconds: z.int().min(1).max(3_600).default(10),
    timeoutSeconds: z.int().min(1).max(600).default(2),
    failures: z.int().min(1).max(100).default(3),
  })
  .refine(({ http, tcp, command }) => [http, tcp, command].filter((way) => way !== undefined).length === 1, {
    error: 'Give exactly one of http, tcp and command.',
  })
  .meta({ id: 'Probe' });
export type Probe = z.infer<typeof Probe>;

/** A file that containers of the app find; a change is a new version of it. */
export const AppFile = z
  .strictObject({
    path: Path,
    content: z.string().max(FILE_BYTES_MAX),
    mode: z.int().min(0).max(0o777).default(0o644),
  })
  .meta({ id: 'AppFile' });
export type AppFile = z.infer<typeof AppFile>;

/** A value of a secret that the cluster has already; Isthmus never sees it. */
export const AppSecret = z
  .strictObject({
    secret: z.string().max(253).meta({ description: "Name in the app's namespace of the cluster" }),
    key: z.string().max(253),
    as: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('variable'), name: VariableName }),
      z.strictObject({ kind: z.literal('file'), path: Path }),
    ]),
  })
  .meta({ id: 'AppSecret' });
export type AppSecret = z.infer<typeof AppSecret>;

/** A directory that outlives containers, one of its own for each replica. */
export const AppVolume = z
  .strictObject({
    name: Name,
    path: Path,
    sizeMib: z.int().min(1).max(16_777_216),
    class: z
      .string()
      .max(253)
      .optional()
      .meta({ description: "Storage class; the cluster's default if absent" }),
  })
  .meta({ id: 'AppVolume' });
export type AppVolume = z.infer<typeof AppVolume>;

export const AppResources = z
  .strictObject({
    cpuMillis: z.int().min(1).max(1_000_000).optional(),
    memoryMib: z.int().min(1).max(16_777_216).optional(),
    cpuMillisMax: z.int().min(1).max(1_000_000).optional(),
    memoryMibMax: z.int().min(1).max(16_777_216).optional(),
  })
  .meta({ id: 'AppResources' });
export type AppResources = z.infer<typeof AppResources>;

/** A number, or bounds between which it follows what is measured. */
export const Replicas = z.union([z.int().min(0).max(10_000), Scaling]).meta({ id: 'Replicas' });
export type Replicas = z.infer<typeof Replicas>;

const CallerPorts = z
  .array(PolicyPort)
  .min(1)
  .max(LIST_MAX)
  .optional()
  .meta({ description: 'As the manifest has them; absent: all of the app' });

/** Who may call the app beside its own tenant's apps in the cluster; everybody else is refused. */
export const AppCaller = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('app'), app: Name, ports: CallerPorts }),
    z.strictObject({ kind: z.literal('prefix'), prefix: Cidr, ports: CallerPorts }),
  ])
  .meta({ id: 'AppCaller' });
export type AppCaller = z.infer<typeof AppCaller>;

export const AppPort = z
  .strictObject({
    name: Name,
    port: Port,
    protocol: Protocol.default('tcp'),
    hostPort: Port.optional().meta({
      description: 'Also at this port of every node that runs a container, of which there is then one a node',
    }),
  })
  .meta({ id: 'AppPort' });

export const AppHealth = z
  .strictObject({ start: Probe.optional(), live: Probe.optional(), ready: Probe.optional() })
  .meta({ id: 'AppHealth' });

export const AppAccess = z
  .strictObject({
    kind: z.enum(['tenant', 'group', 'listed']).default('tenant').meta({
      description:
        'tenant: every app of the tenant may call it. group: only apps of its group, and the callers below. listed: only these callers.',
    }),
    group: Name.optional().meta({ description: 'Isolation group of the tenant that the app is of' }),
    callers: z.array(AppCaller).max(CALLERS_MAX).default([]),
    enforcement: z.enum(['required', 'where_possible']).default('where_possible').meta({
      description: 'required: it runs only in clusters whose network is known to enforce this',
    }),
  })
  .refine(({ kind, group }) => kind !== 'group' || group !== undefined, {
    error: 'Name the group.',
    path: ['group'],
  })
  .meta({ id: 'AppAccess' });

/** What runs, without where. */
export const AppTemplate = z
  .strictObject({
    image: z.string().min(1).max(512),
    pullPolicy: z.enum(['always', 'if_absent', 'never']).default('if_absent'),
    command: z.array(z.string().max(TEXT_MAX)).max(LIST_MAX).optional(),
    arguments: z.array(z.string().max(TEXT_MAX)).max(LIST_MAX).optional(),
    environment: z.record(VariableName, z.string().max(32_768)).default({}),
    files: z.array(AppFile).max(LIST_MAX).default([]),
    secrets: z.array(AppSecret).max(LIST_MAX).default([]),
    ports: z.array(AppPort).max(LIST_MAX).default([]),
    volumes: z.array(AppVolume).max(LIST_MAX).default([]),
    resources: AppResources.default({}),
    replicas: Replicas.default(1),
    health: AppHealth.default({}),
    pool: Name.optional().meta({ description: 'Its containers have addresses of this pool' }),
    access: AppAccess.default({ kind: 'tenant', callers: [], enforcement: 'where_possible' }),
    onChange: z.enum(['rolling', 'rebuildInPlace']).default('rolling').meta({
      description: 'rebuildInPlace: new containers on the same nodes with the same volumes and addresses',
    }),
    onFileChange: Reload.default({ kind: 'restart' }),
    restart: z.enum(['reuse', 'new']).default('reuse').meta({
      description: 'reuse: an exited container is brought up again in its place before anything new is made',
    }),
    upgrade: Upgrade.default(Upgrade.parse({ kind: 'rolling' })),
    maxUnavailable: z
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .meta({ description: 'At once, by any voluntary cause' }),
    stopSeconds: z.int().min(0).max(3_600).default(30),
    disconnect: DisconnectContract.default(DisconnectContract.parse({})),
  })
  .meta({ id: 'AppTemplate' });
export type AppTemplate = z.infer<typeof AppTemplate>;

export const AppSpec = AppTemplate.extend({
  placement: Placement.default(Placement.parse({})),
  namespace: Name.optional().meta({ description: "Of the cluster; the tenant's name if absent" }),
}).meta({ id: 'AppSpec' });
export type AppSpec = z.infer<typeof AppSpec>;

/** One container as people look at it. `reason` is one of a small set; `message` says what to do. */
export const ContainerStatus = z
  .strictObject({
    name: z.string().max(320),
    node: z.string().max(253),
    address: z.string().max(45),
    state: z.enum(['waiting', 'starting', 'running', 'ready', 'stopping', 'exited']),
    reason: z
      .enum([
        'none',
        'image_pull',
        'crash_loop',
        'out_of_memory',
        'unschedulable',
        'config_missing',
        'volume_pending',
        'probe_failing',
        'node_lost',
        'address_pending',
        'other',
      ])
      .default('none'),
    message: z.string().max(1_000),
    lastLines: z.array(z.string().max(500)).max(20),
    restarts: z.int(),
    release: z.int(),
    published: z
      .array(z.strictObject({ name: Name, address: z.string().max(45), port: Port }))
      .max(LIST_MAX)
      .optional()
      .meta({
        description:
          'Ports that are reached elsewhere than at its own address, where its cluster chose the place',
      }),
  })
  .meta({ id: 'ContainerStatus' });
export type ContainerStatus = z.infer<typeof ContainerStatus>;

/** An app in one cluster. */
export const AppInstance = z
  .strictObject({
    cluster: z.string(),
    release: z.int().meta({ description: 'The newest one that the cluster was told' }),
    wanted: z.int(),
    ready: z.int().meta({ description: 'Of any release' }),
    updated: z.int().meta({ description: 'Of the newest release, and ready' }),
    statements: z.array(Statement).max(16),
    containers: z.array(ContainerStatus).max(1_000),
    track: z
      .literal('next')
      .optional()
      .meta({ description: 'next: beside what runs, while a release comes by stages' }),
    stage: StageTold.optional(),
    observedAt: Timestamp.optional(),
  })
  .meta({ id: 'AppInstance' });
export type AppInstance = z.infer<typeof AppInstance>;

/** Replicas of the app in a cluster, as they are wanted there. */
export const AppAssignment = z
  .strictObject({
    cluster: z.string(),
    replicas: z.int(),
    state: z.enum(['present', 'lost']).meta({
      description:
        'lost: the cluster has been silent for longer than the app bears; they may still run, and have stand-ins elsewhere',
    }),
    standIns: z.int().meta({ description: 'How many of these stand in for lost ones' }),
  })
  .meta({ id: 'AppAssignment' });
export type AppAssignment = z.infer<typeof AppAssignment>;

export const AppPlaced = z
  .strictObject({
    at: Timestamp,
    wanted: z.int().meta({ description: 'In all clusters together' }),
    unplaced: z.int().meta({ description: 'Of those wanted, how many have no place' }),
    assignments: z.array(AppAssignment),
    why: z.array(z.string()).meta({ description: 'Each choice and each refusal, in sentences' }),
  })
  .meta({ id: 'AppPlaced' });
export type AppPlaced = z.infer<typeof AppPlaced>;

export const AppStatus = z
  .strictObject({
    release: z
      .int()
      .meta({ description: 'Number of the newest release: rises with every change of the template' }),
    running: z.int().meta({
      description: 'The release that clusters are told to run: an older one while the newest has failed',
    }),
    stage: AppStage.optional().meta({ description: 'Absent unless a release is on its way by stages' }),
    placed: AppPlaced.optional().meta({ description: 'Absent until it was looked for a place' }),
    scaled: Scaled.optional().meta({ description: 'Of an app that scales, once its number was chosen' }),
    hostname: z.string().meta({ description: 'Leads to its ready containers, wherever they run' }),
    endpoints: z.array(AppEndpoint).meta({ description: 'What the hostname and routes lead to' }),
    instances: z.array(AppInstance),
    conditions: z.array(Condition),
  })
  .meta({ id: 'AppStatus' });
export type AppStatus = z.infer<typeof AppStatus>;
export const App = resource('App', AppSpec, AppStatus);
export type App = z.infer<typeof App>;
export const AppList = listOf('AppList', App);
export const AppCreation = creation('AppCreation', AppSpec);
export const AppReplacement = replacement('AppReplacement', AppSpec);
