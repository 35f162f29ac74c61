/**
 * A store in memory with the conditions of the real one, for tests of what stands on it. The contract test holds both
 * to the same promises. It keeps JSON, so that nothing handed out can change what is kept.
 */

import {
  agentKey,
  eventKey,
  hostKey,
  isPossible,
  isTenant,
  itemKey,
  ledgerKey,
  livenessPartKey,
  partitionOf,
  type TableKey,
  timeText,
  toldKey,
} from '../../functions/store/keys.ts';
import { partsOf } from '../../functions/store/manifest.ts';
import { pack } from '../../functions/store/pack.ts';
import { startOf, tokenOf } from '../../functions/store/pages.ts';
import type {
  Item,
  Kind,
  Ledger,
  Page,
  PageRequest,
  Store,
  StoredDocument,
} from '../../functions/store/port.ts';
import { StoreError } from '../../functions/store/port.ts';
import { announcer, type StoreOptions } from '../../functions/store/table.ts';
import type { Event } from '../../protocol/event.ts';
import type { Liveness, Report } from '../../protocol/report.ts';

const ITEM_BYTES_MAX = 400 * 1024;

export function memoryStore(options: Pick<StoreOptions, 'onChange'> = {}): Store {
  const cells = new Cells();
  return {
    ...resources(cells, announcer(options.onChange)),
    ...ledgers(cells),
    ...claims(cells),
    ...agents(cells),
    ...events(cells),
    ...tellings(cells),
  };
}

/** What the table does: one value a key, ordered by key. Values are kept as JSON. */
class Cells {
  readonly #texts = new Map<string, string>();

  /** What this store put under the key; the caller names the shape it put there. */
  read<T>(key: TableKey): T | undefined {
    const text = this.#texts.get(idOf(key));
    return text === undefined ? undefined : JSON.parse(text);
  }

  write(key: TableKey, value: object): void {
    const text = JSON.stringify(value);
    if (Buffer.byteLength(text) > ITEM_BYTES_MAX) throw tooLarge();
    this.#texts.set(idOf(key), text);
  }

  /** For what the table keeps packed. */
  writePacked(key: TableKey, value: object): void {
    if (pack(value).byteLength > ITEM_BYTES_MAX) throw tooLarge();
    this.#texts.set(idOf(key), JSON.stringify(value));
  }

  /** For a document: a large manifest stands in parts there, and is measured by part. */
  writeDocument(key: TableKey, stored: StoredDocument): void {
    const { manifest } = stored.document;
    const parts = partsOf(manifest);
    const [own, ...rest] = parts.length > 0 ? [[], ...parts] : [manifest];
    const sizes = [{ ...stored.document, manifest: own }, ...rest].map((part) => pack(part).byteLength);
    if (sizes.some((bytes) => bytes > ITEM_BYTES_MAX)) throw tooLarge();
    this.#texts.set(idOf(key), JSON.stringify(stored));
  }

  remove(key: TableKey): void {
    this.#texts.delete(idOf(key));
  }

