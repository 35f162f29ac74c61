/** Roles that somebody wrote, with what they give in words. */
import type { Schemas } from '../client/client.ts';
import { type Place, rolesPoll } from './access-calls.ts';
import { Polled } from './asked.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';
import type { Screen } from './view/screens.ts';

/** `below`: nothing for the page with all of it. */
export function accessScreen(place: Place, ...below: readonly string[]): Screen {
  return place === undefined
    ? { kind: 'deployment', page: 'access', below }
    : { kind: 'page', tenant: place, page: 'access', below };
}

export function RolePanel({ place }: { readonly place: Place }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <section className="wide">
      <h2>{words.roles}</h2>
      <p>
        <small>{words.builtIn}</small>
      </p>
      <p>
        <Link to={accessScreen(place, 'new-role')}>{words.newRole}</Link>
      </p>
      <Polled query={rolesPoll({ api, place })}>
        {(roles) => (
          <DataTable
            label={words.roles}
            rows={roles}
            keyOf={({ metadata }) => metadata.name}
            columns={[
              {
                title: words.role,
                cell: ({ metadata }) => (
                  <Link to={accessScreen(place, 'roles', metadata.name)}>
                    <bdi className="name">{metadata.name}</bdi>
                  </Link>
                ),
              },
              { title: words.description, cell: ({ spec }) => <bdi>{spec.description}</bdi> },
              { title: words.rules, cell: ({ spec }) => <RuleList rules={spec.rules} /> },
            ]}
          />
        )}
      </Polled>
    </section>
  );
}

function RuleList({ rules }: { readonly rules: readonly Schemas['Rule'][] }) {
  const { words } = useLanguage();
  return (
    <ul className="plain">
      {rules.map((rule) => (
        <li key={JSON.stringify(rule)}>
          {rule.verbs.map((verb) => (verb === '*' ? words.everyVerb : words[verb])).join(', ')}:{' '}
          {rule.kinds.map((kind) => (kind === '*' ? words.everyKind : kind)).join(', ')}
          {rule.names !== undefined && (
            <small>
              {' '}
              {words.onlyNames}: <bdi>{rule.names.join(', ')}</bdi>
            </small>
          )}
          {rule.sites !== undefined && (
            <small>
              {' '}
              {words.onlySites}: <bdi>{rule.sites.join(', ')}</bdi>
            </small>
          )}
        </li>
      ))}
    </ul>
  );
}
