/**
 * What ends the command with a sentence for a person and an exit code for a script. The codes are frozen: scripts branch on them, `docs/cli.md` lists them.
 */

export type FaultKind = 'failed' | 'usage' | 'missing' | 'forbidden' | 'conflict' | 'unreachable';

export const EXIT: Readonly<Record<FaultKind, number>> = {
  failed: 1,
  usage: 2,
  missing: 3,
  forbidden: 4,
  conflict: 5,
  unreachable: 6,
};

const OF_STATUS: Readonly<Record<number, FaultKind>> = {
  401: 'forbidden',
  403: 'forbidden',
  404: 'missing',
  409: 'conflict',
  412: 'conflict',
  428: 'conflict',
  429: 'unreachable',
  502: 'unreachable',
  503: 'unreachable',
  504: 'unreachable',
};

/** Of an HTTP status of the control plane, or of what stands before it. */
export function faultKindOf(status: number): FaultKind {
  return OF_STATUS[status] ?? 'failed';
}

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What may be refused: its value, or why not. */
export async function attempt<T>(
  act: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly value?: undefined; readonly fault: string }> {
  try {
    return { value: await act() };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return { fault: cause.message };
  }
}
