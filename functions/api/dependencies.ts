/** What the API is handed by its composition: everything that differs between AWS and one machine. */
import type { InstanceProof } from '../../protocol/enrolment.ts';
import type { Messages } from '../../protocol/report.ts';
import type { TrustedIssuer } from '../../protocol/sign-in.ts';
import type { Owners } from '../../vpc/port.ts';
import type { DeploymentFacts } from '../domain/estate.ts';
import type { Blobs, Clock } from '../reconcile/ports.ts';
import type { Store } from '../store/port.ts';
import type { Credentials } from './principal.ts';
import type { Rates } from './rates.ts';

/** Whose role signed: account (12 digits), role name, and the session, which for an instance is its id. */
export interface InstanceIdentity {
  readonly account: string;
  readonly role: string;
  readonly session: string;
}

export interface ApiDependencies extends Credentials {
  readonly store: Store;
  /** Leaves by hash; the API only reads them. */
  readonly blobs: Pick<Blobs, 'get'>;
  readonly clock: Clock;
  /** The same facts that documents are compiled with. */
  readonly deployment: DeploymentFacts;
  /** Whose tokens `checkToken` takes; nobody's if absent. */
  readonly issuers?: readonly TrustedIssuer[] | undefined;
  /** How often callers may ask; absent where nothing is limited. */
  readonly rates?: Rates | undefined;
  /** Version of the control plane, as `GET /v1/deployment` shows it. */
  readonly version: string;
  /** Server secret from which the secrets of idempotent creations follow; at least 32 characters, never shown. */
  readonly tokenSecret: () => Promise<string>;
  /** Says whose signature an instance's proof is; undefined: nobody's. Absent where there are no instance roles. */
  readonly identify?: ((proof: InstanceProof) => Promise<InstanceIdentity | undefined>) | undefined;
  /** Who owns the routes of a VPC, and what stands in them; absent where there is no VPC of ours. */
  readonly owners?: Pick<Owners, 'read' | 'report'> | undefined;
  /** The command that a person runs on a host to enrol it. `origin`: how the caller reached the API. */
  readonly installLine: (options: {
    readonly origin: string;
    readonly secretFile: string;
    readonly role: 'edge' | 'hub';
  }) => string;
  readonly messages: {
    /** Waits at most so many seconds for agents of this hub whose document changed since the cursor. */
    wait(hub: string, cursor: string | undefined, seconds: number): Promise<Messages>;
  };
  /** Told about every failure of ours, with the request id that the client saw. */
  readonly onFailure: (failure: { readonly requestId: string; readonly error: unknown }) => void;
}
