/**
 * The estate of a cost run: two hubs, a VPC, and sites with an edge and a service each. The first site is made by the API
 * as a person would make it; the others are its items again under other names, put into the table directly.
 */
import { z } from 'zod';
import { ensureAdminKey } from '../functions/api/admin-key.ts';
import { edgeId, hubId } from '../functions/domain/agent.ts';
import { agentBlocks, agentOwner, siteBlocks, siteOwner } from '../functions/domain/allocate.ts';
import type { Item, Kind } from '../functions/store/port.ts';
import { formatAddress, parsePrefix } from '../protocol/address.ts';
import { enrolment, type Keys, makeKeys, ORIGIN } from './cost-agent.ts';
import type { Plane } from './cost-plane.ts';
import { slotOf } from './cost-vpc.ts';

const TENANT = 'main';
const REAL = '10.1.0.0/24';
const HUBS = ['hub-a', 'hub-b'] as const;
/** Long enough for what was made to be delivered, and to be old for the sweep. */
const REST_SECONDS = 660;
const PARALLEL = 16;
/** A ledger is one item: these go into it at most. */
const AGENTS_PER_BLOCK = 4_000;
const SITES_PER_BLOCK = 250;
const SITE_ADDRESSES = 256;
/** Left to what the API allocates. */
const FIRST_AGENTS = 16;
const FIRST_SITE_BLOCKS = 4;

export interface RunAgent {
  readonly id: string;
  readonly keys: Keys;
}

export interface RunEstate {
  readonly hubs: readonly RunAgent[];
  readonly edges: readonly RunAgent[];
}

/** Makes the estate; then nothing is left to deliver, and every document is compiled. */
export async function makeEstate(plane: Plane, sites: number): Promise<RunEstate> {
  const call = caller(plane, (await ensureAdminKey(plane.store, plane.clock)) ?? '');
  await call('/v1/tenants', { metadata: { name: TENANT }, spec: {} });
  const vpc = { kind: 'vpc', allotment: ['172.31.0.0/16'], prefixes: ['172.31.0.0/16'] };
  await call(`/v1/tenants/${TENANT}/sites`, { metadata: { name: 'cloud' }, spec: vpc });
  const hubs: RunAgent[] = [];
  for (const [index, name] of HUBS.entries()) hubs.push(await makeHub(plane, call, { name, index }));
  const first = sites > 0 ? [await makeSite(call)] : [];
  await settle(plane);
  const more = await copySites(plane, sites);
  await plane.sweep();
  plane.clock.pass(REST_SECONDS);
  return { hubs, edges: [...first, ...more] };
}

const Answer = z.looseObject({ secret: z.string().optional() });
type Call = (path: string, body: object) => Promise<z.infer<typeof Answer>>;

function caller(plane: Plane, key: string): Call {
  return async (path, body) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await plane.api.fetch(new Request(`${ORIGIN}${path}`, init));
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return Answer.parse(await answer.json());
  };
}

/** The slot comes after the enrolment, so that a token serves for it: no instance role is here. */
async function makeHub(
  { store }: Plane,
  call: Call,
  { name, index }: { name: string; index: number },
): Promise<RunAgent> {
  const spec = { endpoint: `198.51.100.${index + 1}:51820`, vpc: { tenant: TENANT, site: 'cloud' } };
  await call('/v1/hubs', { metadata: { name }, spec });
  const { secret } = await call(`/v1/hubs/${name}/tokens`, { spec: {} });
  const keys = makeKeys(-1 - index);
  await call('/v1/enrol', enrolment(keys, String(secret), []));
  const hub = await store.get({ kind: 'hub', tenant: '*', name });
  if (!hub) throw new Error(`${name} is not there`);
  const slotted = { ...hub.spec, slot: slotOf(index, keys.wireguardKey) };
  await store.replace({ ...hub, version: hub.version + 1, spec: slotted });
  return { id: hubId(name), keys };
}

async function makeSite(call: Call): Promise<RunAgent> {
  const name = nameOf(0);
  const spec = { allotment: ['10.0.0.0/8'], prefixes: [REAL] };
  await call(`/v1/tenants/${TENANT}/sites`, { metadata: { name }, spec });
  const service = { metadata: { name: 'web' }, spec: { address: '10.1.0.10', port: 8080 } };
  await call(`/v1/tenants/${TENANT}/sites/${name}/services`, service);
  const { secret } = await call(`/v1/tenants/${TENANT}/tokens`, { spec: { site: name, approve: true } });
  const keys = makeKeys(0);
  await call('/v1/enrol', enrolment(keys, String(secret), [REAL]));
  return { id: edgeId(TENANT, name), keys };
}

function nameOf(number: number): string {
  return `site-${String(number).padStart(5, '0')}`;
}

