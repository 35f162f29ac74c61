/**
 * Apps of the Marathon-compatible double: what of them is taken, what is filled in, and what our Mesos framework is asked to run for one. The double is not
 * Marathon: it speaks as much of its API as the driver uses, and refuses what it does not know, so that the driver can't ask for what nobody looks at.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MesosApp } from '../../edge-agent/mesos/app.ts';

const LABEL = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
/** As Marathon's own: labels with dots between. */
const SEGMENT = `(${LABEL}\\.)*${LABEL}`;
const Fraction = z.number().min(0).max(1);
const Texts = z.record(z.string(), z.string());

const PortMapping = z.strictObject({
  name: z.string().optional(),
  containerPort: z.int().min(0).max(65_535),
  hostPort: z.int().min(0).max(65_535).default(0),
  servicePort: z.int().default(0),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  labels: Texts.default({}),
});

const Container = z.strictObject({
  type: z.literal('DOCKER'),
  docker: z.strictObject({
    image: z.string().min(1),
    forcePullImage: z.boolean().default(false),
    privileged: z.boolean().default(false),
    parameters: z.array(z.strictObject({ key: z.string(), value: z.string() })).default([]),
  }),
  portMappings: z.array(PortMapping).default([]),
  volumes: z.array(z.unknown()).max(0, { error: 'the double has no volumes' }).default([]),
});

const HealthCheck = z
  .strictObject({
    protocol: z.enum(['MESOS_HTTP', 'MESOS_TCP', 'COMMAND']),
    path: z.string().optional(),
    port: z.int().optional(),
    portIndex: z.int().optional(),
    command: z.strictObject({ value: z.string() }).optional(),
    delaySeconds: z.int().min(0).default(15),
    gracePeriodSeconds: z.int().min(0).default(300),
    intervalSeconds: z.int().min(0).default(60),
    timeoutSeconds: z.int().min(0).default(20),
    maxConsecutiveFailures: z.int().min(0).default(3),
  })
  .refine(({ port, portIndex }) => port === undefined || portIndex === undefined, {
    error: 'give one of port and portIndex',
  });

export const MarathonAppJson = z
  .strictObject({
    id: z.string().regex(new RegExp(`^(/${SEGMENT})+$`), { error: 'must be an absolute path' }),
    instances: z.int().min(0).default(1),
    cpus: z.number().min(0).default(1),
    mem: z.number().min(0).default(128),
    disk: z.literal(0).default(0),
    resourceLimits: z.strictObject({ cpus: z.number().optional(), mem: z.number().optional() }).optional(),
    cmd: z.string().optional(),
    args: z.array(z.string()).optional(),
    env: Texts.default({}),
    labels: Texts.default({}),
    constraints: z.array(z.array(z.string()).min(2).max(3)).default([]),
    container: Container,
    networks: z.array(z.strictObject({ mode: z.literal('container/bridge') })).length(1),
    healthChecks: z.array(HealthCheck).max(1).default([]),
    upgradeStrategy: z
      .strictObject({ minimumHealthCapacity: Fraction.default(1), maximumOverCapacity: Fraction.default(1) })
      .default({ minimumHealthCapacity: 1, maximumOverCapacity: 1 }),
    killSelection: z.enum(['YOUNGEST_FIRST', 'OLDEST_FIRST']).default('YOUNGEST_FIRST'),
    unreachableStrategy: z
      .union([
        z.literal('disabled'),
        z
          .strictObject({
            inactiveAfterSeconds: z.int().min(0).default(0),
            expungeAfterSeconds: z.int().min(0).default(0),
          })
          .refine((strategy) => strategy.expungeAfterSeconds >= strategy.inactiveAfterSeconds, {
            error: 'expungeAfterSeconds must be at least inactiveAfterSeconds',
          }),
      ])
      .default({ inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }),
    backoffSeconds: z.number().default(1),
    backoffFactor: z.number().min(1).default(1.15),
    maxLaunchDelaySeconds: z.number().default(300),
    taskKillGracePeriodSeconds: z.number().min(0).optional(),
  })
  .refine(({ cmd, args }) => cmd === undefined || (args ?? []).length === 0, {
    error: 'AppDefinition must either contain one of cmd or args',
  })
  .refine(({ mem, resourceLimits }) => (resourceLimits?.mem ?? mem) >= mem, {
    error: 'resource limit mem is less than mem',
    path: ['resourceLimits'],
  });
export type MarathonAppJson = z.infer<typeof MarathonAppJson>;

