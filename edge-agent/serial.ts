/**
 * Runs one pass at a time. Causes that come in during a pass are gathered into the next one, so that a flood of them
 * costs two passes, not a queue. It must not know what a pass does.
 */

export class Serial<Cause extends string> {
  readonly #pass: (causes: readonly Cause[]) => Promise<void>;
  #waiting = new Set<Cause>();
  #running: Promise<void> | undefined;

  /** `pass` must not reject: what fails in it is its own to tell. */
  constructor(pass: (causes: readonly Cause[]) => Promise<void>) {
    this.#pass = pass;
  }

  /** Resolves when a pass that began after this call has ended. */
  async request(cause: Cause): Promise<void> {
    this.#waiting.add(cause);
    const running = this.#running;
    if (running !== undefined) await running;
    if (this.#waiting.has(cause)) await (this.#running ?? this.#begin());
  }

  async #begin(): Promise<void> {
    const causes = [...this.#waiting];
    this.#waiting = new Set();
    this.#running = this.#pass(causes).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }
}
