/**
 * One read for all who wait. Whoever joins is served by a run that began after it joined, never by one that was under way: only that makes an
 * answer as fresh as if everybody had asked alone. Runs follow one another; the more were served by the last, the longer the next waits for more.
 */

export interface RoundsOptions<Result> {
  readonly run: () => Promise<Result>;
  /** From the beginning of one run to that of the next, by how many the last one served. */
  readonly intervalMs: (served: number) => number;
  /** Monotonic. */
  readonly now: () => number;
}

export class Rounds<Result> {
  readonly #options: RoundsOptions<Result>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<Result> | undefined;
  #begunMs = Number.NEGATIVE_INFINITY;
  #idle = true;
  #joined = 0;
  #served = 0;

  constructor(options: RoundsOptions<Result>) {
    this.#options = options;
  }

  /** Nothing runs and nobody waits. */
  get isIdle(): boolean {
    return this.#idle && this.#next === undefined;
  }

  join(): Promise<Result> {
    this.#joined++;
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<Result> {
    await this.#running;
    const waitMs = this.#begunMs + this.#options.intervalMs(this.#served) - this.#options.now();
    if (waitMs > 0) await pause(waitMs);
    this.#next = undefined;
    this.#served = this.#joined;
    this.#joined = 0;
    this.#begunMs = this.#options.now();
    this.#idle = false;
    const run = this.#options.run();
    this.#running = run.then(
      () => this.#rest(),
      () => this.#rest(),
    );
    return run;
  }

  #rest(): void {
    this.#idle = true;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
