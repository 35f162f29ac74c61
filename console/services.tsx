/** Services of a tenant's sites and the routes that lead to them or to apps: names, addresses, and what each waits for. */
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { routesPoll, servicesPoll } from './service-calls.ts';
import { useSession } from './session.tsx';

interface Told<One> {
  readonly items: readonly One[];
  readonly at: string;
}

export function ServicesScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const to = (kind: 'new-service' | 'new-route') => ({ kind: 'section', tenant, section: { kind } }) as const;
  return (
    <>
      <h1>{words.services}</h1>
      <div className="panels">
        <section className="wide">
          <h2>{words.serviceNames}</h2>
          <p>
            <Link to={to('new-service')}>{words.newService}</Link>
          </p>
          <Polled query={servicesPoll(api, tenant)}>
            {(items, at) => <ServiceTable items={items} at={at} />}
          </Polled>
        </section>
        <section className="wide">
          <h2>{words.routes}</h2>
          <p>
            <Link to={to('new-route')}>{words.newRoute}</Link>
          </p>
          <Polled query={routesPoll(api, tenant)}>
            {(items, at) => <RouteTable items={items} at={at} />}
          </Polled>
        </section>
      </div>
    </>
  );
}

function ServiceTable({ items, at }: Told<Schemas['Service']>) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.serviceNames}
      rows={items}
      keyOf={({ metadata, status }) => `${status.site}/${metadata.name}`}
      columns={[
        { title: words.hostname, cell: (service) => <ServiceName service={service} /> },
        { title: words.site, cell: ({ status }) => <bdi>{status.site}</bdi> },
        {
          title: words.address,
          cell: ({ spec }) => (
            <>
              {spec.protocol}/{spec.port} {words.at} {spec.address}
            </>
          ),
        },
        { title: words.virtualAddress, cell: ({ status }) => status.virtualAddress ?? '–' },
        {
          title: words.statement,
          cell: ({ status }) => <ConditionList conditions={status.conditions} at={at} />,
        },
      ]}
    />
  );
}

function ServiceName({ service: { metadata, status } }: { readonly service: Schemas['Service'] }) {
  const section = { kind: 'service', site: status.site, name: metadata.name } as const;
  return (
    <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
      <bdi className="name">{status.hostname}</bdi>
    </Link>
  );
}

export function RouteTable({ items, at }: Told<Schemas['Route']>) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.routes}
      rows={items}
      keyOf={({ metadata }) => metadata.name}
      columns={[
        { title: words.route, cell: (route) => <RouteName route={route} /> },
        { title: words.leadsTo, cell: (route) => <Target route={route} /> },
        {
          title: words.statement,
          cell: ({ status }) => <ConditionList conditions={status.conditions} at={at} />,
        },
      ]}
    />
  );
}

function RouteName({ route: { metadata, spec } }: { readonly route: Schemas['Route'] }) {
  const section = { kind: 'route', name: metadata.name } as const;
  return (
    <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
      <bdi className="name">
        {spec.host}
        {spec.path}
      </bdi>
    </Link>
  );
}

function Target({ route: { metadata, spec } }: { readonly route: Schemas['Route'] }) {
  const { words } = useLanguage();
  const { app, service } = spec;
  if (app !== undefined)
    return (
      <>
        {words.appEnd}{' '}
        <Link
          to={{ kind: 'section', tenant: metadata.tenant ?? '', section: { kind: 'app', name: app.name } }}
        >
          <bdi>{app.name}</bdi>
        </Link>{' '}
        {app.port}
      </>
    );
  return (
    <>
      {words.serviceEnd} <bdi>{service?.name}</bdi> {words.at} <bdi>{service?.site}</bdi>
    </>
  );
}
