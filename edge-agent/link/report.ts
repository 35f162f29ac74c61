/** Sends the agent's report when it differs from the last one that arrived: it is no heartbeat. */
import { canonicalJson } from '../../protocol/canonical.ts';
import type { Report } from '../../protocol/report.ts';
import type { Caller } from './fetch.ts';
import { type Denied, failureOf, type Unreachable } from './problem.ts';

const FINDINGS_MAX = 64;

export type Sent = { readonly kind: 'sent' | 'unchanged' } | Denied | Unreachable;

export class Reporter {
  readonly #caller: Caller;
  #arrived = '';
  /** The control plane knows no features: it is of an older release, and is told none until this agent starts again. */
  #isOlder = false;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async send(report: Report): Promise<Sent> {
    const { features, ...rest } = { ...report, findings: report.findings.slice(0, FINDINGS_MAX) };
    const whole = { ...rest, ...(features === undefined || this.#isOlder ? {} : { features }) };
    const sent = await this.#post(canonicalJson(whole));
    if (sent.kind !== 'denied' || !sent.pointers.includes('/features') || this.#isOlder) return sent;
    this.#isOlder = true;
    return this.#post(canonicalJson(rest));
  }

  async #post(body: string): Promise<Sent> {
    if (body === this.#arrived) return { kind: 'unchanged' };
    const answer = await this.#caller.call({ method: 'POST', path: '/v1/agent/report', body });
    if (answer.kind !== 'answer' || answer.status !== 204) return failureOf(answer);
    this.#arrived = body;
    return { kind: 'sent' };
  }
}
