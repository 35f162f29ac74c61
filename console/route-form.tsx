/** A route is written here: the host and path that the hubs answer, and the app or service that it leads to; with what is said of it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { appsQuery } from './app-queries.ts';
import { Asked, Polled } from './asked.tsx';
import { ConditionTable } from './conditions.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { ChoiceField, Editor, Field, type Option } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { changeRoute, createRoute, deleteRoute, routeKey, routePoll, servicesPoll } from './service-calls.ts';
import { useSession } from './session.tsx';
import { textAt } from './view/form-text.ts';
import { appTargets, serviceTargets, type Target, targetIn, targetText } from './view/route-target.ts';
import type { Words } from './view/words.ts';

export function NewRouteScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.newRoute}</h1>
      <div className="panels">
        <section>
          <Editor
            action={words.create}
            perform={(form) =>
              createRoute(api, tenant, { metadata: { name: textAt(form, 'name') }, spec: specIn(form) })
            }
            changes={[routeKey(tenant)]}
            onDone={() => toServices(tenant)}
          >
            <Field name="name" label={words.name} example="shop" />
            <Fields tenant={tenant} spec={undefined} />
          </Editor>
        </section>
      </div>
    </>
  );
}

export function RouteScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {words.route} <bdi className="name">{name}</bdi>
      </h1>
      <Polled query={routePoll(api, tenant, name)}>
        {(route, at) => (
          <div className="panels">
            <section>
              <h2>
                <bdi>
                  {route.spec.host}
                  {route.spec.path}
                </bdi>
              </h2>
              <RouteEditor route={route} />
            </section>
            <section>
              <h2>{words.statement}</h2>
              {route.status.cluster !== undefined && (
                <p>
                  {words.foundIn} <bdi className="name">{route.status.cluster}</bdi>
                </p>
              )}
              <ConditionTable conditions={route.status.conditions} at={at} />
            </section>
          </div>
        )}
      </Polled>
    </>
  );
}

function RouteEditor({ route: newest }: { readonly route: Schemas['Route'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before] = useState(newest);
  const { name, tenant = '' } = before.metadata;
  return (
    <Editor
      action={words.save}
      perform={(form) => changeRoute(api, before, specIn(form))}
      changes={[routeKey(tenant)]}
      onDone={() => toServices(tenant)}
      beside={
        <ConfirmDeletion
          what={words.deleteRoute}
          name={name}
          perform={() => deleteRoute(api, before)}
          changes={[]}
          onDone={() => toServices(tenant)}
        >
          {words.deleteRouteEffect}
        </ConfirmDeletion>
      }
    >
      <Fields tenant={tenant} spec={before.spec} />
    </Editor>
  );
}

interface FieldsProps {
  readonly tenant: string;
  readonly spec: Schemas['RouteSpec'] | undefined;
}

function Fields({ tenant, spec }: FieldsProps) {
  const { words } = useLanguage();
  return (
    <>
      <Field
        name="host"
        label={words.hostname}
        hint={words.routeHostHint}
        value={spec?.host ?? ''}
        example="shop.example.com"
      />
      <Field name="path" label={words.path} hint={words.pathHint} value={spec?.path ?? '/'} />
      <TargetField tenant={tenant} spec={spec} />
    </>
  );
}

function TargetField({ tenant, spec }: FieldsProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const apps = useQuery(appsQuery({ api, tenant }));
  const services = useQuery(servicesPoll(api, tenant));
  const now = spec && targetOf(spec);
  return (
    <Asked answer={apps}>
      {(found) => (
        <Asked answer={services}>
          {(named) => {
            const offered = [
              ...appTargets(found.map(({ metadata, spec: { ports } }) => ({ name: metadata.name, ports }))),
              ...serviceTargets(
                named.map((one) => ({
                  site: one.status.site,
                  name: one.metadata.name,
                  protocol: one.spec.protocol,
                })),
              ),
            ];
            const all = withNow(offered, now).map((target) => optionOf(target, words));
            if (all.length === 0) return <p role="status">{words.nothingToLeadTo}</p>;
            return (
              <ChoiceField name="target" label={words.leadsTo} options={all} value={now && targetText(now)} />
            );
          }}
        </Asked>
      )}
    </Asked>
  );
}

/** What it leads to now is a choice even where it is gone. */
function withNow(offered: readonly Target[], now: Target | undefined): readonly Target[] {
  if (now === undefined || offered.some((one) => targetText(one) === targetText(now))) return offered;
  return [now, ...offered];
}

function targetOf({ app, service }: Schemas['RouteSpec']): Target | undefined {
  if (app !== undefined) return { app };
  return service && { service };
}

function optionOf(target: Target, words: Words): Option {
  const value = targetText(target);
  return 'app' in target
    ? { value, text: `${target.app.name} ${target.app.port}`, group: words.apps }
    : { value, text: `${target.service.name} ${words.at} ${target.service.site}`, group: words.serviceNames };
}

function specIn(form: FormData): Schemas['RouteSpec'] {
  return { host: textAt(form, 'host'), path: textAt(form, 'path'), ...targetIn(textAt(form, 'target')) };
}

function toServices(tenant: string): void {
  goTo({ kind: 'section', tenant, section: { kind: 'services' } });
}
