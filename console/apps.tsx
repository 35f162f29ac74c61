/** The apps of a tenant: which release, where, how many are ready, and the worst that is said of each. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { appsQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { LevelWord } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';
import { placesText, readyText, releaseText } from './view/app-words.ts';
import { healthOf } from './view/health.ts';
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
      <Asked answer={answer}>{(apps, at) => <AppTable apps={apps} at={at} />}</Asked>
    </>
  );
}

function AppTable({ apps, at }: { readonly apps: readonly Schemas['App'][]; readonly at: string }) {
  const { language, words } = useLanguage();
  const rows = apps.map((app) => ({ app, health: healthOf(app.metadata.name, app.status.conditions, at) }));
  return (
    <section>
      <DataTable
        label={words.apps}
        rows={rows}
        keyOf={({ app }) => app.metadata.name}
        columns={[
          { title: words.app, cell: ({ app }) => <AppName app={app} /> },
          { title: words.release, cell: ({ app }) => releaseText(app.status) },
          { title: words.clusters, cell: ({ app }) => <bdi>{placesText(app.status)}</bdi> },
          { title: words.ready, kind: 'number', cell: ({ app }) => readyText(app.status) },
          { title: words.state, cell: ({ health }) => <LevelWord level={health.level} /> },
          { title: words.statement, cell: ({ health }) => <bdi>{health.statement?.message}</bdi> },
          {
            title: words.age,
            kind: 'age',
            cell: ({ health }) => health.statement && ageWords(health.statement.ageSeconds, language),
          },
        ]}
      />
    </section>
  );
}

function AppName({ app: { metadata, spec } }: { readonly app: Schemas['App'] }) {
  const section = { kind: 'app', name: metadata.name } as const;
  return (
    <>
      <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
        <bdi className="name">{metadata.name}</bdi>
      </Link>{' '}
      <small>
        <bdi>{spec.image}</bdi>
      </small>
    </>
  );
}
