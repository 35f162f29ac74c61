/** What can go wrong with a Docker engine, as a small coded set. Callers branch on `code`, never on text. */

export type EngineFault =
  /** No answer at all: not reachable, TLS failed, too slow. Nothing is known of what was asked for; try later. */
  | 'engine.unreachable'
  /** It speaks no version of the API that we do. */
  | 'engine.too_old'
  /** It will not have it as it is (400); the same again will not pass. */
  | 'engine.invalid'
  /** Not our right, or not possible in this state (403): an address that is in use is among these. */
  | 'engine.forbidden'
  | 'engine.not_found'
  /** A name is taken, or the object is in use (409). */
  | 'engine.conflict'
  /** Somebody else changed the object since we read it: read again. */
  | 'engine.stale'
  /** The swarm has no leader now, or this engine is no manager of one (503). */
  | 'engine.unavailable'
  /** Any other answer of 500 and more. */
  | 'engine.failed'
  /** An answer that is not what the API promises. */
  | 'engine.malformed';

export interface EngineErrorFacts {
  /** HTTP status; absent where nothing was answered. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineFault;
  readonly status: number | undefined;

  constructor(code: EngineFault, message: string, facts: EngineErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
  }
}

const BY_STATUS: Readonly<Record<number, EngineFault>> = {
  400: 'engine.invalid',
  401: 'engine.forbidden',
  403: 'engine.forbidden',
  404: 'engine.not_found',
  409: 'engine.conflict',
  503: 'engine.unavailable',
};

/** Swarm's answers pass through as 500 with the words of the manager behind them. */
const BY_WORDS: readonly (readonly [RegExp, EngineFault])[] = [
  [/update out of sequence/i, 'engine.stale'],
  [/does not have a leader|context deadline exceeded|code = Unavailable/i, 'engine.unavailable'],
  [/Address already in use/i, 'engine.forbidden'],
];

/** The fault that an answer stands for. */
export function faultOf(status: number, message: string): EngineFault {
  const known = BY_WORDS.find(([words]) => words.test(message));
  if (known !== undefined) return known[1];
  return BY_STATUS[status] ?? (status >= 500 ? 'engine.failed' : 'engine.malformed');
}

/** Undefined where the engine answered with one of these faults; any other failure stays one. */
export async function undefinedOn<T>(
  work: Promise<T>,
  faults: readonly EngineFault[],
): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof EngineError && faults.includes(cause.code)) return undefined;
    throw cause;
  }
}
