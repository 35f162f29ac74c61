/**
 * Counts what handlers use: units of the table as the table itself tells them, calls of other services, and processor
 * time of this process (the table runs in another). It changes nothing that the handlers see.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { type Counts, NOTHING } from './cost-model.ts';

const Consumed = z.looseObject({ ConsumedCapacity: z.looseObject({ CapacityUnits: z.number() }).optional() });

export class Meter {
  readonly #counts = new Map<string, Counts>();
  #current: string | undefined;

  /** By function, since the last `reset`. */
  counts(): ReadonlyMap<string, Counts> {
    return this.#counts;
  }

  reset(): void {
    this.#counts.clear();
  }

  /** Adds to the function that is being measured; outside of one nothing is counted. */
  add(more: Partial<Counts>): void {
    if (this.#current === undefined) return;
    const before = this.#counts.get(this.#current) ?? NOTHING;
    const sum = (name: keyof Counts) => before[name] + (more[name] ?? 0);
    // The keys are those of NOTHING, which has every one.
    const names = Object.keys(NOTHING) as (keyof Counts)[];
    this.#counts.set(this.#current, {
      ...before,
      ...Object.fromEntries(names.map((name) => [name, sum(name)])),
    });
  }

  /** Runs work as the function of this name; `known` is what is known of it beforehand. One at a time. */
  async measure<T>(name: string, known: Partial<Counts>, work: () => Promise<T>): Promise<T> {
    if (this.#current !== undefined) throw new Error(`${this.#current} is being measured`);
    this.#current = name;
    const before = process.cpuUsage();
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.add({ ...known, cpuMs: (user + system) / 1e3 });
      this.#current = undefined;
    }
  }

  /** Has the table tell what each command consumed. An empty query tells 0 here, and 1 at DynamoDB. */
  watch(client: DynamoDBClient): void {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' as const };
        const isWrite = /^(Put|Update|Delete)/.test(context.commandName ?? '');
        const told = (units: number) => this.add({ calls: 1, [isWrite ? 'writeUnits' : 'readUnits']: units });
        try {
          const result = await next({ ...args, input });
          told(Math.max(1, Consumed.parse(result.output).ConsumedCapacity?.CapacityUnits ?? 0));
          return result;
        } catch (fault) {
          told(1);
          throw fault;
        }
      },
      { step: 'initialize', name: 'isthmusMeter' },
    );
  }
}
