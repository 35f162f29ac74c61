/** The apps of one cluster: brought to what the document says, one pass at a time, and told of. What can't be done is a statement about the app, not an end. */

import { type AppInstance } from '../../protocol/app.ts';
import type { Statement } from '../../protocol/cluster.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import { trackName } from '../../protocol/track.ts';
import { type AppRef, type Driver, DriverError } from '../clusters/driver.ts';
import { checkTrack } from '../clusters/track.ts';
import { Ages } from './ages.ts';

export interface WorkloadsOptions {
  readonly driver: Driver;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

type AppTold = NonNullable<ClusterReport['apps']>[number];

export class Workloads {
  readonly #options: WorkloadsOptions;
  /** Undefined until there was an order: nothing is taken away for want of one. */
  #wanted: readonly WorkloadLeaf[] | undefined;
  #told: readonly AppTold[] | undefined;
  readonly #ages: Ages;

  constructor(options: WorkloadsOptions) {
    this.#options = options;
    this.#ages = new Ages(options.now);
  }

  /** What the document says now; undefined while it does not speak of this cluster at all. */
  set(wanted: readonly WorkloadLeaf[] | undefined): void {
    this.#wanted = wanted;
  }

  get wanted(): readonly WorkloadLeaf[] | undefined {
    return this.#wanted;
  }

  get told(): readonly AppTold[] | undefined {
    return this.#told;
  }

  /** One pass over all apps. Rejects only if the cluster does not answer. */
  async pass(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const told: AppTold[] = [];
    for (const workload of wanted.toSorted(byTrack))
      told.push({ app: workload.app, instance: await this.#bring(workload) });
    this.#told = told;
    await this.#takeAway(wanted);
  }

  async #bring(workload: WorkloadLeaf): Promise<AppInstance> {
    const { driver } = this.#options;
    const applied = await this.#applied(workload);
    const instance = await driver.status(workload);
    const said = [applied, ...instance.statements];
    const { late, stage } = this.#ages.of(workload, said);
    return {
      ...instance,
      statements: [...said, ...late],
      ...(workload.track === undefined ? {} : { track: workload.track }),
      ...(stage === undefined ? {} : { stage }),
    };
  }

  async #applied(workload: WorkloadLeaf): Promise<Statement> {
    try {
      checkTrack(this.#options.driver, workload);
      const done = await this.#options.driver.apply(workload);
      for (const line of done) this.#options.log(`${workload.cluster}: ${line}`);
      return {
        type: 'Applied',
        status: 'True',
        reason: 'Applied',
        message: `Release ${workload.release} is in the cluster.`,
      };
    } catch (cause) {
      if (!(cause instanceof DriverError) || cause.code === 'driver.unreachable') throw cause;
      return {
        type: 'Applied',
        status: 'False',
        reason: REASONS[cause.code],
        message: cause.message.slice(0, 500),
      };
    }
  }

  async #takeAway(wanted: readonly WorkloadLeaf[]): Promise<void> {
    const { driver, log } = this.#options;
    const isWanted = ({ app, namespace }: AppRef) =>
      wanted.some((one) => trackName(one) === app && one.namespace === namespace);
    for (const ref of (await driver.list()).filter((found) => !isWanted(found))) {
      const done = await driver.remove(ref);
      for (const line of done) log(`${ref.namespace}/${ref.app}: ${line}`);
    }
  }
}

/** Stable first: what is asked under the app's name is settled before the other comes. */
function byTrack(a: WorkloadLeaf, b: WorkloadLeaf): number {
  return Number(a.track !== undefined) - Number(b.track !== undefined);
}

const REASONS: Readonly<Record<DriverError['code'], string>> = {
  'driver.unreachable': 'NoAnswer',
  'driver.busy': 'Busy',
  'driver.forbidden': 'Forbidden',
  'driver.refused': 'Refused',
  'driver.conflict': 'NameTaken',
  'driver.unsupported': 'Unsupported',
};
