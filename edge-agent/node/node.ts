/**
 * The agent in the role `node`: gives containers of this node addresses of pools, and keeps the node's routes and rules to them. It composes; deciding is
 * done in `allocation.ts`, `routes.ts` and `firewall.ts`. Everything that it must know after a restart lies in the cluster, in the kernel or in the ledger.
 */
import type { Server } from 'node:http';
import { formatAddress, formatPrefix, parsePrefix } from '../../protocol/address.ts';
import type { Run } from '../apply/command.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { Poll } from '../poll.ts';
import { Serial } from '../serial.ts';
import { Claims } from './claims.ts';
import { type CniCall, CniFault, linkOf, readCall, resultOf } from './cni.ts';
import { writeFallback } from './fallback.ts';
import { firewallText } from './firewall.ts';
import { HostNetwork } from './host-network.ts';
import { Ledger } from './ledger.ts';
import { POOLS_MAP, POOLS_PATH, type Pools, PoolsMap, poolsOf } from './pools.ts';
import { wantedRoutes } from './routes.ts';
import { type CniRequest, messageOf, serveCni } from './server.ts';
import { inLan, Sight } from './sight.ts';
import { SIGN_MS, writeSign } from './sign.ts';
import { wishOf } from './wish.ts';

const LOOK_MS = 5_000;

export interface NodeAgentOptions {
  readonly client: KubeClient;
  /** As the cluster calls this node. */
  readonly node: string;
  readonly socket: string;
  /** Of what outlives a reboot. */
  readonly state: string;
  /** Of what the shim needs while we are away; in memory. */
  readonly fallback: string;
  readonly run: Run;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
  /** Done at every look: the runtime's configuration, where it is ours to keep. */
  readonly maintain?: () => readonly string[];
}

