/** Follows one watch, from a version or from the state, and holds what it saw against what happened. */
import { expect } from 'vitest';
import type { KubeServer } from '../../fakes/kube-server.ts';
import type { Front } from './front.ts';

interface Line {
  readonly type: string;
  readonly object: {
    readonly metadata: {
      readonly name: string;
      readonly namespace: string;
      readonly resourceVersion: string;
    };
  };
}

export class Follower {
  readonly seen: string[] = [];
  readonly state = new Map<string, number>();
  #end: 'open' | 'cut' | 'expired' | 'upstream' = 'open';
  #from: number | undefined;

  /** Undefined: the state first, and then what changes. */
  constructor(from: number | undefined) {
    this.#from = from;
  }

  async follow(front: Front, path: string): Promise<void> {
    const start = this.#from === undefined ? 'allowWatchBookmarks=true' : `resourceVersion=${this.#from}`;
    const answer = await front.open(`${path}?watch=true&${start}`);
    if (answer.statusCode === 599) {
      this.#end = 'upstream';
      answer.destroy();
      return;
    }
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#take(JSON.parse(line));
    });
    answer.on('error', () => undefined);
    answer.once('close', () => {
      if (this.#end === 'open') this.#end = 'cut';
    });
  }

  /** Nothing more is to come. */
  isDone({ past }: KubeServer): boolean {
    const from = this.#from;
    const isOver = this.#end !== 'open';
    return (
      isOver ||
      (from !== undefined && this.seen.length >= past.filter(({ version }) => version > from).length)
    );
  }

  /** Nothing lost, doubled or out of order; and if it still goes on, nothing outstanding. */
  check(server: KubeServer): void {
    if (this.#end === 'upstream') return;
    const from = this.#from;
    if (from === undefined) return expect(this.#end).not.toBe('open');
    if (this.#end === 'expired' && this.seen.length === 0) expect(from).toBeLessThan(server.listedAt);
    if (this.state.size > 0) expect([...this.state].sort()).toEqual([...server.stateAt(from)].sort());
    const truth = server.past
      .filter(({ version }) => version > from)
      .map(({ type, key, version }) => `${type} ${key} ${version}`);
    expect(this.seen).toEqual(this.#end === 'open' ? truth : truth.slice(0, this.seen.length));
  }

  #take({ type, object }: Line): void {
    if (type === 'ERROR') {
      this.#end = 'expired';
      return;
    }
    const { namespace, name, resourceVersion } = object.metadata;
    if (this.#from !== undefined) this.seen.push(`${type} ${namespace}/${name} ${resourceVersion}`);
    else if (type === 'BOOKMARK') this.#from = Number(resourceVersion);
    else this.state.set(`${namespace}/${name}`, Number(resourceVersion));
  }
}
