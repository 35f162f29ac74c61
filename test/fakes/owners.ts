/** The table of owners and Cloud Map in memory: compare-and-set as the real table does it; faults and delays by order. */
import type { RouteOwner, RoutesReport } from '../../protocol/slot.ts';
import type { Discovery } from '../../vpc/discovery.ts';
import type { Owners } from '../../vpc/port.ts';

export class FakeOwners implements Owners {
  readonly #owners = new Map<string, RouteOwner>();
  readonly #reports = new Map<string, RoutesReport>();
  /** Thrown by every call while it is set. */
  fault: Error | undefined;
  /** How often the owner was read. */
  reads = 0;

  ownerOf(vpc: string): RouteOwner | undefined {
    return this.#owners.get(vpc);
  }

  async read(vpc: string): Promise<RouteOwner | undefined> {
    this.reads += 1;
    await this.#take();
    return this.#owners.get(vpc);
  }

  async claim(owner: RouteOwner): Promise<'claimed' | 'stale'> {
    await this.#take();
    if ((this.#owners.get(owner.vpc)?.epoch ?? 0) !== owner.epoch - 1) return 'stale';
    this.#owners.set(owner.vpc, owner);
    return 'claimed';
  }

  async report(vpc: string): Promise<RoutesReport | undefined> {
    await this.#take();
    return this.#reports.get(vpc);
  }

  async writeReport(vpc: string, report: RoutesReport): Promise<void> {
    await this.#take();
    this.#reports.set(vpc, report);
  }

  async #take(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.fault !== undefined) throw this.fault;
  }
}

export class FakeDiscovery implements Discovery {
  /** By service and instance. */
  readonly health: Record<string, boolean> = {};
  fault: Error | undefined;

  async setHealth(service: string, instance: string, healthy: boolean): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.fault !== undefined) throw this.fault;
    this.health[`${service} ${instance}`] = healthy;
  }
}
