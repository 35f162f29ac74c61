/** What agents told last: reports, and the hubs' liveness. Both overwrite; only the newest counts. */
import { GetItemCommand } from 'dynamodb-toolbox/entity/actions/get';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { Liveness, Report } from '../../protocol/report.ts';
import type { IsthmusTable } from './entities.ts';
import { noticeEntity } from './entities.ts';
import { agentKey } from './keys.ts';
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
      const found = await read(notices, agent, 'report');
      // Packed by `writeReport`, under this key; the same goes for liveness.
      return found && { at: found.at, report: found.value as Report };
    },
    writeReport: async (agent, at, report) =>
      put(notices, { ...agentKey(agent, 'report'), at, packed: pack(report) }),
    async liveness(hub) {
      const found = await read(notices, hub, 'liveness');
      return found && { at: found.at, liveness: livenessOf(found.value as Columns) };
    },
    // `quiet`: a heartbeat is no change, and the stream's filter leaves it out.
    writeLiveness: async (hub, at, liveness) =>
      put(notices, { ...agentKey(hub, 'liveness'), at, packed: pack(columnsOf(liveness)), quiet: true }),
  };
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

/** Like stands by like and packs a fifth smaller: this is the largest thing that is written again and again. */
function columnsOf({ peers }: Liveness): Columns {
  // Object.keys forgets the names, which are those of a peer.
  const names = Object.keys(COLUMNS) as (keyof Peer)[];
  return Object.fromEntries(names.map((name) => [name, peers.map((peer) => peer[name] ?? null)]));
}

function livenessOf(columns: Columns): Liveness {
  const entries = Object.entries(columns);
  const peerOf = (index: number) =>
    Object.fromEntries(
      entries.flatMap(([name, values]) => {
        const value = values[index] ?? null;
        return value === null ? [] : [[name, value]];
      }),
    );
  // Made by `columnsOf` of a liveness.
  return { peers: columns['agent']?.map((_, index) => peerOf(index)) ?? [] } as Liveness;
}

interface Notice {
  readonly pk: string;
  readonly sk: string;
  readonly at: string;
  readonly packed: Uint8Array;
  readonly quiet?: boolean;
}

function put(notices: Notices, notice: Notice): Promise<void> {
  const command = notices.build(PutItemCommand).item(notice);
  return write(() => command.send());
}

async function read(notices: Notices, agent: string, part: 'report' | 'liveness') {
  const command = notices.build(GetItemCommand).key(agentKey(agent, part)).options({ consistent: true });
  const { Item: row } = await command.send();
  return row && { at: row.at, value: unpack(row.packed) };
}