/** Everything but the number of instances is configuration, of which a change restarts every task. */
export function isSameConfiguration(a: MarathonAppJson, b: MarathonAppJson): boolean {
  return JSON.stringify({ ...a, instances: 0 }) === JSON.stringify({ ...b, instances: 0 });
}

/** By which our framework knows it. */
export function frameworkNames(id: string): { readonly app: string; readonly namespace: string } {
  const segments = id.slice(1).split('/');
  return { app: segments.at(-1) ?? '', namespace: segments.slice(0, -1).join('.') || 'root' };
}

export interface Configured {
  readonly json: MarathonAppJson;
  /** The how-manieth configuration of all this is. */
  readonly sequence: number;
}

/** In the framework's words; the fractions of an upgrade become numbers as Marathon's documentation says. */
export function mesosAppOf({ json, sequence }: Configured): MesosApp {
  const { id, instances, upgradeStrategy: strategy, unreachableStrategy: unreachable } = json;
  const most = Math.floor(instances * (1 + strategy.maximumOverCapacity));
  const isKept = unreachable === 'disabled';
  return {
    ...frameworkNames(id),
    tenant: '',
    release: sequence,
    content: createHash('sha256').update(`${id} ${sequence}`).digest('hex').slice(0, 32),
    instances,
    surge: most - instances,
    floor: Math.ceil(instances * strategy.minimumHealthCapacity),
    cpus: Math.max(0.01, json.cpus),
    memoryMib: Math.max(32, json.mem),
    ports: json.container.portMappings.map(({ hostPort }) => hostPort),
    constraints: json.constraints.map(constraintOf),
    isChecked: json.healthChecks.length > 0,
    disconnect: {
      lostAfterMs: isKept ? 0 : unreachable.inactiveAfterSeconds * 1_000,
      replace: !isKept,
      reconcile: json.killSelection === 'OLDEST_FIRST' ? 'keep_newest' : 'keep_oldest',
    },
    task: taskOf(json),
  };
}

function constraintOf([field = '', operator = '', value = '']: string[]): MesosApp['constraints'][number] {
  switch (operator) {
    case 'UNIQUE':
      return { field, operator: 'unique' };
    case 'CLUSTER':
      return { field, operator: 'cluster', value };
    case 'GROUP_BY':
      return { field, operator: 'group_by', count: Number(value) };
    case 'MAX_PER':
      return { field, operator: 'max_per', count: Number(value) };
    case 'LIKE':
      return { field, operator: 'like', value };
    case 'UNLIKE':
      return { field, operator: 'unlike', value };
    default:
      throw new Error(`no such operator: ${operator}`);
  }
}

function taskOf(json: MarathonAppJson): MesosApp['task'] {
  const { container, args = [], cmd, env, resourceLimits, taskKillGracePeriodSeconds: grace } = json;
  const { image, forcePullImage, parameters } = container.docker;
  const [check] = json.healthChecks;
  const limits = Object.entries(resourceLimits ?? {}).map(([name, value]) => [name, { value }]);
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    command:
      cmd === undefined
        ? { shell: false, arguments: args, environment: { variables } }
        : { shell: true, value: cmd, environment: { variables } },
    container: {
      type: 'DOCKER',
      docker: {
        image,
        network: 'BRIDGE',
        force_pull_image: forcePullImage,
        port_mappings: container.portMappings.map(({ containerPort, protocol }) => ({
          host_port: 0,
          container_port: containerPort,
          protocol,
        })),
        parameters,
      },
    },
    ...(check === undefined ? {} : { health_check: checkOf(check, json) }),
    ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
    ...(grace === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: grace * 1e9 } } }),
  };
}

type Check = MarathonAppJson['healthChecks'][number];

function checkOf(check: Check, { container }: MarathonAppJson): MesosApp['task'][string] {
  const { portMappings } = container;
  const port = check.port ?? portMappings[check.portIndex ?? 0]?.containerPort ?? 0;
  const question =
    check.protocol === 'COMMAND'
      ? { type: 'COMMAND', command: { shell: true, value: check.command?.value ?? '' } }
      : check.protocol === 'MESOS_TCP'
        ? { type: 'TCP', tcp: { port } }
        : { type: 'HTTP', http: { scheme: 'http', port, path: check.path ?? '/' } };
  return {
    ...question,
    delay_seconds: check.delaySeconds,
    grace_period_seconds: check.gracePeriodSeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    consecutive_failures: check.maxConsecutiveFailures,
  };
}
