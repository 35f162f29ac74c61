/** Images at plain engines: whether one is there, and its pull behind the pass that needs it. */
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import type { EngineClient } from '../engine/client.ts';
import { undefinedOn } from '../engine/errors.ts';

const PULL_MS_MAX = 20 * 60_000;

export class DockerImages {
  readonly #clientAt: (node: string) => EngineClient;
  readonly #pulling = new Map<string, Promise<void>>();
  readonly #faults = new Map<string, string>();

  constructor(clientAt: (node: string) => EngineClient) {
    this.#clientAt = clientAt;
  }

  /** Why the last pull failed; undefined if none did. */
  faultOf(node: string, image: string): string | undefined {
    return this.#faults.get(imageKey(node, image));
  }

  /** Pulls it where the app says so; it is there with a later pass then. */
  async has(node: string, { template }: WorkloadLeaf): Promise<boolean> {
    const { image, pullPolicy } = template;
    const client = this.#clientAt(node);
    const there = await undefinedOn(client.bytes({ method: 'GET', path: `/images/${image}/json` }), [
      'engine.not_found',
      'engine.invalid',
    ]);
    if (there !== undefined) {
      this.#faults.delete(imageKey(node, image));
      return true;
    }
    if (pullPolicy !== 'never') this.#pull(node, image);
    return false;
  }

  #pull(node: string, image: string): void {
    const key = imageKey(node, image);
    if (this.#pulling.has(key)) return;
    const query = { fromImage: image.includes(':') ? image : `${image}:latest` };
    const work = this.#clientAt(node)
      .bytes({ method: 'POST', path: '/images/create', query, timeoutMs: PULL_MS_MAX })
      .then(
        (progress) => this.#note(key, errorIn(progress.toString('utf8'))),
        (cause: unknown) => this.#note(key, cause instanceof Error ? cause.message : String(cause)),
      )
      .finally(() => this.#pulling.delete(key));
    this.#pulling.set(key, work);
  }

  #note(key: string, fault: string | undefined): void {
    if (fault === undefined) this.#faults.delete(key);
    else this.#faults.set(key, fault);
  }
}

function imageKey(node: string, image: string): string {
  return `${node} ${image}`;
}

/** A pull answers 200 and says in its last line whether it went well. */
function errorIn(progress: string): string | undefined {
  return /"error":"((?:[^"\\]|\\.)*)"/.exec(progress)?.[1];
}
