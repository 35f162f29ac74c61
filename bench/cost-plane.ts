/**
 * The control plane of a cost run: the real API and the real reconcile steps over the metered table, with leaves, a
 * signing key and queues that only count. The clock is set by the run.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createApi } from '../functions/api/app.ts';
import { POLL_SECONDS } from '../functions/aws/facts.ts';
import type { Clock } from '../functions/reconcile/ports.ts';
import type { ReconcileDependencies } from '../functions/reconcile/reconcile.ts';
import { createReconciler } from '../functions/reconcile/reconcile.ts';
import { createVpcKeeper } from '../functions/reconcile/vpc.ts';
import type { ItemKey, Store } from '../functions/store/port.ts';
import { createStore } from '../functions/store/table.ts';
import { RELEASE } from '../protocol/version.ts';
import { createOwners } from '../vpc/owners-table.ts';
import { Meter } from './cost-meter.ts';
import { type MeteredTable, openMeteredTable } from './cost-open.ts';
import { openVpc } from './cost-vpc.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const POOLS = ['100.64.0.0/10'];

export interface Plane {
  readonly meter: Meter;
  readonly table: MeteredTable;
  readonly store: Store;
  readonly dependencies: ReconcileDependencies;
  readonly api: ReturnType<typeof createApi>;
  /** What the schedule asks for. */
  readonly sweep: () => Promise<void>;
  readonly routes: () => Promise<unknown>;
  /** Resources that were written: each would start the function on the table's stream. */
  readonly changes: ItemKey[];
  readonly clock: Clock & { pass(seconds: number): void };
}

export async function openPlane(): Promise<Plane> {
  const meter = new Meter();
  const table = await openMeteredTable(meter);
  const changes: ItemKey[] = [];
  const onChange = ({ key }: { key: ItemKey }) => void changes.push(key);
  const store = createStore({ client: table.client, tableName: table.tableName, onChange });
  const clock = runClock();
  const signer = countingSigner(meter);
  const deployment = {
    pools: POOLS,
    domain: 'isthmus.internal',
    roots: [{ id: signer.keyId, publicKey: signer.publicKey }],
    pollSeconds: POLL_SECONDS,
  };
  const blobs = countingBlobs(meter);
  const queue = { send: async () => meter.add({ calls: 1, messages: 1 }) };
  const dependencies = { store, blobs, signer, queue, clock, deployment };
  const api = createApi({
    store,
    blobs,
    clock,
    deployment,
    version: RELEASE,
    tokenSecret: async () => 'a secret of the cost run, long enough',
    installLine: () => 'install',
    messages: { wait: async (_, cursor) => ({ changed: [], cursor: cursor ?? '0' }) },
    onFailure: ({ error }) => {
      throw error;
    },
  });
  const reconciler = createReconciler(dependencies);
  const owners = createOwners(table.base, table.tableName);
  const keeper = createVpcKeeper({ ...dependencies, ...openVpc(meter), owners });
  const routines = { sweep: () => reconciler.sweep(), routes: () => keeper.keep() };
  return { meter, table, store, dependencies, api, ...routines, changes, clock };
}

function runClock() {
  let nowMs = START;
  let count = 0;
  return {
    now: () => new Date(nowMs).toISOString(),
    pass: (seconds: number) => {
      nowMs += seconds * 1e3;
    },
    randomHex: (bytes: number) => {
      count += 1;
      const digits = createHash('sha256').update(`chance ${count}`).digest('hex');
      return digits.slice(0, bytes * 2);
    },
  };
}

/** The key is here, as KMS would have it there; a signature is one call of it. */
function countingSigner(meter: Meter) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    keyId: createHash('sha256').update(spki).digest('hex').slice(0, 16),
    publicKey: spki.toString('base64'),
    sign: async (message: Uint8Array) => {
      meter.add({ calls: 1, signatures: 1 });
      return new Uint8Array(sign('sha256', message, privateKey));
    },
  };
}

function countingBlobs(meter: Meter) {
  const texts = new Map<string, string>();
  return {
    put: async (hash: string, text: string) => {
      meter.add({ calls: 1, puts: 1 });
      texts.set(hash, text);
    },
    get: async (hash: string) => {
      meter.add({ calls: 1, gets: 1 });
      return texts.get(hash);
    },
  };
}
