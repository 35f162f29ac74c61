/** The hubs of the deployment: how each is and whom it hears, and a form for one more. */
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { DataTable } from './data-table.tsx';
import { EstateView, hubFacts } from './estate.tsx';
import { Editor, Field } from './fields.tsx';
import { HubPage } from './hub.tsx';
import { createHub, HUB_KEY, hubsPoll } from './hub-calls.ts';
import { HubFields, hubSpecIn } from './hub-fields.tsx';
import { useLanguage } from './language.tsx';
import { goTo, Link } from './navigation.tsx';
import type { Principal, TenantState } from './queries.ts';
import { Said } from './said.tsx';
import { useSession } from './session.tsx';
import { textAt } from './view/form-text.ts';
import { agentHealth } from './view/health.ts';

export interface HubsScreenProps {
  readonly principal: Principal;
  /** The name of one hub, or nothing. */
  readonly below: readonly string[];
}

export function HubsScreen({ principal, below: [name] }: HubsScreenProps) {
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {name === undefined ? (
          words.hubs
        ) : (
          <>
            {words.hub} <bdi className="name">{name}</bdi>
          </>
        )}
      </h1>
      <EstateView principal={principal}>
        {({ tenants }) =>
          name === undefined ? (
            <AllHubs tenants={tenants} />
          ) : (
            <HubPage key={name} name={name} tenants={tenants} />
          )
        }
      </EstateView>
    </>
  );
}

function AllHubs({ tenants }: { readonly tenants: readonly TenantState[] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <div className="panels">
      <section className="wide">
        <h2>{words.hubs}</h2>
        <Polled query={hubsPoll(api)}>
          {(hubs, at) => <HubTable hubs={hubs} tenants={tenants} at={at} />}
        </Polled>
      </section>
      <section>
        <h2>{words.addHub}</h2>
        <Editor
          action={words.addHub}
          perform={(form) =>
            createHub(api, { metadata: { name: textAt(form, 'name') }, spec: hubSpecIn(form) })
          }
          changes={[HUB_KEY, ['estate']]}
          onDone={({ metadata }) => goTo({ kind: 'deployment', page: 'hubs', below: [metadata.name] })}
        >
          <Field name="name" label={words.name} example="hub1" />
          <HubFields spec={undefined} tenants={tenants} />
        </Editor>
      </section>
    </div>
  );
}

interface HubTableProps {
  readonly hubs: readonly Schemas['Hub'][];
  readonly tenants: readonly TenantState[];
  readonly at: string;
}

function HubTable({ hubs, tenants, at }: HubTableProps) {
  const { words } = useLanguage();
  const links = tenants.flatMap(({ edges }) => edges.flatMap(({ status }) => status.links));
  const rows = hubs.flatMap((hub) =>
    agentHealth([hubFacts(hub)], at).map((health) => ({
      hub,
      health,
      own: links.filter((link) => link.hub === hub.metadata.name),
    })),
  );
  return (
    <DataTable
      label={words.hubs}
      rows={rows}
      keyOf={({ hub }) => hub.metadata.name}
      columns={[
        {
          title: words.hub,
          cell: ({ hub: { metadata } }) => (
            <Link to={{ kind: 'deployment', page: 'hubs', below: [metadata.name] }}>
              <bdi className="name">{metadata.name}</bdi>
            </Link>
          ),
        },
        { title: words.statement, cell: ({ health }) => <Said {...health} /> },
        {
          title: words.edgesHeard,
          kind: 'number',
          cell: ({ own }) => `${own.filter(({ up }) => up).length} / ${own.length}`,
        },
        { title: words.endpoint, cell: ({ hub }) => <code>{hub.spec.endpoint}</code> },
        { title: words.hubGroup, cell: ({ hub }) => <bdi>{hub.spec.group}</bdi> },
        { title: words.version, cell: ({ hub }) => hub.status.version ?? '–' },
      ]}
    />
  );
}
