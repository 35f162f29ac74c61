/**
 * What the join of one more site costs in documents and bytes, with 10 and with 1,000 sites there. It compiles only:
 * nothing is stored or sent. The last line is one JSON object.
 */
import { createHash } from 'node:crypto';
import { edgeId, hubId } from '../functions/domain/agent.ts';
import { compileEdge, compileHub } from '../functions/domain/compile.ts';
import { type Assembled, assemble } from '../functions/domain/document.ts';
import type { Estate, TenantEstate } from '../functions/domain/estate.ts';
import { canonicalJson } from '../protocol/canonical.ts';
import { printResult } from './figures.ts';

const SITES = [10, 1_000] as const;
const HUBS = ['a', 'b'];
/** Every site has the same real range: collisions are normal. */
const REAL = '10.0.0.0/24';

interface Cost {
  /** Documents of agents that were there before and are other ones now. */
  readonly changedDocuments: number;
  /** New leaves that those agents fetch. */
  readonly leafBytes: number;
  /** The manifests of those agents, which are fetched whole. */
  readonly manifestBytes: number;
}

interface Joined {
  readonly edges: Cost;
  readonly hubs: Cost;
  /** The document of the edge that joins: manifest and leaves. */
  readonly joinerBytes: number;
  readonly compileMs: number;
}

function estateOf(count: number): Estate {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const tenant: TenantEstate = {
    name: 'red',
    isolation: 'open',
    sites: indexes.map((index) => ({
      tenant: 'red',
      name: `site-${index}`,
      kind: 'datacenter',
      allotment: ['10.0.0.0/8'],
      prefixes: [{ real: REAL, virtual: `100.${65 + (index >> 8)}.${index & 255}.0/24` }],
      lan: 'routed',
      native: [],
    })),
    edges: indexes.map((index) => ({
      id: edgeId('red', `site-${index}`),
      tenant: 'red',
      name: `site-${index}`,
      site: `site-${index}`,
      approved: true,
      quarantined: false,
      publicKey: createHash('sha256').update(`edge ${index}`).digest('base64'),
      tunnelAddress: `100.64.${1 + (index >> 8)}.${index & 255}`,
      allowed: null,
      accepted: [REAL],
      since: '2026-01-01T00:00:00.000Z',
    })),
    services: indexes.map((index) => ({
      site: `site-${index}`,
      name: 'web',
      address: '10.0.0.10',
      port: 80,
      protocol: 'tcp',
    })),
    policies: [],
    clusters: [],
    apps: [],
    addressPools: [],
    keys: [],
    bindings: [],
    routes: [],
  };
  return {
    deployment: {
      pools: ['100.64.0.0/10'],
      domain: 'isthmus.internal',
      roots: [{ id: '0123456789abcdef', publicKey: createHash('sha256').update('root').digest('base64') }],
      pollSeconds: 60,
    },
    hubs: HUBS.map((name, index) => ({
      id: hubId(name),
      name,
      group: 'main',
      endpoint: `198.51.100.${index + 1}:51820`,
      tunnelAddress: `100.64.0.${index + 1}`,
      publicKey: createHash('sha256').update(`hub ${name}`).digest('base64'),
    })),
    tenants: [tenant],
  };
}

function documentsOf(estate: Estate): Map<string, Assembled> {
  const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
  const edges = estate.tenants.flatMap((tenant) =>
    tenant.edges.map(({ id }) => [id, compileEdge({ ...estate, tenant, edge: id })] as const),
  );
  const hubs = estate.hubs.map(({ id, name }) => [id, compileHub({ ...estate, hub: name })] as const);
  return new Map(
    [...edges, ...hubs].flatMap(([id, leaves]) => (leaves ? [[id, assemble(leaves, sha256)] as const] : [])),
  );
}

function join(count: number): Joined {
  const before = documentsOf(estateOf(count));
  const began = performance.now();
  const after = documentsOf(estateOf(count + 1));
  const compileMs = Math.round(performance.now() - began);
  const joiner = after.get(edgeId('red', `site-${count}`));
  return {
    edges: costOf('edge.', before, after),
    hubs: costOf('hub.', before, after),
    joinerBytes: joiner ? bytesOf(joiner) : Number.NaN,
    compileMs,
  };
}

function costOf(role: string, before: Map<string, Assembled>, after: Map<string, Assembled>): Cost {
  const cost = { changedDocuments: 0, leafBytes: 0, manifestBytes: 0 };
  for (const [id, old] of before) {
    const fresh = after.get(id);
    if (!id.startsWith(role) || !fresh || fresh.manifestHash === old.manifestHash) continue;
    cost.changedDocuments += 1;
    cost.manifestBytes += Buffer.byteLength(canonicalJson(fresh.manifest));
    for (const { hash, bytes } of fresh.manifest) if (!old.texts.has(hash)) cost.leafBytes += bytes;
  }
  return cost;
}

function bytesOf({ manifest }: Assembled): number {
  const leaves = manifest.reduce((sum, { bytes }) => sum + bytes, 0);
  return leaves + Buffer.byteLength(canonicalJson(manifest));
}

function report(count: number, { edges, hubs, joinerBytes, compileMs }: Joined): void {
  const line = (who: string, cost: Cost) =>
    `  ${who}: ${cost.changedDocuments} documents changed, ${cost.leafBytes} B of new leaves, ${cost.manifestBytes} B of manifests`;
  console.log(`join of one more site to ${count}:`);
  console.log(line('other edges', edges));
  console.log(line(`${HUBS.length} hubs`, hubs));
  console.log(
    `  the joining edge: ${joinerBytes} B; all ${count + 1 + HUBS.length} documents compiled in ${compileMs} ms`,
  );
}

function figuresOf(count: number, { edges, hubs, joinerBytes, compileMs }: Joined): Record<string, number> {
  return {
    [`edgeDocumentsAt${count}`]: edges.changedDocuments,
    [`edgeBytesAt${count}`]: edges.leafBytes + edges.manifestBytes,
    [`hubDocumentsAt${count}`]: hubs.changedDocuments,
    [`hubLeafBytesAt${count}`]: hubs.leafBytes,
    [`hubManifestBytesAt${count}`]: hubs.manifestBytes,
    [`joinerBytesAt${count}`]: joinerBytes,
    [`compileMsAt${count}`]: compileMs,
  };
}

const [few, many] = SITES.map((count) => ({ count, joined: join(count) }));
if (!few || !many) throw new Error('two sizes are compared');
report(few.count, few.joined);
report(many.count, many.joined);

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const met =
  same(few.joined.edges, many.joined.edges) &&
  few.joined.edges.changedDocuments === 0 &&
  few.joined.hubs.changedDocuments === many.joined.hubs.changedDocuments;
printResult({
  bench: 'join',
  figures: { ...figuresOf(few.count, few.joined), ...figuresOf(many.count, many.joined) },
  goal: { edges: 'equal: no other edge changes', hubs: 'equal in documents' },
  met,
});
if (!met) process.exitCode = 1;
