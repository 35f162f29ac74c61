/**
 * Answers one query: decides by `answer.ts`, then looks up, asks the hubs, or passes the question on. It must not
 * open the server's sockets, and it never asks itself.
 */
import { isAddressIn, parsePrefix } from '../../protocol/address.ts';
import { ADDRESSES_MAX, APP_TTL_SECONDS, decideAnswer, type NamesView } from './answer.ts';
import { AnswerCache, type HubAnswer } from './cache.ts';
import { buildAnswer, buildQuestion, type Query, RCODES, readAddressReply } from './message.ts';
import { type Ask, askUpstream, type Upstream } from './upstream.ts';

const HUB_TIMEOUT_MS = 700;
const FORWARD_TIMEOUT_MS = 2_000;
const FORWARDS_MAX = 256;
const HUB_QUESTIONS_MAX = 256;

/** What the agent knows at this moment; read anew for every question. */
export interface ResolverWorld {
  /** Undefined: no document yet; then everything is only passed on. */
  readonly view: () => NamesView | undefined;
  /** Sites that a hub does not hear of now, as `TENANT/SITE`. */
  readonly silent: () => ReadonlySet<string>;
  /** Hubs to ask, the best one first. */
  readonly hubs: () => readonly Upstream[];
  /** The host's own name servers, this server not among them. */
  readonly upstreams: () => readonly Upstream[];
  /** The tunnel address: hubs know the tenant by it. */
  readonly tunnelAddress: () => string | undefined;
  /** Pools: a hub's answer outside of them is not believed. */
  readonly pools: () => readonly string[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface Asked {
  readonly query: Query;
  readonly client: string;
  readonly transport: 'udp' | 'tcp';
}

export class Resolver {
  readonly #world: ResolverWorld;
  readonly #cache = new AnswerCache();
  readonly #asking = new Map<string, Promise<HubAnswer | undefined>>();
  #forwards = 0;
  #turn = 0;

  constructor(world: ResolverWorld) {
    this.#world = world;
  }

  async resolve(asked: Asked): Promise<Buffer> {
    const { query, client } = asked;
    const view = this.#world.view();
    if (view === undefined) return this.#forward(asked);
    const decision = decideAnswer(view, query.question, { client, silent: this.#world.silent() });
    const { domain } = view;
    switch (decision.kind) {
      case 'addresses':
        return buildAnswer(query, {
          rcode: 'NOERROR',
          domain,
          addresses: this.#some([], decision.addresses),
          ttlSeconds: decision.ttlSeconds,
        });
      case 'no_data':
        return buildAnswer(query, { rcode: 'NOERROR', domain });
      case 'no_name':
        return buildAnswer(query, { rcode: 'NXDOMAIN', domain });
      case 'refuse':
        return buildAnswer(query, { rcode: 'REFUSED' });
      case 'ask_hubs':
        return this.#fromHubs(query, view, decision.own);
      case 'forward':
        return this.#forward(asked);
    }
  }

  /**
   * Fresh from the cache, else from a hub, else the last answer that any hub gave. What the name has here comes first, and is there without any hub; of
   * its own site's containers an edge knows better.
   */
  async #fromHubs(
    query: Query,
    { domain, own: prefixes }: NamesView,
    own: readonly string[],
  ): Promise<Buffer> {
    const name = query.question.name.toLowerCase();
    const answer =
      this.#cache.fresh(name, this.#world.now()) ??
      (await this.#askOnce(name)) ??
      this.#cache.stale(name, this.#world.now());
    if (answer === undefined && own.length === 0) return buildAnswer(query, { rcode: 'SERVFAIL' });
    const { addresses = [], rcode = 'NOERROR', ttlSeconds = APP_TTL_SECONDS } = answer ?? {};
    const isWanted = query.question.type === 'A' || String(query.question.type) === 'ANY';
    const others = addresses.filter((address) => !isAddressIn(address, prefixes));
    return buildAnswer(query, {
      rcode: own.length > 0 ? 'NOERROR' : rcode,
      domain,
      ...(isWanted ? { addresses: this.#some(own, others), ttlSeconds } : {}),
    });
  }

  /** As many as one answer takes, each of the two in turn, so that clients which take the first are spread. */
  #some(first: readonly string[], then: readonly string[]): string[] {
    this.#turn += 1;
    return [...rotated(first, this.#turn), ...rotated(then, this.#turn)].slice(0, ADDRESSES_MAX);
  }

  /** The same question of many clients is asked once. */
  #askOnce(name: string): Promise<HubAnswer | undefined> {
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    if (this.#asking.size >= HUB_QUESTIONS_MAX) return Promise.resolve(undefined);
    const asking = this.#askHubs(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #askHubs(name: string): Promise<HubAnswer | undefined> {
    for (const upstream of this.#world.hubs()) {
      const from = this.#world.tunnelAddress();
      const reply = await askUpstream({
        upstream,
        query: buildQuestion(0, name),
        transport: 'udp',
        timeoutMs: HUB_TIMEOUT_MS,
        from,
      });
      const answer = reply === undefined ? undefined : this.#believed(reply, name);
      if (answer === undefined) continue;
      this.#cache.store(name, answer, this.#world.now());
      return answer;
    }
    return undefined;
  }

  #believed(reply: Buffer, name: string): HubAnswer | undefined {
    const read = readAddressReply(reply, name);
    const { rcode, ttlSeconds, addresses = [] } = read ?? {};
    if (ttlSeconds === undefined) return undefined;
    if (rcode === RCODES.NXDOMAIN) return { rcode: 'NXDOMAIN', ttlSeconds, addresses: [] };
    if (rcode !== RCODES.NOERROR) return undefined;
    const pools = this.#world.pools().map(parsePrefix);
    if (!addresses.every((address) => isAddressIn(address, pools))) return undefined;
    return { rcode: 'NOERROR', ttlSeconds, addresses };
  }

  /** Passes the question on as it is. A name server of ours that asks us back would go in circles: it is refused. */
  async #forward({ query, client, transport }: Asked): Promise<Buffer> {
    const upstreams = this.#world.upstreams();
    if (upstreams.some(({ address }) => address === client && !address.startsWith('127.')))
      return buildAnswer(query, { rcode: 'REFUSED' });
    if (this.#forwards >= FORWARDS_MAX) return buildAnswer(query, { rcode: 'SERVFAIL' });
    this.#forwards += 1;
    try {
      return (await firstReply(upstreams, query, transport)) ?? buildAnswer(query, { rcode: 'SERVFAIL' });
    } finally {
      this.#forwards -= 1;
    }
  }
}

function rotated(list: readonly string[], turn: number): string[] {
  const start = list.length === 0 ? 0 : turn % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

async function firstReply(
  upstreams: readonly Upstream[],
  query: Query,
  transport: Ask['transport'],
): Promise<Buffer | undefined> {
  for (const upstream of upstreams) {
    const ask: Ask = { upstream, query: query.bytes, transport, timeoutMs: FORWARD_TIMEOUT_MS };
    const reply = await askUpstream(ask);
    if (reply !== undefined) return reply;
  }
  return undefined;
}
