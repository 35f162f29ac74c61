/**
 * Keeps the process for clusters running while this host has clusters, and hands it its orders. It must not know what the
 * process does: `clusters.ts` is its root, `worker/messages.ts` its language (`docs/decisions/0011`).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Document } from '../protocol/document.ts';
import type { Finding } from '../protocol/report.ts';
import { hasClusterFiles } from './cluster-files.ts';
import { retryDelayMs } from './link/backoff.ts';
import { type ClusterOrders, ClusterState, type ClusterView, ordersOf } from './worker/messages.ts';

const HEAP_MIB_MAX = 768;
/** A process that ran so long is not failing at its start. */
const SETTLED_MS = 60_000;
const STOP_MS_MAX = 5_000;

export interface ClustersProcessOptions {
  /** Where `edge-agent cluster add` puts clusters, a file each. */
  readonly directory: string;
  readonly root: string;
  readonly now: () => number;
  readonly chance: () => number;
  readonly log: (line: string) => void;
  /** The program to run; its own file beside the agent unless given. */
  readonly program?: string;
}

export class ClustersProcess {
  readonly #options: ClustersProcessOptions;
  #child: ChildProcess | undefined;
  #orders: ClusterOrders | undefined;
  #state: ClusterState | undefined;
  #startedMs = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: ClustersProcessOptions) {
    this.#options = options;
  }

  /** Sets what the document in force says; called at every pass, so that a cluster that was just added is seen. */
  update(document: Document | undefined, rttMs?: number): void {
    const orders = document && ordersOf(document, rttMs);
    if (orders !== undefined) this.#orders = orders;
    if (this.#isStopped || this.#orders === undefined) return;
    if (this.#child !== undefined) this.#send();
    else if (hasClusterFiles(this.#options.directory) && this.#retry === undefined) this.#start();
  }

  clusters(): readonly ClusterView[] {
    return this.#state?.clusters ?? [];
  }

  get residentBytes(): number | undefined {
    return this.#state?.residentBytes;
  }

  findings(): readonly Finding[] {
    if (this.#retry !== undefined) return [DOWN];
    return this.#state?.findings ?? [];
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(killer);
  }

  #start(): void {
    const child = fork(
      this.#options.program ?? programBeside(import.meta.url),
      ['--root', this.#options.root],
      {
        execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    this.#child = child;
    this.#startedMs = this.#options.now();
    child.on('message', (message) => {
      this.#state = ClusterState.safeParse(message).data ?? this.#state;
    });
    child.on('error', (error) => this.#ended(child, error.message));
    child.on('exit', (code, signal) => this.#ended(child, `exit ${signal ?? code}`));
    this.#send();
  }

  #send(): void {
    const child = this.#child;
    // The channel closes a moment before the process is seen to end.
    if (child?.connected === true && this.#orders !== undefined) child.send(this.#orders, () => undefined);
  }

  #ended(child: ChildProcess, reason: string): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    this.#state = undefined;
    if (this.#isStopped) return;
    const { now, chance, log } = this.#options;
    this.#failures = now() - this.#startedMs > SETTLED_MS ? 1 : this.#failures + 1;
    log(`the process for clusters ended (${reason}); it is started again`);
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        if (!this.#isStopped && hasClusterFiles(this.#options.directory)) this.#start();
      },
      retryDelayMs(this.#failures, chance()),
    );
  }
}

const DOWN: Finding = {
  code: 'clusters.down',
  level: 'error',
  message:
    'The process for clusters ended and is being started again: clusters of this site are not reached or driven.',
  fix: 'See the log of the agent for its last words; if it names clusters.mjs, run the installer again.',
};

/** In the bundle it is `clusters.mjs` beside the agent: see `bundle.ts`. */
function programBeside(url: string): string {
  return fileURLToPath(new URL(url.endsWith('.ts') ? './clusters.ts' : './clusters.mjs', url));
}
