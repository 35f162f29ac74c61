/**
 * The one funnel to RFC 9457: whatever goes wrong in a request leaves as a problem with a stable code.
 * A failure of ours shows its request id and nothing else.
 */
import {
  type FieldFault,
  PROBLEMS,
  type Problem,
  type ProblemCode,
  type Refusal,
} from '../../protocol/problem.ts';

const TYPE_BASE = 'https://isthmus.dev/problems/';
const RETRY_SECONDS = '1';

/** An expected refusal on its way to the funnel. */
export class Rejection extends Error {
  readonly refusal: Refusal;
  readonly headers: Readonly<Record<string, string>>;

  constructor(refusal: Refusal, headers: Readonly<Record<string, string>> = {}) {
    super(`${refusal.code}: ${refusal.detail}`);
    this.name = 'Rejection';
    this.refusal = refusal;
    this.headers = headers;
  }
}

/** Ends the request with this problem; `errors` name the fields at fault. */
export function refuse(code: ProblemCode, detail: string, errors?: readonly FieldFault[]): never {
  throw new Rejection(errors === undefined ? { code, detail } : { code, detail, errors });
}

/** Hands a refusal of the pure rooms on; anything else passes. */
export function refuseIf(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new Rejection(refusal);
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { status, title } = PROBLEMS[refusal.code];
  return {
    type: TYPE_BASE + refusal.code,
    code: refusal.code,
    status,
    title,
    detail: refusal.detail,
    instance: requestId,
    ...(refusal.errors === undefined ? {} : { errors: [...refusal.errors] }),
  };
}

/** The answer to a thrown value: a rejection as it is, everything else as `internal`. */
export function answerFailure(thrown: unknown, requestId: string): Response {
  const rejection = thrown instanceof Rejection ? thrown : undefined;
  const refusal = rejection?.refusal ?? {
    code: 'internal' as const,
    detail: `The request failed; nothing is known to be wrong with it. Try again, and quote request ${requestId} if it fails again.`,
  };
  return new Response(JSON.stringify(problemOf(refusal, requestId)), {
    status: PROBLEMS[refusal.code].status,
    headers: { 'content-type': 'application/problem+json', ...headersOf(refusal), ...rejection?.headers },
  });
}

function headersOf(refusal: Refusal): Record<string, string> {
  const { status } = PROBLEMS[refusal.code];
  if (status === 401) return { 'www-authenticate': 'Bearer realm="isthmus"' };
  return status === 503 || status === 429 ? { 'retry-after': RETRY_SECONDS } : {};
}
