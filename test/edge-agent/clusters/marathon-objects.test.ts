/** What Marathon is asked to run for a workload, what it is not asked, and that its fractions mean the numbers that were given. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DriverError } from '../../../edge-agent/clusters/driver.ts';
import { marathonAppOf } from '../../../edge-agent/clusters/marathon-objects.ts';
import { AppTemplate } from '../../../protocol/app.ts';
import { readConstraint } from '../../../protocol/constraint.ts';
import type { NodeRules } from '../../../protocol/placement.ts';
import { workloadOf } from './driver-contract.ts';

interface Around {
  readonly nodes?: NodeRules;
  readonly groups?: number;
  readonly features?: readonly string[];
}

function made(change: Partial<AppTemplate> = {}, { nodes, groups, features = [] }: Around = {}) {
  const workload = workloadOf('web', 'local/tool:1', change);
  return marathonAppOf(nodes === undefined ? workload : { ...workload, nodes }, {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    groups: () => groups,
    features,
  });
}

const fault = (change: Partial<AppTemplate>, around: Around = {}) => {
  try {
    return made(change, around).id;
  } catch (cause) {
    return cause instanceof DriverError ? cause.code : cause;
  }
};

test('an app is this to Marathon', () => {
  const { id, instances, content, spec } = made({ environment: { A: 'b' }, arguments: ['x'] });
  expect({ id, instances }).toEqual({ id: '/acme/web', instances: 2 });
  expect(spec).toEqual({
    cpus: 0.1,
    mem: 64,
    args: [':8080', 'x'],
    container: {
      type: 'DOCKER',
      docker: {
        image: 'local/tool:1',
        forcePullImage: false,
        privileged: false,
        parameters: [{ key: 'entrypoint', value: 'serve' }],
      },
      portMappings: [{ name: 'http', containerPort: 8080, hostPort: 0, protocol: 'tcp' }],
      volumes: [],
    },
    networks: [{ mode: 'container/bridge' }],
    env: { A: 'b' },
    healthChecks: [
      {
        protocol: 'MESOS_HTTP',
        path: '/',
        portIndex: 0,
        delaySeconds: 0,
        gracePeriodSeconds: 0,
        intervalSeconds: 1,
        timeoutSeconds: 2,
        maxConsecutiveFailures: 1_000_000_000,
      },
    ],
    taskKillGracePeriodSeconds: 1,
    backoffSeconds: 1,
    backoffFactor: 2,
    maxLaunchDelaySeconds: 60,
    killSelection: 'OLDEST_FIRST',
    unreachableStrategy: 'disabled',
    constraints: [],
    labels: {
      'isthmus.dev/app': 'web',
      'isthmus.dev/namespace': 'acme',
      'isthmus.dev/tenant': 'acme',
      'isthmus.dev/content': content,
      'isthmus.dev/removed': 'false',
    },
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 0.75 },
  });
});

test('fractions of an upgrade mean what was said: nobody less than wanted, and so many more, up to double', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 1_000 }),
      (replicas, maxSurge) => {
        const upgrade = AppTemplate.parse({ image: 'x', upgrade: { kind: 'rolling', maxSurge } }).upgrade;
        const strategy = made({ replicas, upgrade }).spec['upgradeStrategy'];
        expect(strategy).toMatchObject({ minimumHealthCapacity: 1 });
        const over = JSON.parse(JSON.stringify(strategy)).maximumOverCapacity;
        expect(over).toBeLessThanOrEqual(1);
        const most = Math.floor(replicas * (1 + over));
        expect(most - replicas).toBe(Math.min(maxSurge, replicas));
      },
    ),
  );
});

test('a number of replicas makes no other task, and a file, a variable or a constraint does', () => {
  const { content } = made();
  expect(made({ replicas: 5 }).content).toBe(content);
  const nodes = { constraints: [readConstraint('node.rack == one')], preferences: [] };
  const others = [
    made({ files: [{ path: '/etc/a', content: 'a', mode: 0o644 }] }),
    made({ environment: { A: 'b' } }),
    made({}, { nodes }),
  ];
  expect(others.filter((one) => one.content === content)).toEqual([]);
});

test.each([
  ['node.rack == one', ['rack', 'CLUSTER', 'one']],
  ['node.rack in (a.b, c)', ['rack', 'LIKE', 'a\\.b|c']],
  ['node.rack != one', ['rack', 'UNLIKE', 'one']],
  ['node.rack like r-*', ['rack', 'LIKE', 'r-.*']],
  ['node.rack not like r-?', ['rack', 'UNLIKE', 'r-.']],
  ['node.gpu', ['gpu', 'LIKE', '.*']],
  ['!node.gpu', ['gpu', 'UNLIKE', '.*']],
  ['node.name == box', ['hostname', 'CLUSTER', 'box']],
])('%s is %j', (text, words) => {
  const nodes = { constraints: [readConstraint(text)], preferences: [] };
  expect(made({}, { nodes }).spec['constraints']).toEqual([words]);
});

test('so many a node, and even over groups whose number is known', () => {
  const rules = (more: Partial<NodeRules>) => ({ nodes: { constraints: [], preferences: [], ...more } });
  const groupBy = readConstraint('node.rack').subject;
  expect(made({}, rules({ maxPerNode: 1 })).spec['constraints']).toEqual([['hostname', 'UNIQUE']]);
  expect(made({}, rules({ maxPerNode: 2 })).spec['constraints']).toEqual([['hostname', 'MAX_PER', '2']]);
  expect(made({}, { ...rules({ groupBy }), groups: 3 }).spec['constraints']).toEqual([
    ['rack', 'GROUP_BY', '3'],
  ]);
  expect(fault({}, rules({ groupBy }))).toBe('driver.unsupported');
});

test('who is lost is replaced only by contract, and which of two stays is said by who is ended first', () => {
  const disconnect = { lostAfterSeconds: 60, replace: true, reconcile: 'keep_oldest' as const };
  expect(made({ disconnect }).spec).toMatchObject({
    unreachableStrategy: { inactiveAfterSeconds: 60 },
    killSelection: 'YOUNGEST_FIRST',
  });
});

test('a volume is a disk of its agent, whose app never has a task too many', () => {
  const volumes = [{ name: 'data', path: '/var/data', sizeMib: 64 }];
  const { spec } = made({
    volumes,
    disconnect: { lostAfterSeconds: 60, replace: true, reconcile: 'keep_newest' },
  });
  expect(spec).toMatchObject({
    container: {
      volumes: [
        { containerPath: 'data', mode: 'RW', persistent: { type: 'root', size: 64 } },
        { containerPath: '/var/data', hostPath: 'data', mode: 'RW' },
      ],
    },
    residency: { taskLostBehavior: 'WAIT_FOREVER' },
    unreachableStrategy: 'disabled',
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
  });
});

test('a secret is a variable where Marathon keeps secrets', () => {
  const secrets = [{ secret: 'db', key: 'password', as: { kind: 'variable' as const, name: 'PASSWORD' } }];
  expect(fault({ secrets })).toBe('driver.unsupported');
  expect(made({ secrets }, { features: ['secrets'] }).spec).toMatchObject({
    env: { PASSWORD: { secret: 'secret0' } },
    secrets: { secret0: { source: 'db/password' } },
  });
  const file = [{ secret: 'db', key: 'password', as: { kind: 'file' as const, path: '/run/password' } }];
  expect(fault({ secrets: file }, { features: ['secrets'] })).toBe('driver.unsupported');
});

test('a command of a check reaches its shell word by word', () => {
  const probe = { command: ['test', '-f', "it's"], periodSeconds: 1, timeoutSeconds: 1, failures: 4 };
  expect(made({ health: { live: probe } }).spec['healthChecks']).toMatchObject([
    { protocol: 'COMMAND', command: { value: `'test' '-f' 'it'\\''s'` }, maxConsecutiveFailures: 4 },
  ]);
});

test('what Marathon does not have is refused with its reason', () => {
  expect(fault({ pool: 'web' })).toBe('driver.unsupported');
  expect(fault({ onChange: 'rebuildInPlace' })).toBe('driver.unsupported');
  expect(fault({ replicas: { min: 1, max: 2, cpuPercent: 70 } })).toBe('driver.unsupported');
  expect(fault({ onFileChange: { kind: 'signal', signal: 'HUP' } })).toBe('driver.unsupported');
  expect(fault({ resources: { cpuMillis: 500, cpuMillisMax: 100 } })).toBe('driver.refused');
});
