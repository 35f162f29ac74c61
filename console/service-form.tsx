/** A service of a site is written here: one more, or one that there is, with what is said of it and the routes that lead to it. */
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { ConditionTable } from './conditions.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { ChoiceField, Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import {
  changeService,
  createService,
  deleteService,
  routeKey,
  routesPoll,
  serviceKey,
  servicePoll,
} from './service-calls.ts';
import { RouteTable } from './services.tsx';
import { useSession } from './session.tsx';
import { sitesPoll } from './site-calls.ts';
import { textAt } from './view/form-text.ts';

const PROTOCOLS = [
  { value: 'tcp', text: 'TCP' },
  { value: 'udp', text: 'UDP' },
] as const;

export function NewServiceScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.newService}</h1>
      <div className="panels">
        <section>
          <Polled query={sitesPoll(api, tenant)}>
            {(sites) =>
              sites.length === 0 ? (
                <p>{words.noSiteYet}</p>
              ) : (
                <Editor
                  action={words.create}
                  perform={(form) =>
                    createService(
                      api,
                      { tenant, site: textAt(form, 'site'), service: textAt(form, 'name') },
                      specIn(form),
                    )
                  }
                  changes={[serviceKey(tenant)]}
                  onDone={() => toServices(tenant)}
                >
                  <Field name="name" label={words.name} hint={words.serviceNameHint} example="db" />
                  <ChoiceField name="site" label={words.site} options={sites.map(optionOf)} />
                  <Fields spec={undefined} />
                </Editor>
              )
            }
          </Polled>
        </section>
      </div>
    </>
  );
}

export interface ServiceScreenProps {
  readonly tenant: string;
  readonly site: string;
  readonly name: string;
}

export function ServiceScreen({ tenant, site, name }: ServiceScreenProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {words.service} <bdi className="name">{name}</bdi> <small>{words.site}</small>{' '}
        <bdi className="name">{site}</bdi>
      </h1>
      <Polled query={servicePoll(api, { tenant, site, service: name })}>
        {(service, at) => (
          <div className="panels">
            <section>
              <h2>
                <bdi>{service.status.hostname}</bdi>
              </h2>
              <ServiceEditor service={service} />
            </section>
            <section>
              <h2>{words.statement}</h2>
              {service.status.virtualAddress !== undefined && (
                <p>
                  {words.virtualAddress} <code>{service.status.virtualAddress}</code>
                </p>
              )}
              {service.status.cluster !== undefined && (
                <p>
                  {words.foundIn} <bdi className="name">{service.status.cluster}</bdi>
                </p>
              )}
              <ConditionTable conditions={service.status.conditions} at={at} />
            </section>
            <RoutesTo service={service} />
          </div>
        )}
      </Polled>
    </>
  );
}

function ServiceEditor({ service: newest }: { readonly service: Schemas['Service'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before] = useState(newest);
  const { name, tenant = '' } = before.metadata;
  const changes = [serviceKey(tenant), routeKey(tenant)];
  return (
    <Editor
      action={words.save}
      perform={(form) => changeService(api, before, specIn(form))}
      changes={changes}
      onDone={() => toServices(tenant)}
      beside={
        <ConfirmDeletion
          what={words.deleteService}
          name={name}
          perform={() => deleteService(api, before)}
          changes={changes.slice(1)}
          onDone={() => toServices(tenant)}
        >
          {words.deleteServiceEffect}
        </ConfirmDeletion>
      }
    >
      <Fields spec={before.spec} />
      <p>
        <small>{words.serviceChangeEffect}</small>
      </p>
    </Editor>
  );
}

function RoutesTo({ service: { metadata, status } }: { readonly service: Schemas['Service'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <section className="wide">
      <h2>{words.routesToIt}</h2>
      <Polled query={routesPoll(api, metadata.tenant ?? '')}>
        {(routes, at) => (
          <RouteTable
            items={routes.filter(
              ({ spec }) => spec.service?.site === status.site && spec.service.name === metadata.name,
            )}
            at={at}
          />
        )}
      </Polled>
    </section>
  );
}

function Fields({ spec }: { readonly spec: Schemas['ServiceSpec'] | undefined }) {
  const { words } = useLanguage();
  return (
    <>
      <Field
        name="address"
        label={words.address}
        hint={words.serviceAddressHint}
        value={spec?.address ?? ''}
        example="10.0.0.10"
      />
      <ChoiceField
        name="protocol"
        label={words.protocol}
        options={PROTOCOLS}
        value={spec?.protocol ?? 'tcp'}
      />
      <Field
        name="port"
        label={words.port}
        value={spec === undefined ? '' : String(spec.port)}
        example="5432"
      />
    </>
  );
}

function specIn(form: FormData): Schemas['ServiceSpec'] {
  return {
    address: textAt(form, 'address'),
    port: Number(textAt(form, 'port')),
    protocol: textAt(form, 'protocol') === 'udp' ? 'udp' : 'tcp',
  };
}

function optionOf({ metadata: { name } }: Schemas['Site']) {
  return { value: name, text: name };
}

function toServices(tenant: string): void {
  goTo({ kind: 'section', tenant, section: { kind: 'services' } });
}
