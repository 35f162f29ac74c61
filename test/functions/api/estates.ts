/** Ready-made surroundings for the tests of the API: tenants, sites, tokens and enrolled agents. */
import { ClusterFacts } from '../../../protocol/cluster.ts';
import { type Bench, callAs, createHost, enrolmentOf, type Host, type Reply } from './bench.ts';

export const SITE = { allotment: ['10.0.0.0/8'], prefixes: ['10.1.0.0/24'] };

/** Creates a resource and fails loudly if that is refused. */
export async function make(
  bench: Bench,
  [path, name]: readonly [string, string],
  spec: object = {},
): Promise<Reply> {
  const reply = await bench.call('POST', path, { body: { metadata: { name }, spec } });
  if (reply.status !== 201) throw new Error(`${path} ${name}: ${reply.text}`);
  return reply;
}

/** The tenant `acme` with the site `berlin`. */
export async function withSite(bench: Bench, spec: object = SITE): Promise<void> {
  await make(bench, ['/v1/tenants', 'acme']);
  await make(bench, ['/v1/tenants/acme/sites', 'berlin'], spec);
}

export async function tokenFor(bench: Bench, spec: object = {}): Promise<string> {
  const body = { spec: { site: 'berlin', approve: true, ...spec } };
  const reply = await bench.call('POST', '/v1/tenants/acme/tokens', { body });
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.json.secret;
}

export async function hubTokenFor(bench: Bench, hub: string): Promise<string> {
  const reply = await bench.call('POST', `/v1/hubs/${hub}/tokens`, { body: { spec: {} } });
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.json.secret;
}

export interface Enrolled {
  readonly id: string;
  readonly host: Host;
}

export async function enrol(
  bench: Bench,
  token: string,
  { host = createHost(), advertise = [] }: { host?: Host; advertise?: readonly string[] } = {},
): Promise<Enrolled> {
  const reply = await bench.call('POST', '/v1/enrol', {
    key: null,
    body: enrolmentOf(host, token, advertise),
  });
  if (reply.status !== 200) throw new Error(reply.text);
  return { id: reply.json.agent, host };
}

/** The hub `one`, enrolled. */
export async function withHub(bench: Bench, name = 'one'): Promise<Enrolled> {
  await make(bench, ['/v1/hubs', name], { endpoint: '198.51.100.10:51820' });
  return enrol(bench, await hubTokenFor(bench, name));
}

/** Replaces the spec of what is at the path, in its newest version. */
export async function edit(bench: Bench, path: string, spec: object): Promise<Reply> {
  const { headers } = await bench.call('GET', path);
  return bench.call('PUT', path, { body: { spec }, headers: { 'if-match': headers.get('etag') ?? '' } });
}

export async function remove(bench: Bench, path: string): Promise<Reply> {
  const { headers } = await bench.call('GET', path);
  return bench.call('DELETE', path, { headers: { 'if-match': headers.get('etag') ?? '' } });
}

export async function report(bench: Bench, agent: Enrolled, over: object = {}): Promise<Reply> {
  const { wireguardKey } = agent.host;
  const body = { version: '0.1.0', wireguardKey, advertise: [], findings: [], ...over };
  return callAs(bench, agent, { method: 'POST', path: '/v1/agent/report', body });
}

/** A cluster with room for whatever tests run. */
export const ROOMY = ClusterFacts.parse({
  version: 'v1.34.4',
  capacity: { cpuMillis: 8_000, memoryMib: 16_384, pods: 110 },
  allocatable: { cpuMillis: 8_000, memoryMib: 16_384, pods: 110 },
  nodes: [
    {
      name: 'node-1',
      addresses: ['10.0.0.11'],
      ready: 'True',
      verdict: 'alive',
      evidence: '',
      schedulable: true,
      version: 'v1.34.4',
      capacity: { cpuMillis: 8_000, memoryMib: 16_384, pods: 110 },
      labels: {},
    },
  ],
  statements: [],
});
