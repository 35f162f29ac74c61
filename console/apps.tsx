/** The apps of a tenant: which release, where, how many are ready, and the worst that is said of each. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { appsQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';
import { appHealth } from './view/app-health.ts';
import { placesText, readyText, releaseText } from './view/app-words.ts';
import { ageWords } from './view/words.ts';

export function AppsScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(appsQuery({ api, tenant }));
  return (
    <>
      <h1>{words.apps}</h1>
      <p>
        <Link to={{ kind: 'section', tenant, section: { kind: 'new-app' } }}>{words.newApp}</Link>
      </p>
      <Asked answer={answer}>
        {(apps, at) => (apps.length === 0 ? <p>{words.none}</p> : <AppTable apps={apps} at={at} />)}
      </Asked>
    </>
  );
}

function AppTable({ apps, at }: { readonly apps: readonly Schemas['App'][]; readonly at: string }) {
  const { words } = useLanguage();
  return (
    <section>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.app}</th>
            <th scope="col">{words.release}</th>
            <th scope="col">{words.clusters}</th>
            <th scope="col">{words.ready}</th>
            <th scope="col">{words.state}</th>
            <th scope="col">{words.statement}</th>
            <th scope="col">{words.age}</th>
          </tr>
        </thead>
        <tbody>
          {apps.map((app) => (
            <AppRow key={app.metadata.name} app={app} at={at} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function AppRow({ app, at }: { readonly app: Schemas['App']; readonly at: string }) {
  const { language, words } = useLanguage();
  const { metadata, spec, status } = app;
  const { level, statement } = appHealth(metadata.name, status.conditions, at);
  const section = { kind: 'app', name: metadata.name } as const;
  return (
    <tr>
      <th scope="row">
        <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
          <bdi className="name">{metadata.name}</bdi>
        </Link>{' '}
        <small>
          <bdi>{spec.image}</bdi>
        </small>
      </th>
      <td data-label={words.release}>{releaseText(status)}</td>
      <td data-label={words.clusters}>{placesText(status)}</td>
      <td data-label={words.ready}>{readyText(status)}</td>
      <td>
        <span className="level" data-level={level}>
          {words[level]}
        </span>
      </td>
      <td>
        <bdi>{statement?.message}</bdi>
      </td>
      <td className="age">{statement && ageWords(statement.ageSeconds, language)}</td>
    </tr>
  );
}
