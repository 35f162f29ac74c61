/** What the API is handed by its composition: everything that differs between AWS and one machine. */
import type { Messages } from '../../protocol/report.ts';
import type { DeploymentFacts } from '../domain/estate.ts';
import type { Blobs, Clock } from '../reconcile/ports.ts';
import type { Store } from '../store/port.ts';

export interface ApiDependencies {
  readonly store: Store;
  /** Leaves by hash; the API only reads them. */
  readonly blobs: Pick<Blobs, 'get'>;
  readonly clock: Clock;
  /** The same facts that documents are compiled with. */
  readonly deployment: DeploymentFacts;
  /** Version of the control plane, as `GET /v1/deployment` shows it. */
  readonly version: string;
  /** Server secret from which the secrets of idempotent creations follow; at least 32 characters, never shown. */
  readonly tokenSecret: string;
  /** The command that a person runs on a host to enrol it. */
  readonly installLine: (options: { readonly secretFile: string; readonly role: 'edge' | 'hub' }) => string;
  readonly messages: {
    /** Waits at most so many seconds for agents of this hub whose document changed since the cursor. */
    wait(hub: string, cursor: string | undefined, seconds: number): Promise<Messages>;
  };
  /** Told about every failure of ours, with the request id that the client saw. */
  readonly onFailure: (failure: { readonly requestId: string; readonly error: unknown }) => void;
}
