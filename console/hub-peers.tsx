/** Whom a hub hears: the edges of each tenant, as it told of them last. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { TenantState } from './queries.ts';
import { bytesWords } from './view/amounts.ts';
import { ageWords } from './view/words.ts';

/** More help nobody on a screen; those that are not heard come first. */
const SHOWN_MAX = 100;

export interface HubPeersProps {
  readonly hub: string;
  readonly tenants: readonly TenantState[];
  readonly at: string;
}

interface Peer {
  readonly tenant: string;
  readonly edge: Schemas['Edge'];
  readonly link: Schemas['Link'];
}

export function HubPeers({ hub, tenants, at }: HubPeersProps) {
  const { language, words } = useLanguage();
  const rows = peersOf(hub, tenants);
  const since = (seconds: number | undefined, observedAt: string) =>
    seconds === undefined ? words.never : ageWords(seconds + ageSeconds(observedAt, at), language);
  return (
    <DataTable
      label={words.hears}
      rows={rows}
      shownMax={SHOWN_MAX}
      keyOf={({ tenant, edge }) => `${tenant}/${edge.metadata.name}`}
      columns={[
        { title: words.edge, cell: (peer) => <EdgeName {...peer} /> },
        { title: words.tenant, cell: ({ tenant }) => <bdi>{tenant}</bdi> },
        {
          title: words.state,
          cell: ({ link: { up } }) => (
            <span className="level" data-level={up ? 'good' : 'bad'}>
              {up ? words.good : words.bad}
            </span>
          ),
        },
        {
          title: words.goesByIt,
          cell: ({ edge }) =>
            edge.status.activeHub === undefined
              ? words.notSaid
              : edge.status.activeHub === hub
                ? words.yes
                : words.no,
        },
        {
          title: words.handshake,
          kind: 'age',
          cell: ({ link }) => since(link.handshakeAgeSeconds, link.observedAt),
        },
        { title: words.received, kind: 'number', cell: ({ link }) => bytesWords(link.receivedBytes) },
        { title: words.sent, kind: 'number', cell: ({ link }) => bytesWords(link.sentBytes) },
        { title: words.spoofed, kind: 'number', cell: ({ link }) => link.spoofedPackets },
        { title: words.heard, kind: 'age', cell: ({ link }) => since(0, link.observedAt) },
      ]}
    />
  );
}

function EdgeName({ tenant, edge: { metadata } }: Peer) {
  return (
    <Link to={{ kind: 'page', tenant, page: 'edges', below: [metadata.name] }}>
      <bdi className="name">{metadata.name}</bdi>
    </Link>
  );
}

function peersOf(hub: string, tenants: readonly TenantState[]): Peer[] {
  const peers = tenants.flatMap(({ tenant, edges }) =>
    edges.flatMap((edge) =>
      edge.status.links
        .filter((link) => link.hub === hub)
        .map((link) => ({ tenant: tenant.metadata.name, edge, link })),
    ),
  );
  return peers.sort((a, b) => Number(a.link.up) - Number(b.link.up));
}
