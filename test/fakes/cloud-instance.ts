/**
 * A cloud instance in memory: an account that attaches a network interface after some looks, and a host whose `ip` and
 * `sysctl` hold state. Whoever else has the interface keeps it until it is asked back, or forever.
 */
import type { CommandResult, Run } from '../../edge-agent/apply/command.ts';
import type { Slots } from '../../edge-agent/cloud/cloud.ts';
import type { SlotInterface } from '../../edge-agent/plan/slot.ts';

interface Link {
  readonly name: string;
  readonly mac: string;
  up: boolean;
  addresses: string[];
}

interface Route {
  readonly prefix: string;
  readonly words: readonly string[];
}

export class FakeInstance implements Slots {
  readonly id = 'i-0123456789abcdef0';
  readonly slot = { id: 'eni-0123456789abcdef0', mac: '02:00:00:00:00:0c', address: '10.0.1.10' };
  readonly secrets = new Map<string, string>();
  /** What was asked of the account. */
  readonly asked: string[] = [];
  /** Every call to the account fails while it is set. */
  fault: Error | undefined;
  /** The instance that has the interface: it lets go if it is asked, or only by force. */
  holder: { readonly instance: string; readonly yieldsTo: 'request' | 'force' } | undefined;
  readonly links: Link[] = [
    { name: 'ens5', mac: '02:00:00:00:00:05', up: true, addresses: ['10.0.1.77/24'] },
  ];
  routes: Route[] = [
    { prefix: 'default', words: ['via', '10.0.1.1', 'dev', 'ens5', 'metric', '100'] },
    { prefix: '10.0.1.0/24', words: ['dev', 'ens5', 'src', '10.0.1.77'] },
  ];
  readonly sysctls = new Map<string, string>();
  #attached = false;
  #isDetaching = false;

  async find(): Promise<SlotInterface> {
    this.#take('find');
    const id = 'eni-attach-1';
    if (this.holder !== undefined) {
      const state = this.#isDetaching ? ('detaching' as const) : ('attached' as const);
      return { ...this.slot, attachment: { id, instance: this.holder.instance, state } };
    }
    return this.#attached
      ? { ...this.slot, attachment: { id, instance: this.id, state: 'attached' } }
      : this.slot;
  }

  async attach(interfaceId: string, instance: string): Promise<void> {
    this.#take(`attach ${interfaceId} ${instance}`);
    this.#attached = true;
    this.links.push({ name: 'ens6', mac: this.slot.mac, up: false, addresses: [] });
  }

  async detach(attachment: string, force: boolean): Promise<void> {
    this.#take(`detach ${attachment}${force ? ' by force' : ''}`);
    this.#isDetaching = true;
    if (force || this.holder?.yieldsTo === 'request') this.holder = undefined;
  }

  async secret(id: string): Promise<string> {
    this.#take(`secret ${id}`);
    const text = this.secrets.get(id);
    if (text === undefined) throw new Error(`there is no secret ${id}`);
    return text;
  }

  readonly run: Run = async (program, args) => {
    const words = args.filter((word) => !['-j', '-4', '-n', '-qw'].includes(word));
    return program === 'sysctl' ? this.#sysctl(words[0] ?? '') : this.#ip(words);
  };

  /** Prefix and words of the routes, the best first as the kernel has them. */
  routesTo(prefix: string): string[] {
    return this.routes
      .filter((route) => route.prefix === prefix)
      .sort((a, b) => metricOf(a.words) - metricOf(b.words))
      .map(({ words }) => words.join(' '));
  }

  #take(what: string): void {
    this.asked.push(what);
    if (this.fault !== undefined) throw this.fault;
  }

  #sysctl(setting: string): CommandResult {
    const [key = '', value] = setting.split('=');
    if (value !== undefined) this.sysctls.set(key, value);
    return said(`${this.sysctls.get(key) ?? '1'}\n`);
  }

  #ip([object, verb, ...rest]: readonly string[]): CommandResult {
    const named = (word: string) => rest[rest.indexOf(word) + 1];
    const link = this.links.find(({ name }) => name === named('dev'));
    if (object === 'link' && verb === 'show') return said(JSON.stringify(this.links.map(linkView)));
    if (object === 'addr' && verb === 'show')
      return said(
        JSON.stringify(this.links.filter(({ addresses }) => addresses.length > 0).map(addressView)),
      );
    if (object === 'route' && verb === 'show') return said(JSON.stringify(this.routes.map(routeView)));
    if (object === 'link' && verb === 'set' && link !== undefined) link.up = true;
    if (object === 'addr' && verb === 'replace' && link !== undefined) link.addresses = [rest[0] ?? ''];
    if (object === 'route') this.#route(verb, rest);
    return said('');
  }

  /** As the kernel: a route is known by prefix, metric and device. */
  #route(verb: string | undefined, [given = '', ...words]: readonly string[]): void {
    const prefix = given === '0.0.0.0/0' ? 'default' : given;
    const isSame = (route: Route) =>
      route.prefix === prefix &&
      metricOf(route.words) === metricOf(words) &&
      (verb === 'replace' || deviceOf(route.words) === deviceOf(words));
    this.routes = this.routes.filter((route) => !isSame(route));
    if (verb === 'replace') this.routes.push({ prefix, words });
  }
}

function metricOf(words: readonly string[]): number {
  return words.includes('metric') ? Number(words[words.indexOf('metric') + 1]) : 0;
}

function deviceOf(words: readonly string[]): string | undefined {
  return words[words.indexOf('dev') + 1];
}

function linkView({ name, mac, up }: Link) {
  return { ifname: name, address: mac, flags: up ? ['UP'] : [] };
}

function addressView({ name, addresses }: Link) {
  const addr_info = addresses.map((address) => {
    const [local = '', length = ''] = address.split('/');
    return { family: 'inet', local, prefixlen: Number(length) };
  });
  return { ifname: name, addr_info };
}

function routeView({ prefix, words }: Route) {
  const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
  const metric = metricOf(words);
  return {
    dst: prefix,
    dev: after('dev'),
    gateway: after('via'),
    prefsrc: after('src'),
    ...(metric === 0 ? {} : { metric }),
  };
}

function said(stdout: string): CommandResult {
  return { kind: 'exited', code: 0, stdout, stderr: '' };
}