/** What was made is compiled, and once it has rested its outboxes are cleared. */
async function settle(plane: Plane): Promise<void> {
  await plane.sweep();
  plane.clock.pass(REST_SECONDS);
  await plane.sweep();
}

interface Copy {
  readonly name: string;
  readonly keys: Keys;
  readonly tunnelAddress: string;
  readonly virtual: string;
  readonly token: string;
}

interface Originals {
  readonly site: Item<'site'>;
  readonly edge: Item<'edge'>;
  readonly service: Item<'service'>;
  readonly token: Item<'token'>;
}

async function copySites(plane: Plane, sites: number): Promise<RunAgent[]> {
  if (sites < 2) return [];
  const name = nameOf(0);
  const { store } = plane;
  const of = <K extends Kind>(kind: K, key: string) => store.get({ kind, tenant: TENANT, name: key });
  const [site, edge, service] = await Promise.all([
    of('site', name),
    of('edge', name),
    of('service', `${name}/web`),
  ]);
  const token = await of('token', edge?.internal.token ?? '');
  if (!site || !edge || !service || !token) throw new Error('the first site is not whole');
  const originals = { site, edge, service, token };
  const copies = Array.from({ length: sites - 1 }, (_, index) => copyOf(plane, index + 1));
  await enterLedgers(plane, copies);
  await inParallel(copies, (copy) => putCopy(plane, originals, copy));
  return copies.map((copy) => ({ id: edgeId(TENANT, copy.name), keys: copy.keys }));
}

function copyOf({ dependencies }: Plane, number: number): Copy {
  const { pools } = dependencies.deployment;
  const blocks = siteBlocks(pools).slice(FIRST_SITE_BLOCKS);
  const { base } = parsePrefix(blocks[Math.floor(number / SITES_PER_BLOCK)] ?? '');
  return {
    name: nameOf(number),
    keys: makeKeys(number),
    tunnelAddress: tunnelAddressOf(pools, number),
    virtual: `${formatAddress(base + SITE_ADDRESSES * (number % SITES_PER_BLOCK))}/24`,
    token: `t${String(number).padStart(12, '0')}`,
  };
}

/** The first few of the block are those of the hubs and of the first site's edge. */
function tunnelAddressOf(pools: readonly string[], number: number): string {
  const { base } = parsePrefix(agentBlocks(pools)[Math.floor(number / AGENTS_PER_BLOCK)] ?? '');
  return formatAddress(base + FIRST_AGENTS + (number % AGENTS_PER_BLOCK));
}

async function putCopy(
  { store }: Plane,
  { site, edge, service, token }: Originals,
  copy: Copy,
): Promise<void> {
  const { name, keys } = copy;
  const agent = edgeId(TENANT, name);
  const { identityKey, wireguardKey } = keys;
  const items: Item[] = [
    {
      ...site,
      key: { ...site.key, name },
      status: { ...site.status, prefixes: [{ real: REAL, virtual: copy.virtual }] },
    },
    { ...service, key: { ...service.key, name: `${name}/web` } },
    {
      ...token,
      key: { ...token.key, name: copy.token },
      spec: { ...token.spec, site: name },
      status: { ...token.status, usedBy: agent },
      internal: { ...token.internal, usedKey: identityKey },
    },
    {
      ...edge,
      key: { ...edge.key, name },
      spec: { ...edge.spec, site: name },
      status: { ...edge.status, agent, wireguardKey, tunnelAddress: copy.tunnelAddress },
      internal: { ...edge.internal, identityKey, token: copy.token },
    },
  ];
  for (const item of items)
    if ((await store.create(item)) !== 'written') throw new Error(`${item.key.name} is there already`);
}

async function enterLedgers({ store, clock, dependencies }: Plane, copies: readonly Copy[]): Promise<void> {
  const { pools } = dependencies.deployment;
  const blocks = [...agentBlocks(pools), ...siteBlocks(pools)];
  const at = clock.now();
  const entries = copies.flatMap(({ name, tunnelAddress, virtual }) => [
    [`${tunnelAddress}/32`, { owner: agentOwner(edgeId(TENANT, name)), at }] as const,
    [virtual, { owner: siteOwner(TENANT, name, REAL), at }] as const,
  ]);
  for (const block of blocks) {
    const { base } = parsePrefix(block);
    const own = entries.filter(([virtual]) => (parsePrefix(virtual).base & 0xffff0000) >>> 0 === base);
    if (own.length === 0) continue;
    const { taken, version } = await store.ledger(block);
    const next = { block, version: version + 1, taken: { ...taken, ...Object.fromEntries(own) } };
    if ((await store.writeLedger(next)) !== 'written') throw new Error(`${block} changed`);
  }
}

/** Runs a step for each, some at a time. */
export async function inParallel<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await step(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
