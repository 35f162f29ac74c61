/** What the cache needs of a client: it reads, and asks for reviews of access. It never changes a thing in a cluster. */
import type { KubeClient } from '../kube/client.ts';

export type Reader = Pick<KubeClient, 'json' | 'text' | 'stream'>;
