/**
 * Puts the name server together from the document and the host: where to listen, whom to ask. It must not answer
 * anything itself.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { containsAddress, parseAddress, parsePrefix } from '../protocol/address.ts';
import type { Document } from '../protocol/document.ts';
import { Resolver } from './names/resolver.ts';
import { type Listening, NamesServer } from './names/server.ts';
import { type Upstream, upstreamsIn } from './names/upstream.ts';
import { namesView } from './names/view.ts';
import { leafOf } from './plan/leaves.ts';
import { DEVICE_PREFIX } from './plan/state.ts';
import type { Config } from './settings.ts';

const RESOLV_CONF_AGE_MS = 5_000;

export interface NamesOptions {
  readonly config: Config;
  readonly nameHubs: () => readonly Upstream[];
  readonly silentSites: () => ReadonlySet<string>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class Names {
  readonly #options: NamesOptions;
  readonly #server: NamesServer;
  #view: ReturnType<typeof namesView>;
  #tunnelAddress: string | undefined;
  #pools: readonly string[] = [];
  #resolvConf = { text: '', readMs: Number.NEGATIVE_INFINITY };

  constructor(options: NamesOptions) {
    this.#options = options;
    const resolver = new Resolver({
      view: () => this.#view,
      hubs: options.nameHubs,
      silent: options.silentSites,
      upstreams: () => this.#upstreams(),
      tunnelAddress: () => this.#tunnelAddress,
      pools: () => this.#pools,
      now: options.now,
    });
    this.#server = new NamesServer(resolver);
  }

  get listening(): readonly Listening[] {
    return this.#server.listening;
  }

  async update(document: Document): Promise<void> {
    const self = leafOf(document, 'self');
    this.#view = namesView(document);
    this.#tunnelAddress = self?.tunnelAddress;
    this.#pools = self?.pools ?? [];
    await this.#server.listen(listenAddresses(document, this.#options.config));
  }

  stop(): void {
    this.#server.stop();
  }

  /** The host's name servers, without ourselves. */
  #upstreams(): readonly Upstream[] {
    const nowMs = this.#options.now();
    if (nowMs - this.#resolvConf.readMs > RESOLV_CONF_AGE_MS)
      this.#resolvConf = { text: readText(this.#options.config.resolvConf), readMs: nowMs };
    const own = this.#server.listening.map(({ address }) => address);
    return upstreamsIn(this.#resolvConf.text, own);
  }
}

/** A hub's tunnel address; and of either role, the host's addresses in the LAN that it serves. */
function listenAddresses(document: Document, config: Config): string[] {
  const self = leafOf(document, 'self');
  const tunnel = self?.role === 'hub' ? [self.tunnelAddress] : [];
  if (config.namesListen !== undefined) return [...new Set([...tunnel, ...config.namesListen])];
  const prefixes = (leafOf(document, 'network')?.prefixes ?? []).map(({ real }) => parsePrefix(real));
  const lan = hostAddresses()
    .filter(
      ({ device, address }) =>
        device === config.lanDevice ||
        prefixes.some((prefix) => containsAddress(prefix, parseAddress(address))),
    )
    .map(({ address }) => address);
  return [...new Set([...tunnel, ...lan])];
}

function hostAddresses(): { readonly device: string; readonly address: string }[] {
  return Object.entries(networkInterfaces()).flatMap(([device, infos]) =>
    device.startsWith(DEVICE_PREFIX)
      ? []
      : (infos ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => ({ device, address })),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
