/**
 * Makes a cluster known to the control plane, once and again whenever what it knows of us has changed. It sends what clients need to
 * trust the proxy; credentials of the cluster are never part of it.
 */
import { ClusterAttached, type ClusterAttachment } from '../../protocol/cluster.ts';
import { parseJson } from '../../protocol/json.ts';
import type { Answer } from '../link/client.ts';
import type { Caller } from '../link/fetch.ts';
import { failureOf } from '../link/problem.ts';

/** Said again after this: the control plane may have been set back to an older table. */
const REPEAT_MS = 600_000;
const INVALID = 422;

export interface AttachmentState {
  readonly attached?: ClusterAttached | undefined;
  /** Why the control plane does not know it. */
  readonly reason?: string | undefined;
  readonly cause?: 'refused' | 'control_plane' | undefined;
}

export class Attachment {
  readonly #caller: Caller;
  readonly #cluster: string;
  #state: AttachmentState = {};
  #said = { text: '', atMs: Number.NEGATIVE_INFINITY };

  constructor(caller: Caller, cluster: string) {
    this.#caller = caller;
    this.#cluster = cluster;
  }

  get state(): AttachmentState {
    return this.#state;
  }

  /** Says it if it is due. Resolves when the control plane has answered or could not be reached. */
  async say(attachment: ClusterAttachment, nowMs: number): Promise<void> {
    const body = JSON.stringify(attachment);
    if (body === this.#said.text && nowMs - this.#said.atMs < REPEAT_MS) return;
    const answer = await this.#ask(attachment);
    if (answer.kind !== 'answer' || answer.status !== 200) {
      const { kind, reason } = failureOf(answer);
      this.#state = { ...this.#state, reason, cause: kind === 'denied' ? 'refused' : 'control_plane' };
      return;
    }
    const parsed = ClusterAttached.safeParse(parseJson(answer.body));
    if (!parsed.success) {
      this.#state = {
        ...this.#state,
        reason: 'The control plane answered something else than an attachment.',
        cause: 'control_plane',
      };
      return;
    }
    this.#state = { attached: parsed.data };
    this.#said = { text: body, atMs: nowMs };
  }

  /** A control plane of an earlier version takes no `knows`, and is told the rest. */
  async #ask(attachment: ClusterAttachment): Promise<Answer> {
    const path = `/v1/agent/clusters/${this.#cluster}`;
    const say = (body: ClusterAttachment) =>
      this.#caller.call({ method: 'POST', path, body: JSON.stringify(body) });
    const answer = await say(attachment);
    const isUnknown = answer.kind === 'answer' && answer.status === INVALID && attachment.knows !== undefined;
    if (!isUnknown) return answer;
    const { knows: _, ...known } = attachment;
    return say(known);
  }
}
