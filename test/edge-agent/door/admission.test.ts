/** What passes to an engine through the agent of its node: all that the driver writes, as it wrote it, and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containerOf, poolNetwork, tenantNetwork } from '../../../edge-agent/clusters/docker-container.ts';
import { sha256 } from '../../../edge-agent/clusters/docker-faults.ts';
import { admit, type Call } from '../../../edge-agent/door/admission.ts';
import type { HostRules } from '../../../edge-agent/door/bodies.ts';
import type { AppTemplate } from '../../../protocol/app.ts';
import { workloadOf } from '../clusters/driver-contract.ts';

const RULES: HostRules = { lanParents: ['eth0'], hostPrefixes: ['10.0.0.0/24'], volumeDrivers: ['shared'] };
const ID = 'a1'.repeat(32);
const OURS = { 'isthmus.dev/managed-by': 'isthmus' };
const MINE = {
  ...OURS,
  'isthmus.dev/namespace': 'acme',
  'isthmus.dev/app': 'web',
  'isthmus.dev/tenant': 'acme',
};

function callOf(line: string, body?: unknown): Call {
  const [method = '', target = ''] = line.split(' ');
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return { method, target, body: Buffer.from(bytes) };
}

function passes(line: string, body?: unknown) {
  const admission = admit(callOf(line, body), RULES);
  if (admission.kind === 'refused') throw new Error(admission.why);
  return admission.admitted;
}

function whyNot(line: string, body?: unknown): string {
  const admission = admit(callOf(line, body), RULES);
  return admission.kind === 'refused' ? admission.why : 'it passes';
}

function written(change: Partial<AppTemplate> = {}, slot = 1) {
  const workload = workloadOf('web', 'local/tool:1', change);
  return containerOf({ workload, slot, isOnTrial: false, address: undefined }, sha256);
}

const CREATE = 'POST /v1.43/containers/create?name=acme_web.1';

describe('what the driver writes passes as it was written', () => {
  test.each([
    'GET /_ping',
    'GET /v1.41/info',
    'GET /v1.43/containers/json?all=1',
    `GET /v1.40/containers/${ID}/json`,
    `GET /v1.43/containers/${ID}/logs?stdout=1&stderr=1&tail=10&since=1700000000.123`,
    `GET /v1.43/containers/${ID}/stats?stream=false`,
    'GET /v1.43/networks',
    'GET /v1.43/networks/isthmus_acme',
    'GET /v1.43/images/json',
    'GET /v1.43/images/registry.example.com:5000/team/web:1.2/json',
    `GET /v1.43/images/web@sha256:${'0'.repeat(64)}/json`,
    `POST /v1.43/containers/${ID}/start`,
    `POST /v1.43/containers/${ID}/stop`,
    `POST /v1.43/containers/${ID}/restart`,
    `POST /v1.43/containers/${ID}/rename?name=acme_web.1.next`,
    `DELETE /v1.43/containers/${ID}`,
    'DELETE /v1.43/networks/isthmus_acme',
    'POST /v1.43/images/create?fromImage=local%2Ftool%3A1',
  ])('%s', (line) => {
    const { request } = passes(line);
    const [, target = ''] = line.split(' ');
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) query.append(name, value ?? '');
    const again = `${request.path}${query.size === 0 ? '' : `?${query}`}`;
    expect(target.replace(/^\/v1\.\d+/, '')).toBe(again);
  });

  test('a new container, whatever an app asks for that a plain engine has', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
    const template = fc.record(
      {
        command: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
        environment: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,9}$/), fc.string(), { maxKeys: 4 }),
        ports: fc.uniqueArray(
          fc.record({
            name,
            port: fc.integer({ min: 1, max: 65_535 }),
            protocol: fc.constantFrom('tcp', 'udp'),
            hostPort: fc.integer({ min: 1, max: 65_535 }),
          }),
          { maxLength: 3, selector: (port) => port.name },
        ),
        volumes: fc.uniqueArray(
          fc.record(
            {
              name,
              path: fc.constantFrom('/data', '/var/lib/x'),
              sizeMib: fc.constant(10),
              class: fc.constant('shared'),
            },
            { requiredKeys: ['name', 'path', 'sizeMib'] },
          ),
          { maxLength: 2, selector: (volume) => volume.name },
        ),
        resources: fc.record({ memoryMibMax: fc.integer({ min: 1, max: 4_096 }) }),
        stopSeconds: fc.integer({ min: 1, max: 600 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(template, fc.integer({ min: 1, max: 9_999 }), (change, slot) => {
        const body = JSON.parse(JSON.stringify(written(change, slot)));
        expect(passes(CREATE, body).request.body).toEqual(body);
      }),
    );
  });

  test('its networks', () => {
    const lan = { parent: 'eth0', subnet: '10.77.0.0/24' };
    const pool = { name: 'isthmus-pool-front-10.9.0.0-24', prefix: '10.9.0.0/24' };
    for (const body of [
      tenantNetwork('acme'),
      poolNetwork('acme', { ...pool, lan: undefined }),
      poolNetwork('acme', { ...pool, lan }),
    ])
      expect(passes('POST /v1.43/networks/create', body).request.body).toEqual(body);
    const connect = { Container: ID, EndpointConfig: { IPAMConfig: { IPv4Address: '10.9.0.3' } } };
    expect(passes('POST /v1.43/networks/isthmus_acme/connect', connect).needs).toEqual([
      { kind: 'connection', id: ID, network: 'isthmus_acme' },
    ]);
  });
});

describe('what does not pass (scenario 14)', () => {
  test.each([
    ['a path that leads up', 'GET /v1.43/images/../containers/json'],
    ['a path that leads up in another spelling', 'GET /v1.43/images/%2e%2e/containers/json'],
    ['an absolute address', 'GET http://localhost/v1.43/info'],
    ['two slashes', 'GET /v1.43//info'],
    ['no version', 'POST /containers/create?name=a.1'],
    ['a version that nobody tried', 'GET /v1.99/info'],
    ['a name in the place of an id', 'GET /v1.43/containers/acme_web.1/json'],
    ['the beginning of an id', `GET /v1.43/containers/${ID.slice(0, 12)}/json`],
    ['a shell', `POST /v1.43/containers/${ID}/exec`],
    ['a terminal', `POST /v1.43/containers/${ID}/attach?stream=1`],
    ['files of a container', `GET /v1.43/containers/${ID}/archive?path=/etc`],
    ['a container as an archive', `GET /v1.43/containers/${ID}/export`],
    ['a build', 'POST /v1.43/build'],
    ['a volume', 'POST /v1.43/volumes/create'],
    ['a plugin', 'POST /v1.43/plugins/pull?remote=x'],
    ['a swarm', 'POST /v1.43/swarm/init'],
    ['an image from elsewhere', 'POST /v1.43/images/create?fromSrc=http%3A%2F%2Fx'],
    ['a session', 'POST /v1.43/session'],
    ['a stream of logs', `GET /v1.43/containers/${ID}/logs?follow=1`],
    ['a stream of numbers', `GET /v1.43/containers/${ID}/stats?stream=true`],
    ['force', `DELETE /v1.43/containers/${ID}?force=1`],
    ['volumes with a container', `DELETE /v1.43/containers/${ID}?v=1`],
    ['a parameter twice', 'GET /v1.43/containers/json?all=1&all=0'],
    ['a network that is not ours', 'DELETE /v1.43/networks/bridge'],
    ['a name without a number', `POST /v1.43/containers/${ID}/rename?name=sshd`],
    ['another method', 'HEAD /v1.43/info'],
    ['a line in the line', 'GET /v1.43/info HTTP/1.1'.replace(' HTTP', '\r\nHTTP')],
  ])('%s', (_what, line) => {
    expect(whyNot(line)).not.toBe('it passes');
  });

  const host = (more: object) => ({ ...written(), HostConfig: { ...written().HostConfig, ...more } });
  const mount = (more: object) => {
    const [one] = written({ volumes: [{ name: 'data', path: '/data', sizeMib: 1 }] }).HostConfig.Mounts;
    return host({ Mounts: [{ ...one, ...more }] });
  };
  test.each([
    ['privileges', host({ Privileged: true })],
    ['privileges in another spelling', host({ privileged: true })],
    ['a second HostConfig in another spelling', { ...written(), hostconfig: { Privileged: true } }],
    ['a directory of the host', host({ Binds: ['/:/host'] })],
    ['a directory of the host as a mount', mount({ Type: 'bind', Source: '/' })],
    ['a path as a volume', mount({ Source: '/etc' })],
    [
      'options of a volume driver',
      mount({
        VolumeOptions: {
          Labels: MINE,
          DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } },
        },
      }),
    ],
    ['another volume driver', mount({ VolumeOptions: { Labels: MINE, DriverConfig: { Name: 'other' } } })],
    [
      'a volume of another app',
      mount({ VolumeOptions: { Labels: { ...MINE, 'isthmus.dev/app': 'other' } } }),
    ],
    ["the host's network", host({ NetworkMode: 'host' })],
    ["another container's network", host({ NetworkMode: `container:${ID}` })],
    ["another tenant's network", host({ NetworkMode: 'isthmus_other' })],
    ["the host's processes", host({ PidMode: 'host' })],
    ["the host's users", host({ UsernsMode: 'host' })],
    ["the host's memory", host({ IpcMode: 'host' })],
    ['a device', host({ Devices: [{ PathOnHost: '/dev/sda' }] })],
    ['a capability', host({ CapAdd: ['SYS_ADMIN'] })],
    ['no seccomp', host({ SecurityOpt: ['seccomp=unconfined'] })],
    ["another's volumes", host({ VolumesFrom: [ID] })],
    ['a kernel setting', host({ Sysctls: { 'kernel.core_pattern': '|x' } })],
    ['another runtime', host({ Runtime: 'other' })],
    [
      'an address of the host for a port',
      host({ PortBindings: { '80/tcp': [{ HostIp: '::1', HostPort: '80' }] } }),
    ],
    ['no marks', { ...written(), Labels: {} }],
    ['marks of nobody', { ...written(), Labels: { ...OURS, 'isthmus.dev/tenant': 'acme' } }],
    ['a label that is not ours', { ...written(), Labels: { ...written().Labels, 'com.docker.x': '1' } }],
    [
      'a second network',
      { ...written(), NetworkingConfig: { EndpointsConfig: { isthmus_acme: {}, bridge: {} } } },
    ],
    ['no JSON', Buffer.from('{')],
    ['nothing', undefined],
  ])('a new container with %s', (_what, body) => {
    expect(passes(CREATE, written()).request.body).toBeDefined();
    expect(whyNot(CREATE, body)).not.toBe('it passes');
  });

  test.each([
    [
      "a range of the host's own network",
      { ...tenantNetwork('acme'), IPAM: { Config: [{ Subnet: '10.0.0.0/25' }] } },
    ],
    ['half of the world', { ...tenantNetwork('acme'), IPAM: { Config: [{ Subnet: '128.0.0.0/1' }] } }],
    [
      'an interface that was not given',
      poolNetwork('acme', {
        name: 'x',
        prefix: '10.9.0.0/24',
        lan: { parent: 'eth1', subnet: '10.9.0.0/24' },
      }),
    ],
    ['options', { ...tenantNetwork('acme'), Options: { 'com.docker.network.bridge.name': 'eth0' } }],
    ['no tenant', { ...tenantNetwork('acme'), Labels: OURS }],
    ['another driver', { ...tenantNetwork('acme'), Driver: 'host' }],
    ["another's name", { ...tenantNetwork('acme'), Name: 'bridge' }],
  ])('a network with %s', (_what, body) => {
    expect(whyNot('POST /v1.43/networks/create', body)).not.toBe('it passes');
  });
});
