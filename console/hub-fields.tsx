/** What may be written of a hub: where edges dial it, its group, and the VPC that it stands in. */
import type { Schemas } from '../client/client.ts';
import { ChoiceField, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import type { TenantState } from './queries.ts';
import { textAt } from './view/form-text.ts';

export interface HubFieldsProps {
  readonly spec: Schemas['HubSpec'] | undefined;
  readonly tenants: readonly TenantState[];
}

export function HubFields({ spec, tenants }: HubFieldsProps) {
  const { words } = useLanguage();
  const now = spec?.vpc === undefined ? '' : `${spec.vpc.tenant}/${spec.vpc.site}`;
  const vpcs = tenants.flatMap(({ sites }) =>
    sites
      .filter((site) => site.spec.kind === 'vpc')
      .map(({ metadata }) => `${metadata.tenant ?? ''}/${metadata.name}`),
  );
  return (
    <>
      <Field
        name="endpoint"
        label={words.endpoint}
        hint={words.endpointHint}
        value={spec?.endpoint ?? ''}
        example="198.51.100.10:51820"
      />
      <Field name="group" label={words.hubGroup} hint={words.hubGroupHint} value={spec?.group ?? 'main'} />
      <ChoiceField
        name="vpc"
        label={words.hubVpc}
        value={now}
        isOptional
        options={['', ...new Set([now, ...vpcs].filter((vpc) => vpc !== ''))].map((value) => ({
          value,
          text: value === '' ? words.noVpc : value,
        }))}
      />
    </>
  );
}

/** Without the slot, which only an installation in the cloud has. */
export function hubSpecIn(form: FormData): Schemas['HubSpec'] {
  const [tenant, site] = textAt(form, 'vpc').split('/');
  return {
    endpoint: textAt(form, 'endpoint'),
    group: textAt(form, 'group'),
    ...(tenant !== undefined && site !== undefined && { vpc: { tenant, site } }),
  };
}
