/** Scenario 14: what an app may ask for is a closed list, at every depth. What is not in it is refused, and not left out in silence. */
import { expect, test } from 'vitest';
import { AppSpec } from '../../protocol/app.ts';

/** With something in every place where something can be. */
const FULL = AppSpec.parse({
  image: 'web:1',
  environment: { A: 'b' },
  files: [{ path: '/etc/a', content: 'b' }],
  secrets: [
    { secret: 's', key: 'k', as: { kind: 'variable', name: 'A' } },
    { secret: 's', key: 'k', as: { kind: 'file', path: '/a' } },
  ],
  ports: [{ name: 'http', port: 80 }],
  volumes: [{ name: 'data', path: '/data', sizeMib: 1 }],
  resources: { cpuMillis: 1, memoryMib: 1 },
  health: {
    live: { http: { path: '/', port: 80 } },
    ready: { tcp: { port: 80 } },
    start: { command: ['true'] },
  },
  access: {
    kind: 'listed',
    callers: [
      { kind: 'app', app: 'a', ports: [{ protocol: 'tcp', port: 80 }] },
      { kind: 'prefix', prefix: '10.0.0.0/24' },
    ],
  },
});

/** What gives more than a container: of Kubernetes, of Docker, and of JavaScript itself. */
const FOREIGN = [
  ...['hostNetwork', 'hostPID', 'hostIPC', 'hostPath', 'privileged', 'securityContext', 'capabilities'],
  ...[
    'serviceAccountName',
    'automountServiceAccountToken',
    'nodeName',
    'initContainers',
    'ephemeralContainers',
  ],
  ...['HostConfig', 'Binds', 'Privileged', 'CapAdd', 'PidMode', 'Devices', 'Runtime', 'constructor'],
];

/** Free names are what these are for. */
const FREE = ['/environment'];

type Path = readonly (string | number)[];

function placesIn(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => placesIn(one, [...path, index]));
  if (typeof value !== 'object' || value === null || FREE.includes(`/${path.join('/')}`)) return [];
  return [path, ...Object.entries(value).flatMap(([key, one]) => placesIn(one, [...path, key]))];
}

function withMember(value: unknown, [step, ...rest]: Path, name: string): unknown {
  if (step === undefined) return { ...Object(value), [name]: true };
  if (Array.isArray(value))
    return value.map((one, index) => (index === step ? withMember(one, rest, name) : one));
  return { ...Object(value), [step]: withMember(Object(value)[step], rest, name) };
}

const PLACES = placesIn(FULL);

test('the sample reaches into every part of an app, and is one', () => {
  expect(PLACES.length).toBeGreaterThan(20);
  expect(AppSpec.safeParse(FULL).success).toBe(true);
});

test.each(FOREIGN)('%s is refused wherever it stands (scenario 14)', (name) => {
  const taken = PLACES.filter((path) => AppSpec.safeParse(withMember(FULL, path, name)).success);
  expect(taken.map((path) => `/${path.join('/')}`)).toEqual([]);
});
