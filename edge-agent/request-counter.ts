/** Counts requests at the hub's own gateway for the apps that scale by them. It must not decide what follows. */
import type { Document } from '../protocol/document.ts';
import type { RoutesLeaf } from '../protocol/reach-leaf.ts';
import type { RequestRate } from '../protocol/report.ts';
import { type Counted, countedPorts, ratesBetween } from './gateway/rates.ts';
import { parseGroupCounts } from './plan/gateway-runtime.ts';
import { leavesOf } from './plan/leaves.ts';

export interface RequestCounterOptions {
  /** Says one line to HAProxy's runtime API and resolves to the answer. */
  readonly talk: (line: string) => Promise<string>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class RequestCounter {
  readonly #options: RequestCounterOptions;
  #routes: readonly RoutesLeaf[] = [];
  #last: Counted | undefined;

  constructor(options: RequestCounterOptions) {
    this.#options = options;
  }

  update(document: Document): void {
    this.#routes = leavesOf(document, 'routes');
  }

  /** Since the last call; undefined while nobody asks for it, or nobody can tell. */
  async rates(): Promise<RequestRate[] | undefined> {
    if (countedPorts(this.#routes).length === 0) {
      this.#last = undefined;
      return undefined;
    }
    const before = this.#last;
    try {
      const counts = parseGroupCounts(await this.#options.talk('show stat -1 2 -1'));
      this.#last = { counts, atMs: this.#options.now() };
      return ratesBetween(this.#routes, before, this.#last);
    } catch {
      // The gateway's own pass says what is wrong with it.
      this.#last = undefined;
      return undefined;
    }
  }
}
