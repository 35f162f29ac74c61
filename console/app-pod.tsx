/** The container of an app that the address names, in a cluster that a browser reaches; until then, what there is to choose from, or what is missing. */
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { appQuery } from './app-queries.ts';
import { Asked, Polled } from './asked.tsx';
import { BrowserMissing } from './browser-access.tsx';
import { clusterPoll } from './cluster-calls.ts';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';

export interface AppHeadProps {
  readonly tenant: string;
  readonly name: string;
  /** Of the page, before the app's name. */
  readonly title: string;
  readonly children: (app: Schemas['App']) => ReactNode;
}

export function AppHead({ tenant, name, title, children }: AppHeadProps) {
  const { api } = useSession();
  const answer = useQuery(appQuery({ api, tenant }, name));
  return (
    <>
      <h1>
        {title}{' '}
        <Link to={{ kind: 'section', tenant, section: { kind: 'app', name } }}>
          <bdi className="name">{name}</bdi>
        </Link>
      </h1>
      <Asked answer={answer}>{(app) => children(app)}</Asked>
    </>
  );
}

export interface ReachedProps {
  readonly tenant: string;
  readonly cluster: string;
  /** `host`: the public name of the cluster. */
  readonly children: (host: string) => ReactNode;
}

/** Once it was reached it stays so on this page: what runs is not ended by an edge that is late with its word. */
export function Reached({ tenant, cluster, children }: ReachedProps) {
  const { api } = useSession();
  return (
    <Polled query={clusterPoll(api, tenant, cluster)}>
      {({ status: { browser } }) => <OnceReady access={browser}>{children}</OnceReady>}
    </Polled>
  );
}

interface OnceReadyProps extends Pick<ReachedProps, 'children'> {
  readonly access: Schemas['BrowserAccess'];
}

function OnceReady({ access, children }: OnceReadyProps) {
  const [reached, setReached] = useState<string>();
  const host = access.state === 'ready' ? access.host : reached;
  useEffect(() => setReached(host), [host]);
  return host === undefined ? <BrowserMissing access={access} /> : children(host);
}

/** All containers of an app, with the cluster of each. */
export function podsOf({
  status,
}: Schemas['App']): { readonly cluster: string; readonly container: string }[] {
  return status.instances.flatMap(({ cluster, containers }) =>
    containers.map(({ name }) => ({ cluster, container: name })),
  );
}

export function namespaceOf({ spec, metadata }: Schemas['App']): string {
  return spec.namespace ?? metadata.tenant ?? '';
}

export interface ChooseProps {
  readonly app: Schemas['App'];
  readonly kind: 'terminal';
}

export function ChooseContainer({ app, kind }: ChooseProps) {
  const { words } = useLanguage();
  const { name, tenant = '' } = app.metadata;
  const pods = podsOf(app);
  if (pods.length === 0) return <p>{words.noContainers}</p>;
  return (
    <ul>
      {pods.map(({ cluster, container }) => (
        <li key={`${cluster}/${container}`}>
          <Link
            to={{ kind: 'section', tenant, section: { kind, name } }}
            search={`?${new URLSearchParams({ cluster, container })}`}
          >
            <bdi>{container}</bdi>
          </Link>{' '}
          <bdi>{cluster}</bdi>
        </li>
      ))}
    </ul>
  );
}
