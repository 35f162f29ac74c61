/** The deployment's table, whose client is half of what a start would cost: it is loaded by the first call. */
import type { Owners } from '../../vpc/port.ts';
import type { Store } from '../store/port.ts';
import { once } from './once.ts';

export interface Table {
  readonly store: Store;
  readonly owners: Owners;
}

export function openTable(tableName: string): Table {
  const load = once(async () => (await import('./table-client.ts')).connectTable(tableName));
  return {
    store: laterStore(async () => (await load()).store),
    owners: laterOwners(async () => (await load()).owners),
  };
}

function laterStore(load: () => Promise<Store>): Store {
  return {
    get: async (key) => (await load()).get(key),
    list: async (kind, tenant, page) => (await load()).list(kind, tenant, page),
    create: async (item) => (await load()).create(item),
    replace: async (item) => (await load()).replace(item),
    clearOutbox: async (...item) => (await load()).clearOutbox(...item),
    purge: async (key, version) => (await load()).purge(key, version),
    ledger: async (block) => (await load()).ledger(block),
    writeLedger: async (ledger) => (await load()).writeLedger(ledger),
    claimHost: async (host, tenant) => (await load()).claimHost(host, tenant),
    releaseHost: async (host, tenant) => (await load()).releaseHost(host, tenant),
    document: async (agent) => (await load()).document(agent),
    writeDocument: async (document, after) => (await load()).writeDocument(document, after),
    report: async (agent) => (await load()).report(agent),
    writeReport: async (agent, at, report) => (await load()).writeReport(agent, at, report),
    liveness: async (agent) => (await load()).liveness(agent),
    writeLiveness: async (agent, at, liveness) => (await load()).writeLiveness(agent, at, liveness),
    told: async (cluster, parts) => (await load()).told(cluster, parts),
    writeTold: async (cluster, part, told) => (await load()).writeTold(cluster, part, told),
    writeEvent: async (event) => (await load()).writeEvent(event),
    events: async (tenant, page) => (await load()).events(tenant, page),
  };
}

function laterOwners(load: () => Promise<Owners>): Owners {
  return {
    read: async (vpc) => (await load()).read(vpc),
    claim: async (owner) => (await load()).claim(owner),
    report: async (vpc) => (await load()).report(vpc),
    writeReport: async (vpc, report) => (await load()).writeReport(vpc, report),
  };
}
