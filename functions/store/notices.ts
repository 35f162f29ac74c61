/**
 * What agents told last: reports, and the hubs' liveness. Both overwrite; only the newest counts. Liveness that comes in parts
 * is shown once the last one, the head, is there: parts of the next round stand under other keys until then.
 */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { Liveness, Report } from '../../protocol/report.ts';
import type { IsthmusTable } from './entities.ts';
import { noticeEntity } from './entities.ts';
import { agentKey, livenessPartKey, type TableKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import type { Store } from './port.ts';
import { write } from './write.ts';

type Notices = ReturnType<typeof noticeEntity>;

export function noticeStore(
  table: IsthmusTable,
): Pick<Store, 'report' | 'writeReport' | 'liveness' | 'writeLiveness'> {
  const notices = noticeEntity(table);
  return {
    async report(agent) {
      const found = await read(notices, agentKey(agent, 'report'));
      // Packed by `writeReport`, under this key; the same goes for liveness.
      return found && { at: found.at, report: found.value as Report };
    },
    writeReport: async (agent, at, report) =>
      put(notices, { ...agentKey(agent, 'report'), at, packed: pack(report) }),
    liveness: (hub) => readLiveness(notices, hub),
    // `quiet`: a heartbeat is no change, and the stream's filter leaves it out.
    writeLiveness: async (hub, at, liveness) =>
      put(notices, { ...livenessKey(hub, liveness), at, packed: pack(packedOf(liveness)), quiet: true }),
  };
}

function livenessKey(hub: string, { part }: Liveness) {
  if (part === undefined) return agentKey(hub, 'liveness');
  const { round, index, count } = part;
  const key = index === 0 ? agentKey(hub, 'liveness') : livenessPartKey(hub, part);
  return { ...key, round, parts: count };
}

/** Undefined if parts are missing: what is not whole would make peers look as if nobody heard them. */
async function readLiveness(notices: Notices, hub: string): ReturnType<Store['liveness']> {
  const head = await read(notices, agentKey(hub, 'liveness'));
  if (head === undefined) return undefined;
  const { at, round = 0, parts: count = 1 } = head;
  const rest = Array.from({ length: count - 1 }, (_, at) => livenessPartKey(hub, { round, index: at + 1 }));
  const parts = [head, ...(await Promise.all(rest.map((key) => read(notices, key))))];
  // Packed by `writeLiveness`, under these keys.
  const whole = parts.flatMap((part) => (part ? [livenessOf(part.value as Packed)] : []));
  if (whole.length !== count) return undefined;
  const { requests } = whole[0] ?? {};
  const peers = whole.flatMap((part) => part.peers);
  return { at, liveness: { peers, ...(requests === undefined ? {} : { requests }) } };
}

type Peer = Liveness['peers'][number];

/** Every member of a peer; the compiler names the one that is missing. */
const COLUMNS: Readonly<Record<keyof Peer, true>> = {
  agent: true,
  up: true,
  handshakeAgeSeconds: true,
  probeAgeSeconds: true,
  receivedBytes: true,
  sentBytes: true,
  spoofedPackets: true,
};

/** By member, of all peers in turn; null where a peer has none. */
type Columns = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

/** Rates of requests stand beside the columns. */
type Packed =
  | (Columns & { readonly requests?: never })
  | { readonly requests: NonNullable<Liveness['requests']> };

function packedOf(liveness: Liveness): object {
  const { requests } = liveness;
  return { ...columnsOf(liveness), ...(requests === undefined ? {} : { requests }) };
}

/** Like stands by like and packs a fifth smaller: this is the largest thing that is written again and again. */
function columnsOf({ peers }: Liveness): Columns {
  // Object.keys forgets the names, which are those of a peer.
  const names = Object.keys(COLUMNS) as (keyof Peer)[];
  return Object.fromEntries(names.map((name) => [name, peers.map((peer) => peer[name] ?? null)]));
}

function livenessOf({ requests, ...rest }: Packed): Liveness {
  const columns = rest as Columns;
  const entries = Object.entries(columns);
  const peerOf = (index: number) =>
    Object.fromEntries(
      entries.flatMap(([name, values]) => {
        const value = values[index] ?? null;
        return value === null ? [] : [[name, value]];
      }),
    );
  // Made by `columnsOf` of a liveness.
  const peers = columns['agent']?.map((_, index) => peerOf(index)) ?? [];
  return { peers, ...(requests === undefined ? {} : { requests }) } as Liveness;
}

interface Notice {
  readonly pk: string;
  readonly sk: string;
  readonly at: string;
  readonly packed: Uint8Array;
  readonly quiet?: boolean;
  readonly round?: number;
  readonly parts?: number;
}

function put(notices: Notices, notice: Notice): Promise<void> {
  const command = notices.build(PutItemCommand).item(notice);
  return write(() => command.send());
}

async function read(notices: Notices, key: TableKey) {
  const { Item: row } = await notices.build(GetItemCommand).key(key).options({ consistent: true }).send();
  return row && { ...row, value: unpack(row.packed) };
}
