/**
 * Claims addresses in the cluster's API and gives them back: the hands to what `allocation.ts` decides. An address is claimed by making its object and
 * given back by deleting it in exactly the version that is known, so whatever restarts or races, it has one holder.
 */
import { formatAddress } from '../../protocol/address.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError, undefinedOn } from '../kube/errors.ts';
import { afterDelete, type Choice, choose, startOf, type Wish } from './allocation.ts';
import { CniFault } from './cni.ts';
import { type Holding, holdingOf, LEASES_PATH, LeaseObject, leaseName, leaseOf } from './holding.ts';
import { Known } from './known.ts';

const TRIES_MAX = 64;

export interface ClaimsOptions {
  readonly client: Pick<KubeClient, 'json' | 'text'>;
  readonly wallNow: () => number;
  /** As last watched; undefined until there was a first list. */
  readonly watched: () => readonly Holding[] | undefined;
  readonly isWatchWell: () => boolean;
}

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #known = new Known();
  readonly #pending = new Set<number>();
  /** By pool: the last address that was tried from here. */
  readonly #last = new Map<string, number>();
  /** One claim a pod at a time: a second one finds what the first got. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  holdings(): ReadonlyMap<number, Holding> {
    const { watched, wallNow, isWatchWell } = this.#options;
    return this.#known.merged(watched() ?? [], wallNow(), isWatchWell());
  }

  /** Rejects with a CniFault or a KubeError. */
  async claim(wish: Wish, linkLength: number): Promise<Holding> {
    const { uid } = wish.holder;
    const before = this.#turns.get(uid);
    const turn = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#claim(wish, linkLength));
    this.#turns.set(uid, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(uid) === turn) this.#turns.delete(uid);
    }
  }

  async #claim(wish: Wish, linkLength: number): Promise<Holding> {
    if (this.#options.watched() === undefined)
      throw new CniFault(
        'tryAgain',
        'the agent has not heard yet from the API server which addresses are free.',
      );
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const choice = this.#choose(wish, linkLength);
      if (choice.kind === 'exhausted') throw exhausted(wish, choice);
      const written = await this.#try(wish.pool, choice);
      if (written !== undefined) return written;
    }
    throw new CniFault('tryAgain', `others were faster ${TRIES_MAX} times in the pool ${wish.pool}.`);
  }

  #choose(wish: Wish, linkLength: number): Choice {
    return choose(wish, {
      holdings: this.holdings(),
      pending: this.#pending,
      after: this.#last.get(wish.pool) ?? startOf(wish.node, wish.prefixes),
      nowMs: this.#options.wallNow(),
      linkLength,
    });
  }

  async #try(pool: string, choice: Exclude<Choice, { kind: 'exhausted' }>): Promise<Holding | undefined> {
    const { kind, next } = choice;
    this.#pending.add(next.address);
    this.#last.set(pool, next.address);
    try {
      return await (kind === 'create' ? this.#create(next) : this.#replace(next));
    } finally {
      this.#pending.delete(next.address);
    }
  }

  /** Undefined if somebody else has it; then we know who. */
  #create(next: Holding): Promise<Holding | undefined> {
    return this.#write(next, { method: 'POST', path: LEASES_PATH });
  }

  #replace(next: Holding): Promise<Holding | undefined> {
    return this.#write(next, { method: 'PUT', path: `${LEASES_PATH}/${leaseName(next.address)}` });
  }

  async #write(
    next: Holding,
    where: { readonly method: 'POST' | 'PUT'; readonly path: string },
  ): Promise<Holding | undefined> {
    try {
      const lease = await this.#options.client.json(LeaseObject, {
        ...where,
        body: JSON.stringify(leaseOf(next)),
      });
      const written = { ...next, version: lease.metadata.resourceVersion };
      this.#known.note(written, this.#options.wallNow());
      return written;
    } catch (cause) {
      const isRace =
        cause instanceof KubeError && (cause.code === 'kube.conflict' || isGone(cause, where.method));
      if (!isRace) throw cause;
      await this.#read(next.address, next.version);
      return undefined;
    }
  }

  /** What stands there now; our knowledge of it is new afterwards. */
  async #read(address: number, knownVersion: string): Promise<Holding | undefined> {
    const { client, wallNow } = this.#options;
    const path = `${LEASES_PATH}/${leaseName(address)}`;
    const lease = await undefinedOn(client.json(LeaseObject, { method: 'GET', path }), ['kube.not_found']);
    const holding = lease && holdingOf(lease);
    if (holding === undefined) this.#known.noteGone(address, knownVersion, wallNow());
    else this.#known.note(holding, wallNow());
    return holding;
  }

  /** Gives back what this container has, and only that: it may be another's by now. Idempotent. */
  async release(container: string, address: number, node: string): Promise<void> {
    let known = this.holdings().get(address) ?? (await this.#read(address, ''));
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (
        known === undefined ||
        known.container !== container ||
        known.node !== node ||
        known.state !== 'held'
      )
        return;
      if (await this.#free(known)) return;
      known = await this.#read(address, known.version);
    }
    throw new CniFault('tryAgain', `${formatAddress(address)} changes too fast to be given back.`);
  }

  /** False if it has changed meanwhile. */
  async #free(holding: Holding): Promise<boolean> {
    const next = afterDelete(holding, this.#options.wallNow());
    if (next !== undefined) return (await this.#replace(next)) !== undefined;
    return this.#delete(holding);
  }

  async #delete({ address, version }: Holding): Promise<boolean> {
    const preconditions = { resourceVersion: version };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
    const call = { method: 'DELETE', path: `${LEASES_PATH}/${leaseName(address)}`, body } as const;
    try {
      await undefinedOn(this.#options.client.text(call), ['kube.not_found']);
    } catch (cause) {
      if (cause instanceof KubeError && cause.code === 'kube.conflict') return false;
      throw cause;
    }
    this.#known.noteGone(address, version, this.#options.wallNow());
    return true;
  }
}

/** On a change, it has been deleted; on a creation, the namespace is missing, which is no race. */
function isGone({ code }: KubeError, method: 'POST' | 'PUT'): boolean {
  return code === 'kube.not_found' && method === 'PUT';
}

function exhausted({ pool }: Wish, { usable, held, kept }: Extract<Choice, { kind: 'exhausted' }>): CniFault {
  const reserved = kept === 0 ? '' : `, ${kept} kept for containers that are expected back`;
  return new CniFault(
    'exhausted',
    `the pool ${pool} has no free address here: ${usable} usable, ${held} held${reserved}. Give it another range in this cluster, or run fewer containers; this one starts as soon as one is free.`,
  );
}
