/** Tells the control plane of one cluster: parts that are due, events until they have arrived. It must not decide what is told: `report-parts.ts` does. */
import type { SiteEvent } from '../../protocol/cluster-report.ts';
import type { Caller } from '../link/fetch.ts';
import { failureOf } from '../link/problem.ts';
import { dueParts, type Parts, type TellState } from './report-parts.ts';

const EVENTS_KEPT_MAX = 1_000;
const EVENTS_A_REPORT_MAX = 100;

export interface ClusterReporterOptions {
  readonly caller: Caller;
  readonly cluster: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export class ClusterReporter {
  readonly #options: ClusterReporterOptions;
  #told: TellState = {};
  #events: readonly SiteEvent[] = [];
  #refusal = '';

  constructor(options: ClusterReporterOptions) {
    this.#options = options;
  }

  /** Kept until they have arrived; the oldest go first where there are too many. */
  record(event: SiteEvent): void {
    this.#events = [...this.#events, event].slice(-EVENTS_KEPT_MAX);
  }

  /** Sends what is due; `failed`: it will be due again at the next call. */
  async send(parts: Parts): Promise<'sent' | 'nothing' | 'failed'> {
    const due = dueParts(parts, this.#told, this.#options.now());
    const events = this.#events.slice(0, EVENTS_A_REPORT_MAX);
    if (due === undefined && events.length === 0) return 'nothing';
    const body = JSON.stringify({ ...due?.report, ...(events.length === 0 ? {} : { events }) });
    const answer = await this.#options.caller.call({
      method: 'POST',
      path: `/v1/agent/clusters/${this.#options.cluster}/report`,
      body,
    });
    const failure = answer.kind === 'answer' && answer.status === 204 ? undefined : failureOf(answer);
    if (failure === undefined) this.#refusal = '';
    else this.#tellRefusal(failure.reason);
    if (failure !== undefined && !isKeptInPart(failure)) return 'failed';
    this.#told = due?.told ?? this.#told;
    this.#events = this.#events.filter((event) => !events.includes(event));
    return 'sent';
  }

  #tellRefusal(reason: string): void {
    if (reason === this.#refusal) return;
    this.#refusal = reason;
    this.#options.log(`the report of cluster ${this.#options.cluster} did not arrive: ${reason}`);
  }
}

/** Some parts are too large for the table and were named; the others are kept. The same parts again would fare no better, until they change. */
function isKeptInPart(failure: ReturnType<typeof failureOf>): boolean {
  return failure.kind === 'denied' && failure.code === 'too_large' && failure.pointers.length > 0;
}
