/** What ends the command with a sentence for a person and an exit code for a script. */

/** `failed` 1; `usage` 2; `refused` 3: the control plane said no; `unreachable` 4: try again. */
export type FaultKind = 'failed' | 'usage' | 'refused' | 'unreachable';

export const EXIT: Readonly<Record<FaultKind, number>> = { failed: 1, usage: 2, refused: 3, unreachable: 4 };

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
