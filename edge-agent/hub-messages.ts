/**
 * How a hub learns whose document changed: from its queue in the cloud account, or by the API's long poll where there is
 * no queue, and while the queue does not answer. Messages are hints; it must not do anything by them but tell.
 */
import type { Finding } from '../protocol/report.ts';
import type { Cloud } from './cloud/cloud.ts';
import { pollDelayMs, retryDelayMs } from './link/backoff.ts';
import type { Caller } from './link/fetch.ts';
import { receiveMessages } from './link/messages.ts';
import { Poll } from './poll.ts';

const DENIED_SECONDS = 30;
const TEXT_MAX = 400;

export interface HubMessagesOptions {
  readonly caller: Caller;
  /** Absent: the API alone is asked. */
  readonly account?: Pick<Cloud, 'messages'> | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** Ids of agents. */
  readonly onChanged: (agents: ReadonlySet<string>) => void;
}

interface QueueFault {
  readonly code: string;
  readonly reason: string;
  /** The queue is asked again then. */
  readonly untilMs: number;
}

export class HubMessages {
  readonly #options: HubMessagesOptions;
  readonly #poll: Poll;
  #queue: string | undefined;
  #isRunning = false;
  #cursor = '';
  #failures = 0;
  #queueFailures = 0;
  #fault: QueueFault | undefined;

  constructor(options: HubMessagesOptions) {
    this.#options = options;
    this.#poll = new Poll(() => this.#receive());
  }

  /** Sets the queue that the document names, and begins; idempotent. */
  update(queue: string | undefined): void {
    if (queue !== this.#queue) this.#fault = undefined;
    const isNew = queue !== this.#queue || !this.#isRunning;
    this.#queue = queue;
    this.#isRunning = true;
    if (isNew) this.#poll.wake();
  }

  findings(): readonly Finding[] {
    if (this.#fault === undefined) return [];
    const { code, reason } = this.#fault;
    return [
      {
        code: code === 'denied' ? 'queue.denied' : 'queue.unreachable',
        level: 'warning',
        message: `The queue with messages to this hub: ${reason}`.slice(0, TEXT_MAX),
        fix: 'Changes still arrive by the API, only later. See that the instance role may receive from the queue.',
      },
    ];
  }

  stop(): void {
    this.#poll.stop();
  }

  /** Resolves to the wait before the next time. */
  async #receive(): Promise<number> {
    const { account, now } = this.#options;
    const queue = this.#queue;
    if (account === undefined || queue === undefined) return this.#receiveByApi();
    if (this.#fault === undefined || this.#fault.untilMs <= now())
      return this.#receiveByQueue(account, queue);
    const delayMs = await this.#receiveByApi();
    return Math.min(delayMs, Math.max(0, this.#fault.untilMs - now()));
  }

  async #receiveByQueue(account: Pick<Cloud, 'messages'>, queue: string): Promise<number> {
    const { chance, now, onChanged } = this.#options;
    const received = await account.messages(queue);
    if (received.kind === 'messages') {
      this.#queueFailures = 0;
      this.#fault = undefined;
      onChanged(new Set(received.agents));
      return 0;
    }
    this.#queueFailures += 1;
    const { code, reason } = received;
    this.#fault = { code, reason, untilMs: now() + retryDelayMs(this.#queueFailures, chance()) };
    return 0;
  }

  async #receiveByApi(): Promise<number> {
    const { caller, chance, onChanged } = this.#options;
    const received = await receiveMessages(caller, this.#cursor);
    if (received.kind === 'denied') return pollDelayMs(received.pollSeconds ?? DENIED_SECONDS, chance());
    if (received.kind === 'unreachable') {
      this.#failures += 1;
      return retryDelayMs(this.#failures, chance());
    }
    this.#failures = 0;
    const { cursor, changed, againSeconds } = received.messages;
    this.#cursor = cursor;
    onChanged(new Set(changed));
    return againSeconds === undefined ? 0 : pollDelayMs(againSeconds, chance());
  }
}
