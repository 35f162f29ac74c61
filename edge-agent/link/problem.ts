/** Reads what the control plane refuses and why: the one place where an answer that is not a success becomes a value. */
import { Problem, type ProblemCode } from '../../protocol/problem.ts';
import type { Answer } from './client.ts';

/** The control plane did not answer, or what answered is not it. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly code: string;
  readonly reason: string;
}

/** The control plane answered, and said no. */
export interface Denied {
  readonly kind: 'denied';
  readonly status: number;
  readonly code: ProblemCode;
  readonly reason: string;
  /** Members of the body that are at fault, as JSON pointers. */
  readonly pointers: readonly string[];
  readonly pollSeconds?: number | undefined;
}

const POLL_HEADER = 'isthmus-poll-seconds';

/** A failure of this answer. An answer without a problem of ours in it does not come from a control plane. */
export function failureOf(answer: Answer): Unreachable | Denied {
  if (answer.kind === 'unreachable') return answer;
  const problem = readProblem(answer.body);
  if (problem === undefined)
    return {
      kind: 'unreachable',
      code: `http_${answer.status}`,
      reason: `HTTP ${answer.status} without a problem`,
    };
  if (answer.status >= 500) return { kind: 'unreachable', code: problem.code, reason: problem.detail };
  return {
    kind: 'denied',
    status: answer.status,
    code: problem.code,
    reason: problem.detail,
    pointers: (problem.errors ?? []).map(({ pointer }) => pointer),
    pollSeconds: pollSecondsOf(answer),
  };
}

/** When the control plane wants to be asked again, if it says so. */
export function pollSecondsOf(answer: Answer): number | undefined {
  if (answer.kind !== 'answer') return undefined;
  const seconds = Number(answer.headers[POLL_HEADER]);
  return Number.isInteger(seconds) && seconds >= 1 ? seconds : undefined;
}

function readProblem(body: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
