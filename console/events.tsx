/** The audit log, the newest first. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { useLanguage } from './language.tsx';
import { eventsQuery, type Principal } from './queries.ts';
import { useSession } from './session.tsx';

export function EventsScreen({ principal }: { readonly principal: Principal }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { data, error } = useQuery(eventsQuery(api, principal));
  return (
    <>
      <h1>{words.events}</h1>
      {error !== null && (
        <p role="alert">
          {words.failed} {error.message}
        </p>
      )}
      {data === undefined ? <p role="status">{words.loading}</p> : <EventTable events={data} />}
    </>
  );
}

export function EventTable({ events }: { readonly events: readonly Schemas['Event'][] }) {
  const { language, words } = useLanguage();
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  if (events.length === 0) return <p>{words.none}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{words.time}</th>
          <th scope="col">{words.actor}</th>
          <th scope="col">{words.action}</th>
          <th scope="col">{words.detail}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id}>
            <td className="age">
              <time dateTime={event.time}>{time.format(new Date(event.time))}</time>
            </td>
            <td>
              <bdi className="name">{event.actor}</bdi>
            </td>
            <td>
              {event.action} {event.kind} <bdi className="name">{event.name}</bdi>
            </td>
            <td>
              {event.result === 'refused' && (
                <span className="level" data-level="bad">
                  {words.refusedResult}
                </span>
              )}{' '}
              <bdi>{event.detail}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
