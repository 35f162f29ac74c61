/**
 * EC2's route tables and prefix lists in memory, with the refusals that count: no second route of one destination, none
 * replaced that is not there, none to an interface that is gone. Faults and late writes can be ordered.
 */
import {
  type PrefixLists,
  type PrefixListView,
  type RouteTables,
  type RouteTableView,
  type RouteView,
  VpcError,
  type VpcFault,
} from '../../vpc/port.ts';

export type Call = 'describe' | 'create' | 'replace' | 'remove' | 'read' | 'modify';

interface Table {
  readonly vpc: string;
  readonly tags: Record<string, string>;
  /** Target by destination. */
  readonly routes: Map<string, string>;
}

const ENTRIES_PER_CALL_MAX = 100;

export class FakeEc2 implements RouteTables, PrefixLists {
  /** Every call that was made, refused ones too. */
  readonly calls: Call[] = [];
  readonly #tables = new Map<string, Table>();
  readonly #lists = new Map<string, PrefixListView>();
  readonly #interfaces: Set<string>;
  readonly #held: { readonly call: Call; readonly go: Promise<void> }[] = [];
  /** Lists that refuse another change until they were read so many times. */
  readonly #busy = new Map<string, number>();
  #fault: (call: Call, calls: number) => VpcFault | undefined = () => undefined;
  #running = 0;
  #runningMost = 0;

  constructor(interfaces: readonly string[]) {
    this.#interfaces = new Set(interfaces);
  }

  addTable(
    id: string,
    {
      vpc,
      tags = {},
      routes = {},
    }: { vpc: string; tags?: Record<string, string>; routes?: Record<string, string> },
  ): void {
    this.#tables.set(id, { vpc, tags, routes: new Map(Object.entries(routes)) });
  }

  addList(
    id: string,
    { maxEntries, entries = [] }: { maxEntries: number; entries?: readonly string[] },
  ): void {
    this.#lists.set(id, { id, version: 1, maxEntries, entries });
  }

  /** Changes a route behind everybody's back; undefined takes it away. */
  drift(table: string, destination: string, target: string | undefined): void {
    const { routes } = this.#table(table);
    if (target === undefined) routes.delete(destination);
    else routes.set(destination, target);
  }

  removeTable(id: string): void {
    this.#tables.delete(id);
  }

  removeInterface(id: string): void {
    this.#interfaces.delete(id);
  }

  /** Every call, and its number from 1, may be answered by a fault. */
  faultBy(rule: (call: Call, calls: number) => VpcFault | undefined): void {
    this.#fault = rule;
  }

  /** The next call of this kind takes effect only when the answer of this function is called. */
  holdNext(call: Call): () => void {
    let open: () => void = () => undefined;
    const go = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#held.push({ call, go });
    return open;
  }

  targetsOf(destination: string): (string | undefined)[] {
    return [...this.#tables.values()].map(({ routes }) => routes.get(destination));
  }

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  /** The most writes that were under way at one time. */
  get runningMost(): number {
    return this.#runningMost;
  }

  entriesOf(list: string): readonly string[] {
    return this.#list(list).entries;
  }

  async describe(vpc: string): Promise<RouteTableView[]> {
    await this.#take('describe');
    const tables = [...this.#tables].filter(([, table]) => table.vpc === vpc);
    return tables.map(([id, { tags, routes }]) => ({
      id,
      tags,
      routes: [...routes].map(([destination, target]) => this.#view(destination, target)),
    }));
  }

  create(table: string, destination: string, interfaceId: string): Promise<void> {
    return this.#write('create', () => {
      const { routes } = this.#table(table);
      this.#checkInterface(interfaceId);
      if (routes.has(destination)) throw new VpcError('exists', `${destination} is there`);
      routes.set(destination, interfaceId);
    });
  }

  replace(table: string, destination: string, interfaceId: string): Promise<void> {
    return this.#write('replace', () => {
      const { routes } = this.#table(table);
      this.#checkInterface(interfaceId);
      if (!routes.has(destination)) throw new VpcError('missing', `no route ${destination}`);
      routes.set(destination, interfaceId);
    });
  }

  remove(table: string, destination: string): Promise<void> {
    return this.#write('remove', () => {
      if (!this.#table(table).routes.delete(destination))
        throw new VpcError('missing', `no route ${destination}`);
    });
  }

  async read(id: string): Promise<PrefixListView> {
    await this.#take('read');
    this.#busy.set(id, Math.max(0, (this.#busy.get(id) ?? 0) - 1));
    return this.#list(id);
  }

  async modify(
    id: string,
    { version, add, remove }: { version: number; add: readonly string[]; remove: readonly string[] },
  ): Promise<void> {
    await this.#take('modify');
    const list = this.#list(id);
    if ((this.#busy.get(id) ?? 0) > 0) throw new VpcError('stale', `${id} is being modified`);
    if (list.version !== version) throw new VpcError('stale', `${id} is at ${list.version}`);
    if (add.length + remove.length > ENTRIES_PER_CALL_MAX) throw new VpcError('refused', 'too many entries');
    const entries = [...list.entries.filter((entry) => !remove.includes(entry)), ...add];
    if (entries.length > list.maxEntries) throw new VpcError('refused', `${id} is full`);
    this.#lists.set(id, { ...list, version: version + 1, entries });
    this.#busy.set(id, 2);
  }

  async #write(call: Call, change: () => void): Promise<void> {
    this.#running += 1;
    this.#runningMost = Math.max(this.#runningMost, this.#running);
    try {
      await this.#take(call);
      change();
    } finally {
      this.#running -= 1;
    }
  }

  async #take(call: Call): Promise<void> {
    this.calls.push(call);
    const fault = this.#fault(call, this.calls.length);
    const held = this.#held.findIndex((order) => order.call === call);
    if (held >= 0) await this.#held.splice(held, 1)[0]?.go;
    else await new Promise((resolve) => setImmediate(resolve));
    if (fault) throw new VpcError(fault, `as ordered: ${fault}`);
  }

  #view(destination: string, target: string): RouteView {
    if (!target.startsWith('eni-')) return { destination, target, state: 'active' };
    const state = this.#interfaces.has(target) ? 'active' : 'blackhole';
    return { destination, target, interface: target, state };
  }

  #table(id: string): Table {
    const table = this.#tables.get(id);
    if (!table) throw new VpcError('missing', `no route table ${id}`);
    return table;
  }

  #list(id: string): PrefixListView {
    const list = this.#lists.get(id);
    if (!list) throw new VpcError('missing', `no prefix list ${id}`);
    return list;
  }

  #checkInterface(id: string): void {
    if (!this.#interfaces.has(id)) throw new VpcError('missing', `no interface ${id}`);
  }
}
