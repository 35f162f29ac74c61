/** What can go wrong between us and Marathon, in a small set of codes. */
import { parseJson } from '../../protocol/json.ts';
import { Problem } from './wire.ts';

export type MarathonFault =
  /** No answer, or nobody leads. */
  | 'marathon.unreachable'
  | 'marathon.forbidden'
  /** A deployment holds the app; `deployments` says which. */
  | 'marathon.locked'
  /** Something stands under this id already. */
  | 'marathon.conflict'
  | 'marathon.refused'
  | 'marathon.not_found'
  | 'marathon.malformed';

export interface MarathonErrorOptions extends ErrorOptions {
  readonly deployments?: readonly string[];
}

export class MarathonError extends Error {
  override readonly name = 'MarathonError';
  readonly code: MarathonFault;
  readonly deployments: readonly string[];

  constructor(code: MarathonFault, message: string, options: MarathonErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.deployments = options.deployments ?? [];
  }
}

const TEXT_MAX = 400;

/** Of an answer that is not a good one. */
export function errorOf(what: string, status: number, text: string): MarathonError {
  const problem = Problem.safeParse(parseJson(text)).data;
  const deployments = problem?.deployments.map(({ id }) => id) ?? [];
  const details = problem?.details.map(({ path, errors }) => `${path}: ${errors.join(', ')}`) ?? [];
  const said = problem === undefined ? text.trim() : [problem.message, ...details].join(' ').trim();
  const message = `${what}: ${status} ${said}`.slice(0, TEXT_MAX);
  return new MarathonError(faultOf(status, deployments.length > 0), message, { deployments });
}

function faultOf(status: number, isLocked: boolean): MarathonFault {
  if (status === 401 || status === 403) return 'marathon.forbidden';
  if (status === 404) return 'marathon.not_found';
  if (status === 409) return isLocked ? 'marathon.locked' : 'marathon.conflict';
  return status >= 500 ? 'marathon.unreachable' : 'marathon.refused';
}
