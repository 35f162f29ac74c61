/**
 * Measures the CPU of apps that scale by it, every few seconds, and keeps what is to be told of them. It must not decide what is worth telling, nor how many
 * containers there are: `news.ts` and the control plane do.
 */

import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import type { AppUsage } from '../../protocol/scaling.ts';
import { type Driver, DriverError } from '../clusters/driver.ts';
import { type Metered, meter, usageOf } from '../usage/meter.ts';
import { type Told, tell } from '../usage/news.ts';

export const SAMPLE_MS = 2_500;
const REASON_LENGTH_MAX = 500;

export interface SamplerOptions {
  readonly driver: Driver;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface App {
  readonly metered: Metered;
  readonly told: Told | undefined;
}

export class Sampler {
  readonly #options: SamplerOptions;
  #apps: ReadonlyMap<string, App> = new Map();

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Undefined as long as no app here is measured. */
  get told(): ClusterReport['usage'] {
    const told = [...this.#apps].flatMap(([app, { told }]) =>
      told === undefined ? [] : [{ app, usage: told.usage }],
    );
    return told.length === 0 ? undefined : told;
  }

  /** One measure of each; true if there is something new to tell. */
  async pass(wanted: readonly WorkloadLeaf[]): Promise<boolean> {
    const measured = wanted.filter(({ sample }) => sample !== undefined);
    const before = this.#apps;
    const next = await Promise.all(
      measured.map(async (workload) => [workload.app, await this.#measure(workload, before)] as const),
    );
    this.#apps = new Map(next);
    return next.some(([app, { told }]) => told?.usage !== before.get(app)?.told?.usage);
  }

  async #measure(workload: WorkloadLeaf, apps: ReadonlyMap<string, App>): Promise<App> {
    const { driver, now } = this.#options;
    const { metered, told } = apps.get(workload.app) ?? { metered: new Map(), told: undefined };
    const measured = (usage: AppUsage) =>
      tell(told, { usage, targetMillis: workload.sample?.cpuMillis ?? 1, nowMs: now() });
    try {
      if (driver.usage === undefined)
        return {
          metered,
          told: measured(unknownUsage('This kind of cluster does not tell how much CPU containers use.')),
        };
      const readings = await driver.usage(workload);
      const counted = meter(metered, readings);
      return { metered: counted, told: measured(usageOf(counted, readings)) };
    } catch (cause) {
      // What was told last ages, and the statements about the cluster say why.
      if (
        !(cause instanceof DriverError) ||
        cause.code === 'driver.unreachable' ||
        cause.code === 'driver.busy'
      )
        return { metered, told };
      return { metered: new Map(), told: measured(unknownUsage(cause.message)) };
    }
  }
}

function unknownUsage(reason: string): AppUsage {
  return { containers: 0, cpuMillis: 0, unknown: reason.slice(0, REASON_LENGTH_MAX) };
}