  /** A page of a partition, in the order of its sort keys or from the end. */
  page<T>(
    pk: string,
    page: PageRequest,
    { order, isWithin = () => true }: { order: 'forward' | 'reverse'; isWithin?: (sk: string) => boolean },
  ): Page<T> {
    const start = startOf(page);
    const isAfter = (sk: string) => start === undefined || (order === 'forward' ? sk > start : sk < start);
    const rest = this.#sortKeys(pk, order).filter(
      (sk) => sk.startsWith(page.prefix ?? '') && isAfter(sk) && isWithin(sk),
    );
    const shown = rest.slice(0, page.limit);
    const last = shown.at(-1);
    const items = shown.map((sk): T => JSON.parse(this.#texts.get(idOf({ pk, sk })) ?? ''));
    return rest.length > shown.length && last !== undefined ? { items, next: tokenOf(last) } : { items };
  }

  #sortKeys(pk: string, order: 'forward' | 'reverse'): string[] {
    const start = idOf({ pk, sk: '' });
    const ids = [...this.#texts.keys()].filter((id) => id.startsWith(start));
    const sorted = ids.map((id) => id.slice(start.length)).sort();
    return order === 'forward' ? sorted : sorted.reverse();
  }
}

function idOf(key: TableKey): string {
  return `${key.pk}\n${key.sk}`;
}

function tooLarge(): StoreError {
  return new StoreError('store.too_large', 'The item is larger than 400 kB, which the table does not take');
}

function resources(
  cells: Cells,
  announce: ReturnType<typeof announcer>,
): Pick<Store, 'get' | 'list' | 'create' | 'replace' | 'clearOutbox' | 'purge'> {
  return {
    get: async <K extends Kind>(key: Item<K>['key']) =>
      isPossible(key) ? cells.read<Item<K>>(itemKey(key)) : undefined,
    async list<K extends Kind>(kind: K, tenant: string, page: PageRequest) {
      if (!isTenant(tenant)) return { items: [] };
      return cells.page<Item<K>>(partitionOf(kind, tenant), page, { order: 'forward' });
    },
    async create(item) {
      if (cells.read(itemKey(item.key)) !== undefined) return 'exists';
      cells.write(itemKey(item.key), item);
      announce(item.key);
      return 'written';
    },
    async replace(item) {
      const stored = cells.read<Item>(itemKey(item.key));
      if (stored?.version !== item.version - 1 || stored.createdAt !== item.createdAt) return 'stale';
      cells.write(itemKey(item.key), item);
      announce(item.key);
      return 'written';
    },
    async clearOutbox(key, version) {
      const item = cells.read<Item>(itemKey(key));
      if (item?.version !== version) return 'stale';
      cells.write(itemKey(key), { ...item, outbox: [] });
      return 'cleared';
    },
    async purge(key, version) {
      if (cells.read<Item>(itemKey(key))?.version !== version) return 'stale';
      cells.remove(itemKey(key));
      announce(key);
      return 'purged';
    },
  };
}

function ledgers(cells: Cells): Pick<Store, 'ledger' | 'writeLedger'> {
  const load = (block: string): Ledger =>
    cells.read<Ledger>(ledgerKey(block)) ?? { block, version: 0, taken: {} };
  return {
    ledger: async (block) => load(block),
    async writeLedger(ledger) {
      if (load(ledger.block).version !== ledger.version - 1) return 'stale';
      cells.writePacked(ledgerKey(ledger.block), ledger);
      return 'written';
    },
  };
}

function claims(cells: Cells): Pick<Store, 'claimHost' | 'releaseHost'> {
  const ownerOf = (host: string) => cells.read<{ tenant: string }>(hostKey(host))?.tenant;
  return {
    async claimHost(host, tenant) {
      if ((ownerOf(host) ?? tenant) !== tenant) return 'taken';
      cells.write(hostKey(host), { tenant });
      return 'claimed';
    },
    async releaseHost(host, tenant) {
      if (ownerOf(host) === tenant) cells.remove(hostKey(host));
    },
  };
}

function agents(
  cells: Cells,
): Pick<Store, 'document' | 'writeDocument' | 'report' | 'writeReport' | 'liveness' | 'writeLiveness'> {
  return {
    document: async (agent) => cells.read<StoredDocument>(agentKey(agent, 'document')),
    async writeDocument(stored, after) {
      const key = agentKey(stored.agent, 'document');
      const envelope = cells.read<StoredDocument>(key)?.document.envelope;
      const stands = envelope?.epoch === after?.epoch && envelope?.generation === after?.generation;
      if (!stands) return 'stale';
      cells.writeDocument(key, stored);
      return 'written';
    },
    report: async (agent) => cells.read<{ at: string; report: Report }>(agentKey(agent, 'report')),
    writeReport: async (agent, at, report) => cells.writePacked(agentKey(agent, 'report'), { at, report }),
    liveness: async (hub) => readLiveness(cells, hub),
    async writeLiveness(hub, at, liveness) {
      const { part } = liveness;
      const isHead = part === undefined || part.index === 0;
      cells.writePacked(isHead ? agentKey(hub, 'liveness') : livenessPartKey(hub, part), { at, liveness });
    },
  };
}

type Heard = { readonly at: string; readonly liveness: Liveness };

/** All parts of the round that the head is of, or nothing. */
function readLiveness(cells: Cells, hub: string): Heard | undefined {
  const head = cells.read<Heard>(agentKey(hub, 'liveness'));
  if (head === undefined) return undefined;
  const { round, count } = head.liveness.part ?? { round: 0, count: 1 };
  const rest = Array.from({ length: count - 1 }, (_, index) =>
    cells.read<Heard>(livenessPartKey(hub, { round, index: index + 1 })),
  );
  const parts = [head, ...rest].flatMap((part) => (part ? [part.liveness.peers] : []));
  if (parts.length !== count) return undefined;
  const { requests } = head.liveness;
  return {
    at: head.at,
    liveness: { peers: parts.flat(), ...(requests === undefined ? {} : { requests }) },
  };
}

function tellings(cells: Cells): Pick<Store, 'told' | 'writeTold'> {
  return {
    async told(cluster, parts) {
      const found = parts.map((part) => [part, cells.read(toldKey(cluster, part))] as const);
      return Object.fromEntries(found.filter(([, told]) => told !== undefined));
    },
    writeTold: async (cluster, part, told) => cells.writePacked(toldKey(cluster, part), told),
  };
}

function events(cells: Cells): Pick<Store, 'writeEvent' | 'events'> {
  return {
    async writeEvent(event) {
      if (cells.read(eventKey(event)) === undefined) cells.write(eventKey(event), event);
    },
    async events(tenant, page) {
      if (!isTenant(tenant)) return { items: [] };
      const [since, until] = [page.since ?? '0000-01-01T00:00:00Z', page.until ?? '9999-01-01T00:00:00Z'].map(
        timeText,
      );
      return cells.page<Event>(partitionOf('event', tenant), page, {
        order: 'reverse',
        isWithin: (sk) => sk >= (since ?? '') && sk < (until ?? ''),
      });
    },
  };
}
