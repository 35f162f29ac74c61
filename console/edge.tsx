/** One edge: approve it, cut it off, let it back, give it a new key or remove it; what the hubs see of it, what it told of itself, what happened to it. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { ConditionTable } from './conditions.tsx';
import { Confirm } from './confirm.tsx';
import { DataTable } from './data-table.tsx';
import { EventTable } from './events.tsx';
import { FindingList } from './findings.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { useSession } from './session.tsx';
import { changeEdge, deleteEdge, edgeEventsPoll, edgeKey, edgePoll } from './site-calls.ts';
import { TrafficNow } from './traffic.tsx';
import { bytesWords } from './view/amounts.ts';
import { ageWords } from './view/words.ts';

export interface EdgePageProps {
  readonly tenant: string;
  readonly name: string;
}

export function EdgePage({ tenant, name }: EdgePageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <Polled query={edgePoll(api, tenant, name)}>
      {(edge, at) => (
        <div className="panels">
          <section className="wide">
            <h2>
              {words.edge} <bdi className="name">{name}</bdi>
            </h2>
            <Choices edge={edge} />
            <ConditionTable conditions={edge.status.conditions} at={at} />
          </section>
          <section className="wide">
            <h2>{words.seenByHubs}</h2>
            <LinkTable links={edge.status.links} at={at} />
          </section>
          <TrafficNow
            name={`${tenant}/${name}`}
            edges={[edge]}
            at={at}
            lines={[words.fromSite, words.toSite]}
          />
          <section>
            <h2>{words.toldByItself}</h2>
            <Told edge={edge} at={at} />
          </section>
          <section>
            <h2>{words.prefixes}</h2>
            <Adverts status={edge.status} />
          </section>
          <section className="wide">
            <h2>{words.findings}</h2>
            <FindingList findings={edge.status.findings} />
          </section>
          <section className="wide">
            <h2>{words.lately}</h2>
            <Polled query={edgeEventsPoll(api, tenant, name)}>
              {({ items }) => <EventTable events={items} />}
            </Polled>
          </section>
        </div>
      )}
    </Polled>
  );
}

function Choices({ edge }: { readonly edge: Schemas['Edge'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { name, tenant = '' } = edge.metadata;
  const changes = [edgeKey(tenant), ['estate']];
  const { approved, quarantined } = edge.spec;
  const titled = (title: string) => (
    <>
      {title} <bdi className="name">{name}</bdi>
    </>
  );
  const change = (spec: Partial<Schemas['EdgeSpec']>) => () => changeEdge(api, edge, spec);
  return (
    <div className="choices">
      {!approved && (
        <Confirm
          action={words.approve}
          title={titled(words.approveEdge)}
          perform={change({ approved: true })}
          changes={changes}
        >
          {words.approveEffect}
        </Confirm>
      )}
      <Confirm
        action={quarantined ? words.lift : words.quarantine}
        title={titled(quarantined ? words.liftEdge : words.quarantineEdge)}
        perform={change({ quarantined: !quarantined })}
        changes={changes}
      >
        {quarantined ? words.liftEffect : words.quarantineEffect}
      </Confirm>
      {approved && !quarantined && !isRotating(edge) && (
        <Confirm
          action={words.rotateKey}
          title={titled(words.rotateEdge)}
          perform={change({ keyNumber: keyNumberOf(edge) + 1 })}
          changes={changes}
        >
          {words.rotateEffect}
        </Confirm>
      )}
      <Confirm
        action={words.remove}
        title={titled(words.removeEdge)}
        perform={() => deleteEdge(api, edge)}
        changes={changes.slice(1)}
        onDone={() => goTo({ kind: 'page', tenant, page: 'edges', below: [] })}
      >
        {words.removeEdgeEffect}
      </Confirm>
    </div>
  );
}

/** The first key has the number 1, and nobody may have asked for another one. */
function keyNumberOf({ status }: Schemas['Edge']): number {
  return status.key?.number ?? 1;
}

/** While one rotation is under way, the condition above says what it waits for, and no other one can be asked for. */
function isRotating(edge: Schemas['Edge']): boolean {
  return (edge.spec.keyNumber ?? 1) > keyNumberOf(edge);
}

function LinkTable({ links, at }: { readonly links: readonly Schemas['Link'][]; readonly at: string }) {
  const { language, words } = useLanguage();
  const since = (seconds: number | undefined, observedAt: string) =>
    seconds === undefined ? words.never : ageWords(seconds + ageSeconds(observedAt, at), language);
  return (
    <DataTable
      label={words.seenByHubs}
      rows={links}
      keyOf={({ hub }) => hub}
      columns={[
        { title: words.hub, cell: ({ hub }) => <bdi className="name">{hub}</bdi> },
        {
          title: words.state,
          cell: ({ up }) => (
            <span className="level" data-level={up ? 'good' : 'bad'}>
              {up ? words.good : words.bad}
            </span>
          ),
        },
        {
          title: words.handshake,
          kind: 'age',
          cell: (link) => since(link.handshakeAgeSeconds, link.observedAt),
        },
        { title: words.probe, kind: 'age', cell: (link) => since(link.probeAgeSeconds, link.observedAt) },
        { title: words.received, kind: 'number', cell: (link) => bytesWords(link.receivedBytes) },
        { title: words.sent, kind: 'number', cell: (link) => bytesWords(link.sentBytes) },
        { title: words.spoofed, kind: 'number', cell: (link) => link.spoofedPackets },
        { title: words.heard, kind: 'age', cell: (link) => since(0, link.observedAt) },
      ]}
    />
  );
}

function Told({ edge, at }: { readonly edge: Schemas['Edge']; readonly at: string }) {
  const { language, words } = useLanguage();
  const { status, spec } = edge;
  const { applied, document, key } = status;
  const rows: readonly (readonly [string, string])[] = [
    [words.site, spec.site],
    [words.activeHub, status.activeHub ?? words.notSaid],
    [words.version, status.version],
    [words.lastReport, applied === undefined ? words.never : ageWords(ageSeconds(applied.at, at), language)],
    [words.documentApplied, applied === undefined ? '–' : `${applied.epoch}.${applied.generation}`],
    [words.documentNewest, document === undefined ? '–' : `${document.epoch}.${document.generation}`],
    [words.tunnelAddress, status.tunnelAddress],
    [words.publicKey, status.wireguardKey],
    [words.keyNumber, String(keyNumberOf(edge))],
    [words.keySince, key === undefined ? '–' : ageWords(ageSeconds(key.since, at), language)],
    [words.agent, status.agent],
  ];
  return (
    <dl>
      {rows.map(([title, text]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>
            <bdi>{text}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What the edge offers, and of that what is taken or refused and why. */
function Adverts({ status: { advertised, accepted, refused } }: Pick<Schemas['Edge'], 'status'>) {
  const { words } = useLanguage();
  if (advertised.length === 0) return <p>{words.none}</p>;
  return (
    <ul className="plain">
      {advertised.map((prefix) => (
        <li key={prefix}>
          <code>{prefix}</code>{' '}
          <small>
            {accepted.includes(prefix)
              ? words.accepted
              : (refused.find((advert) => advert.prefix === prefix)?.detail ?? words.notAccepted)}
          </small>
        </li>
      ))}
    </ul>
  );
}