export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #ledger: Ledger;
  readonly #sight: Sight;
  readonly #claims: Claims;
  readonly #network: HostNetwork;
  readonly #looks = new Poll(() => this.#look());
  readonly #matching = new Serial<'match'>(() => this.#match());
  #pools: Pools | undefined;
  #link: { readonly device: string; readonly length: number } | undefined;
  #server: Server | undefined;
  #fault: string | undefined;
  #signedMs = Number.NEGATIVE_INFINITY;
  readonly #said = new Map<string, string>();

  constructor(options: NodeAgentOptions) {
    const { client, state, run, wallNow } = options;
    this.#options = options;
    this.#ledger = new Ledger(state);
    this.#link = this.#ledger.lastLink();
    this.#network = new HostNetwork(run);
    this.#sight = new Sight({
      client,
      log: options.log,
      onChange: () => void this.#matching.request('match'),
    });
    this.#claims = new Claims({
      client,
      wallNow,
      watched: () => this.#sight.holdings(),
      isWatchWell: () => this.#sight.isWell,
    });
  }

  async start(): Promise<void> {
    this.#sight.start();
    this.#server = await serveCni(this.#options.socket, (request) => this.#answer(request));
    this.#looks.wake();
  }

  /** Routes and rules stay: containers run on. */
  async stop(): Promise<void> {
    this.#looks.stop();
    this.#sight.close();
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
  }

  async #answer(request: CniRequest): Promise<string | undefined> {
    const { command, body, ...headers } = request;
    const call = readCall({ command, ...headers }, body);
    if (command === 'ADD') return this.#add(call);
    if (command === 'DEL') return this.#delete(call);
    if (command === 'CHECK') return this.#check(call);
    throw new CniFault('environment', `${command} is no command of CNI that is known here.`);
  }

  async #add(call: CniCall): Promise<string | undefined> {
    const { client, node } = this.#options;
    const wish = await wishOf(client, call.pod);
    if (wish === undefined) return undefined;
    const link = linkOf(call.network);
    const prefixes = (await this.#prefixesOf(wish.pool)).map(parsePrefix);
    const lan = inLan(prefixes, await this.#network.devices());
    if (lan !== undefined)
      throw new CniFault(
        'unsupported',
        `${formatPrefix(lan.prefix)} of the pool ${wish.pool} is in the LAN of this node (${formatPrefix(lan.lan)} on ${lan.device}), where nobody finds a container: give the pool a prefix that is on no link.`,
      );
    const claim = { ...wish, prefixes, node, container: call.container };
    const { address } = await this.#claims.claim(claim, link.length);
    this.#ledger.record(call.container, { address, device: link.device, length: link.length });
    // The first container's bridge was not there when we last looked.
    const devices = await this.#network.devices();
    if (!devices.some(({ name }) => name === link.device)) this.#network.forget();
    this.#link = link;
    await this.#matching.request('match');
    if (this.#fault !== undefined)
      throw new CniFault('tryAgain', `the routes of this node can't be set: ${this.#fault}`);
    return resultOf(address, link, call.network.cniVersion);
  }

  /** A pool that is not known may be new. */
  async #prefixesOf(pool: string): Promise<readonly string[]> {
    const find = () => this.#pools?.pools.find(({ name }) => name === pool)?.prefixes;
    const known = find();
    if (known !== undefined) return known;
    await this.#readPools();
    const found = find();
    if (found !== undefined) return found;
    throw new CniFault(
      'noPool',
      `there is no pool ${pool} with a range in this cluster: give it one, or take the app's pool away.`,
    );
  }

  /** Always done as far as the runtime is concerned: what can't be given back now is given back later. The cluster's own plugin has its turn too. */
  async #delete({ container }: CniCall): Promise<undefined> {
    this.#ledger.bury(container);
    await this.#giveBack(container).catch((cause: unknown) =>
      this.#say('give back', `an address is given back later: ${messageOf(cause)}`),
    );
    return undefined;
  }

  async #giveBack(container: string): Promise<void> {
    const address = this.#ledger.entry(container)?.address ?? this.#addressOf(container);
    if (address !== undefined) await this.#claims.release(container, address, this.#options.node);
    this.#ledger.forget(container);
  }

  #addressOf(container: string): number | undefined {
    const { node } = this.#options;
    const all = [...this.#claims.holdings().values()];
    return all.find((one) => one.container === container && one.node === node)?.address;
  }

  async #check({ container }: CniCall): Promise<string | undefined> {
    const entry = this.#ledger.entry(container);
    if (entry === undefined) return undefined;
    const holding = this.#claims.holdings().get(entry.address);
    if (holding?.container === container || !this.#sight.isWell) return '{}';
    throw new CniFault('notHeld', `${formatAddress(entry.address)} is no more this container's.`);
  }

  /** Never rejects. */
  async #look(): Promise<number> {
    await this.#trying('pools', () => this.#readPools());
    await this.#trying('sign', () => this.#sign());
    await this.#trying('fallback', () => writeFallback(this.#options.fallback, this.#options.client));
    for (const container of this.#ledger.buried())
      await this.#trying('give back', () => this.#giveBack(container));
    await this.#trying('configuration', async () => {
      for (const line of this.#options.maintain?.() ?? []) this.#options.log(line);
    });
    this.#network.forget();
    await this.#matching.request('match');
    return LOOK_MS;
  }

  async #sign(): Promise<void> {
    const { client, node, wallNow } = this.#options;
    if (wallNow() - this.#signedMs < SIGN_MS) return;
    await writeSign(client, node, wallNow());
    this.#signedMs = wallNow();
  }

  async #readPools(): Promise<void> {
    const call = { method: 'GET', path: `${POOLS_PATH}/${POOLS_MAP}` } as const;
    const map = await undefinedOn(this.#options.client.json(PoolsMap, call), ['kube.not_found']);
    this.#pools = (map && poolsOf(map)) ?? this.#pools;
  }

  /** Routes and rules as they should be by now; never rejects. */
  async #match(): Promise<void> {
    await this.#trying('network', async () => {
      // Nothing is taken away for want of knowledge.
      if (this.#pools === undefined || this.#sight.holdings() === undefined) return;
      const { node } = this.#options;
      const prefixes = this.#pools.pools.flatMap((pool) => pool.prefixes);
      const devices = await this.#network.devices();
      const { near, far } = this.#sight.neighbours(node, devices);
      const link = devices.some(({ name }) => name === this.#link?.device) ? this.#link : undefined;
      const holdings = [...this.#claims.holdings().values()];
      await this.#network.setFirewall(
        firewallText({ pools: prefixes, joined: this.#pools.joined, pods: this.#sight.podPrefixes(node) }),
      );
      await this.#network.setRoutes(wantedRoutes({ node, prefixes, holdings, neighbours: near, link }));
      const unreached = holdings.filter((one) => far.has(one.node));
      if (unreached.length > 0)
        this.#say(
          'far',
          `unsupported: ${[...far.keys()].join(', ')} share no link with this node, so ${unreached.length} addresses there can't be reached from here`,
        );
    });
  }

  async #trying(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (what === 'network') this.#fault = undefined;
      this.#said.delete(what);
    } catch (cause) {
      if (what === 'network') this.#fault = messageOf(cause);
      this.#say(what, `${what}: ${messageOf(cause)}`);
    }
  }

  /** The same thing once. */
  #say(what: string, line: string): void {
    if (this.#said.get(what) === line) return;
    this.#said.set(what, line);
    this.#options.log(line);
  }
}
