/** Services of a tenant's sites and the routes that lead to them or to apps: names, addresses, and what each waits for. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { routesQuery, servicesQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';

export function ServicesScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const services = useQuery(servicesQuery({ api, tenant }));
  const routes = useQuery(routesQuery({ api, tenant }));
  return (
    <>
      <h1>{words.services}</h1>
      <div className="panels">
        <section className="wide">
          <h2>{words.serviceNames}</h2>
          <Asked answer={services}>{(data, at) => <ServiceTable services={data} at={at} />}</Asked>
        </section>
        <section className="wide">
          <h2>{words.routes}</h2>
          <Asked answer={routes}>{(data, at) => <RouteTable routes={data} at={at} />}</Asked>
        </section>
      </div>
    </>
  );
}

interface ServiceTableProps {
  readonly services: readonly Schemas['Service'][];
  readonly at: string;
}

function ServiceTable({ services, at }: ServiceTableProps) {
  const { words } = useLanguage();
  if (services.length === 0) return <p>{words.none}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{words.hostname}</th>
          <th scope="col">{words.site}</th>
          <th scope="col">{words.address}</th>
          <th scope="col">{words.virtualAddress}</th>
          <th scope="col">{words.statement}</th>
        </tr>
      </thead>
      <tbody>
        {services.map(({ metadata, spec, status }) => (
          <tr key={`${status.site}/${metadata.name}`}>
            <th scope="row">
              <bdi className="name">{status.hostname}</bdi>
            </th>
            <td data-label={words.site}>
              <bdi>{status.site}</bdi>
            </td>
            <td data-label={words.address}>
              {spec.protocol}/{spec.port} {words.at} {spec.address}
            </td>
            <td data-label={words.virtualAddress}>{status.virtualAddress ?? '–'}</td>
            <td>
              <ConditionList conditions={status.conditions} at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface RouteTableProps {
  readonly routes: readonly Schemas['Route'][];
  readonly at: string;
}

function RouteTable({ routes, at }: RouteTableProps) {
  const { words } = useLanguage();
  if (routes.length === 0) return <p>{words.none}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{words.routes}</th>
          <th scope="col">{words.leadsTo}</th>
          <th scope="col">{words.statement}</th>
        </tr>
      </thead>
      <tbody>
        {routes.map((route) => (
          <tr key={route.metadata.name}>
            <th scope="row">
              <bdi className="name">
                {route.spec.host}
                {route.spec.path}
              </bdi>
            </th>
            <td data-label={words.leadsTo}>
              <Target route={route} />
            </td>
            <td>
              <ConditionList conditions={route.status.conditions} at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
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
