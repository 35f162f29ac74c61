/** What an edge is told of the cluster `prod`: its document compiled as the control plane does it. */
import { compileAgent } from '../../../functions/reconcile/compile.ts';
import { ClusterLeaf } from '../../../protocol/document.ts';
import { type Bench, ROOT } from './bench.ts';

/** The leaf of the cluster in its edge's newest document. */
export async function compiledLeaf(bench: Bench, agent: string): Promise<ClusterLeaf> {
  await compileAgent(
    {
      store: bench.store,
      blobs: { put: async (hash, text) => void bench.blobs.set(hash, text) },
      signer: { keyId: ROOT.id, sign: async () => new Uint8Array() },
      queue: { send: async () => undefined },
      clock: bench.clock,
      deployment: { pools: ['100.64.0.0/10'], domain: 'isthmus.internal', roots: [ROOT], pollSeconds: 30 },
    },
    agent,
  );
  const stored = await bench.store.document(agent);
  const hash = stored?.document.manifest.find(({ name }) => name === 'cluster/prod')?.hash ?? '';
  return ClusterLeaf.parse(JSON.parse(bench.blobs.get(hash) ?? 'null'));
}
