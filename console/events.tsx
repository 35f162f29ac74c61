/** The audit log, the newest first. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { Asked } from './asked.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { eventsQuery, type Principal } from './queries.ts';
import { useSession } from './session.tsx';

export function EventsScreen({ principal }: { readonly principal: Principal }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.events}</h1>
      <section>
        <Asked answer={useQuery(eventsQuery(api, principal))}>
          {(events) => <EventTable events={events} />}
        </Asked>
      </section>
    </>
  );
}

export function EventTable({ events }: { readonly events: readonly Schemas['Event'][] }) {
  const { language, words } = useLanguage();
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <DataTable
      label={words.events}
      rows={events}
      keyOf={({ id }) => id}
      columns={[
        {
          title: words.time,
          kind: 'age',
          cell: (event) => <time dateTime={event.time}>{time.format(new Date(event.time))}</time>,
        },
        { title: words.actor, cell: ({ actor }) => <bdi className="name">{actor}</bdi> },
        {
          title: words.action,
          cell: ({ action, kind, name }) => (
            <>
              {action} {kind} <bdi className="name">{name}</bdi>
            </>
          ),
        },
        {
          title: words.detail,
          cell: ({ result, detail }) => (
            <>
              {result === 'refused' && (
                <span className="level" data-level="bad">
                  {words.refusedResult}
                </span>
              )}{' '}
              <bdi>{detail}</bdi>
            </>
          ),
        },
      ]}
    />
  );
}
