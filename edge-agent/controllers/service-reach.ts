/**
 * Whether the cluster's own service addresses can be reached from this edge, once the site exposes their range: by an answer, because routes alone tell nothing
 * where kube-proxy runs on the very host, or the edge is a pod. Asked is the first address of the range, at which every cluster has its API server.
 */
import { formatAddress, overlaps, parsePrefix } from '../../protocol/address.ts';
import type { Statement } from '../../protocol/cluster.ts';
import type { Testimony } from './node-verdict.ts';

const SERVICE_PORT = 443;
/** At every one of which the API server answered at its own address. */
const SILENCES_MAX = 3;

export type Ask = (address: string, port: number) => Promise<Testimony>;

export interface ServiceReachOptions {
  readonly ask: Ask;
  /** Where the API server is without the service. */
  readonly server: { readonly host: string; readonly port: number };
}

export class ServiceReach {
  readonly #options: ServiceReachOptions;
  #range: string | undefined;
  #exposed: readonly string[] = [];
  #silences = 0;
  #state: 'unknown' | 'reached' | 'unreached' = 'unknown';

  constructor(options: ServiceReachOptions) {
    this.#options = options;
  }

  setRange(range: string | undefined): void {
    if (range === this.#range) return;
    this.#range = range;
    this.#silences = 0;
    this.#state = 'unknown';
  }

  setExposed(exposed: readonly string[]): void {
    this.#exposed = exposed;
  }

  /** The range, if it is exposed and nothing in it answers. */
  get unreached(): string | undefined {
    return this.#state === 'unreached' ? this.#asked : undefined;
  }

  /** Never rejects. */
  async pass(): Promise<void> {
    const range = this.#asked;
    if (range === undefined) return;
    const { ask, server } = this.#options;
    const answer = await ask(firstOf(range), SERVICE_PORT);
    if (range !== this.#asked) return;
    if (answer !== 'silent') {
      this.#silences = 0;
      this.#state = 'reached';
      return;
    }
    // While the API server is away its service is silent too, and that says nothing of routes.
    if ((await ask(server.host, server.port)) !== 'answers' || range !== this.#asked) return;
    this.#silences += 1;
    if (this.#silences >= SILENCES_MAX) this.#state = 'unreached';
  }

  /** `door`: address of a node, if one is up. */
  statements(door: string | undefined): readonly Statement[] {
    const range = this.#asked;
    if (range === undefined || this.#state === 'unknown') return [];
    if (this.#state === 'reached') {
      const message = `Addresses of services (${range}) answer this edge.`;
      return [{ type: 'ServicesReached', status: 'True', reason: 'Answers', message }];
    }
    const message = `${range} is exposed, and ${firstOf(range)} in it does not answer this edge: nothing is published at addresses of services, and other sites reach none of them. On the edge's host: ip route add ${range} via ${door ?? 'a node'}.`;
    return [{ type: 'ServicesReached', status: 'False', reason: 'NoRoute', message }];
  }

  get #asked(): string | undefined {
    const range = this.#range;
    if (range === undefined) return undefined;
    const prefix = parsePrefix(range);
    return this.#exposed.some((one) => overlaps(parsePrefix(one), prefix)) ? range : undefined;
  }
}

function firstOf(range: string): string {
  return formatAddress(parsePrefix(range).base + 1);
}
