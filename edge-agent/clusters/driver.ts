/**
 * What every orchestrator's driver promises. A driver makes a cluster's copy of an app as it is wanted, says how it is, and takes it away; it places
 * nothing and remembers nothing: what it made is found by the marks on it.
 *
 * `apply` and `remove` are level-based: called again with the same they change nothing; called after a crash they finish; what somebody else changed of
 * ours is put back, what somebody else added beside it is left alone. They never wait for containers: `status` says how far these are.
 *
 * Errors (`DriverError.code`):
 *   driver.unreachable  No answer. Nothing is known of what was asked for; try again.
 *   driver.busy         The cluster asks to come back later.
 *   driver.forbidden    Our credentials lack a right; the message names it. Nothing changes until somebody grants it.
 *   driver.refused      The cluster will not have this workload as it is; the same again will not pass.
 *   driver.conflict     Something that is not ours stands under a name that the app needs. It was not touched.
 *   driver.unsupported  The app asks for something that this kind of cluster does not have.
 */
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { CpuReading } from '../usage/meter.ts';

export type DriverFault =
  | 'driver.unreachable'
  | 'driver.busy'
  | 'driver.forbidden'
  | 'driver.refused'
  | 'driver.conflict'
  | 'driver.unsupported';

export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly code: DriverFault;

  constructor(code: DriverFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Which app, without what it is. */
export interface AppRef {
  /** Of its second track: with `.next` behind. */
  readonly app: string;
  readonly namespace: string;
}

/** What was done, in words, in order; empty if all was as it should be. */
export type Done = readonly string[];

export interface Driver {
  /** A second track of an app is held beside the first, asked or not. A workload that is of one comes only if so. */
  readonly tracks?: true;
  /**
   * Brings everything but the containers to what the workload says. Where the cluster does not bring containers by itself (apps that are rebuilt in place, plain
   * engines) it takes the next step of these as well, so it is called until `status` is content. On an error, what came before it was done.
   */
  apply(workload: WorkloadLeaf): Promise<Done>;
  /** Takes away everything of ours that belongs to the app; an app that is not there is not an error. Data in volumes stays. */
  remove(ref: AppRef): Promise<Done>;
  /** Apps of ours in the cluster, wanted or not. */
  list(): Promise<readonly AppRef[]>;
  /** How the app is; `ready` and `updated` are 0 while nothing of it is there. */
  status(workload: WorkloadLeaf): Promise<AppInstance>;
  /**
   * CPU of each container of the app that is ready, as the cluster counts it now. Absent where the orchestrator has no way to say; `driver.unsupported`,
   * `driver.forbidden`: it has, and what is lacking here is in the message.
   */
  usage?(workload: WorkloadLeaf): Promise<readonly CpuReading[]>;
}
