/** What CloudFormation does with the custom resources of a stack: creates, updates, rolls back, cleans up. It holds a stack. */
import type { Declaration, Order, Stand } from './resource-stand.ts';

/** Resources by logical id, in the order of their creation. */
export type Template = ReadonlyMap<string, Declaration>;

/** What becomes of an event: answered; answered only after it came again; never answered, though it was carried out. */
export type Fate = 'heard' | 'twice' | 'never';

interface Held {
  readonly physicalId: string;
  readonly declared: Declaration;
}

interface Step {
  readonly logicalId: string;
  /** Absent if the step created it. */
  readonly was?: Held;
  readonly now: Held;
}

const ANSWER_TRIES = 5;

export class Stack {
  readonly #stand: Stand;
  readonly #id: string;
  #held = new Map<string, Held>();

  constructor(stand: Stand, id: string) {
    this.#stand = stand;
    this.#id = id;
  }

  /** `fates` are taken by the events up to the first failure; rolling back and cleaning up meet no faults. */
  async deploy(template: Template, fates: readonly Fate[] = []): Promise<'complete' | 'rolled back'> {
    const left = [...fates];
    const steps: Step[] = [];
    for (const [logicalId, declared] of template) {
      const was = this.#held.get(logicalId);
      if (was !== undefined && textOf(was.declared) === textOf(declared)) continue;
      const order = orderOf(was, declared);
      const { isDone, physicalId } = await this.#send({ ...order, logicalId }, left.shift() ?? 'heard');
      const now = { physicalId, declared };
      steps.push({ logicalId, now, ...(was === undefined ? {} : { was }) });
      if (!isDone) {
        await this.#rollBack(steps);
        return 'rolled back';
      }
    }
    await this.#cleanUp(template, steps);
    return 'complete';
  }

  async #cleanUp(template: Template, steps: readonly Step[]): Promise<void> {
    this.#stand.faults.length = 0;
    const removed = [...this.#held].filter(([logicalId]) => !template.has(logicalId));
    for (const { logicalId, now } of steps) this.#held.set(logicalId, now);
    for (const { logicalId, was, now } of steps)
      if (was !== undefined && was.physicalId !== now.physicalId) await this.#delete(logicalId, was);
    for (const [logicalId, held] of removed.reverse()) {
      await this.#delete(logicalId, held);
      this.#held.delete(logicalId);
    }
  }

  async #rollBack(steps: readonly Step[]): Promise<void> {
    this.#stand.faults.length = 0;
    const late: [string, Held][] = [];
    for (const { logicalId, was, now } of [...steps].reverse()) {
      if (was === undefined) {
        late.push([logicalId, now]);
        continue;
      }
      const { physicalId } = now;
      const order = { type: 'Update', declared: was.declared, before: now.declared, physicalId } as const;
      const undone = await this.#send({ ...order, logicalId }, 'heard');
      if (!undone.isDone) throw new Error(`the update of ${logicalId} could not be rolled back`);
      this.#held.set(logicalId, { ...was, physicalId: undone.physicalId });
      if (undone.physicalId !== physicalId) late.push([logicalId, now]);
    }
    for (const [logicalId, held] of late) await this.#delete(logicalId, held);
  }

  async #delete(logicalId: string, { physicalId, declared }: Held): Promise<void> {
    const { isDone } = await this.#send({ type: 'Delete', declared, physicalId, logicalId }, 'heard');
    if (!isDone) throw new Error(`${physicalId} could not be deleted: ${this.#stand.answers.at(-1)}`);
  }

  async #send(order: Order, fate: Fate): Promise<{ isDone: boolean; physicalId: string }> {
    const whole = { ...order, stackId: this.#id };
    if (fate !== 'heard') {
      this.#stand.unheard = ANSWER_TRIES;
      await this.#stand.send(whole).catch(() => undefined);
      this.#stand.unheard = 0;
    }
    // CloudFormation makes up an id for a creation that nobody answered.
    if (fate === 'never')
      return { isDone: false, physicalId: order.physicalId ?? `shop-${order.logicalId}-1X` };
    const told = await this.#stand.send(whole);
    return { isDone: told.Status === 'SUCCESS', physicalId: told.PhysicalResourceId };
  }
}

function orderOf(was: Held | undefined, declared: Declaration): Order {
  if (was === undefined) return { type: 'Create', declared };
  return { type: 'Update', declared, before: was.declared, physicalId: was.physicalId };
}

function textOf(declared: Declaration): string {
  return JSON.stringify(declared);
}
