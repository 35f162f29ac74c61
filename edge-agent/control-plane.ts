/**
 * The control plane as the agent sees it: every call goes through here, so that one place knows whether it answers,
 * since when, and with what refusal. It must not judge what the answers say.
 */
import type { Answer, Call, Client } from './link/client.ts';
import { failureOf } from './link/problem.ts';

export interface Contact {
  readonly state: 'unknown' | 'reachable' | 'unreachable' | 'denied';
  readonly atMs?: number | undefined;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

export interface ControlPlaneOptions {
  readonly client: Pick<Client, 'call'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** It answered a request that began then. */
  readonly onContact: (begunMs: number) => void;
}

/** Refusals that concern the agent as a whole, not one request. */
const ADMISSION_STATUS = [401, 403];

export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  #contact: Contact = { state: 'unknown' };

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  get contact(): Contact {
    return this.#contact;
  }

  async call(call: Call): Promise<Answer> {
    const begunMs = this.#options.now();
    const answer = await this.#options.client.call(call);
    this.#contact = this.#judge(answer);
    if (this.#contact.state !== 'unreachable') this.#options.onContact(begunMs);
    return answer;
  }

  #judge(answer: Answer): Contact {
    const nowMs = this.#options.now();
    if (answer.kind === 'answer' && answer.status < 400) return { state: 'reachable', atMs: nowMs };
    const { code, reason, ...failure } = failureOf(answer);
    if (failure.kind === 'unreachable')
      return { state: 'unreachable', atMs: this.#contact.atMs, code, reason };
    const isDenied = ADMISSION_STATUS.includes(failure.status);
    return { state: isDenied ? 'denied' : 'reachable', atMs: nowMs, code, reason };
  }
}
