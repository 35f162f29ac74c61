/**
 * One task of the cloud part that repeats: each run says when the next is due, and a wake-up brings it forward, also
 * during a run. A stopped one begins again when it is woken. It must not know what the task does.
 */

const FAILED_RUN_MS = 5_000;

export class Repeat {
  readonly #run: () => Promise<number>;
  #timer: NodeJS.Timeout | undefined;
  #state: 'idle' | 'running' | 'again' = 'idle';
  #isStopped = true;

  /** Resolves to the wait before the next run, in milliseconds. */
  constructor(run: () => Promise<number>) {
    this.#run = run;
  }

  wake(): void {
    this.#isStopped = false;
    if (this.#state !== 'idle') {
      this.#state = 'again';
      return;
    }
    clearTimeout(this.#timer);
    this.#state = 'running';
    this.#run().then(
      (delayMs) => this.#finish(delayMs),
      () => this.#finish(FAILED_RUN_MS),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isStopped = true;
  }

  #finish(delayMs: number): void {
    const again = this.#state === 'again';
    this.#state = 'idle';
    if (this.#isStopped) return;
    if (again) this.wake();
    else this.#timer = setTimeout(() => this.wake(), delayMs);
  }
}
