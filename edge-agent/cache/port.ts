/**
 * What the cluster proxy and the cache know of each other. The proxy has authenticated, canonicalized and stripped a request by
 * then; whether it may be made is asked of the cluster by whoever answers it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whom the cluster sees: what goes into the Impersonate headers. */
export interface Requester {
  /** Of the token: `TENANT/KEY`. */
  readonly subject: string;
  readonly user: string;
  readonly groups: readonly string[];
}

export interface ClusterRequest {
  readonly method: string;
  /** Canonical and percent-encoded: the very string that would go upstream. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  /** Allow-listed, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requester: Requester;
  /** The program that asks, from its User-Agent. */
  readonly program: string;
}

/** How a request was answered: from memory, by a read that others shared, or by the API server alone. */
export type AnsweredBy = 'cache' | 'coalesced' | 'upstream' | 'refused';

export interface Answered {
  readonly by: AnsweredBy;
  readonly status: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface Relief {
  /**
   * Answers if it can answer right, and resolves when the answer is through; undefined: nothing was written, the proxy sends
   * the request upstream.
   * It never answers what the cluster would not let this requester read.
   */
  answer(
    request: ClusterRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<Pick<Answered, 'by' | 'status' | 'bytes'> | undefined>;
  /** Told of every request when it ends, those that went upstream too. */
  record(request: ClusterRequest, answered: Answered): void;
  close(): void;
}
