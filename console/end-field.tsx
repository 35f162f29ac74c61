/** One end of a flow: what kind of thing, and which. What there is is offered; what is yet to come may be typed. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { appsQuery } from './app-queries.ts';
import { useLanguage } from './language.tsx';
import { kindWord } from './policy-words.tsx';
import { servicesPoll } from './service-calls.ts';
import { useSession } from './session.tsx';
import { sitesPoll } from './site-calls.ts';
import { END_KINDS, type EndChosen } from './view/policy-ends.ts';

export interface EndFieldProps {
  readonly tenant: string;
  readonly label: string;
  readonly end: EndChosen;
  readonly onChange: (end: EndChosen) => void;
}

export function EndField({ tenant, label, end, onChange }: EndFieldProps) {
  const { words } = useLanguage();
  const id = useId();
  const offered = useOffered(tenant, end.kind);
  return (
    <fieldset className="end">
      <legend>{label}</legend>
      <select
        aria-label={`${label}: ${words.kindOf}`}
        value={end.kind}
        onChange={({ target }) =>
          onChange({ kind: END_KINDS.find((kind) => kind === target.value) ?? 'app', name: '' })
        }
      >
        {END_KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {kindWord(kind, words)}
          </option>
        ))}
      </select>
      <input
        aria-label={`${label}: ${words.name}`}
        list={id}
        value={end.name}
        placeholder={end.kind === 'service' ? 'berlin/db' : words.choose}
        autoComplete="off"
        onChange={({ target }) => onChange({ ...end, name: target.value })}
      />
      <datalist id={id}>
        {offered.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </fieldset>
  );
}

function useOffered(tenant: string, kind: EndChosen['kind']): readonly string[] {
  const { api } = useSession();
  const isOfApps = kind === 'app' || kind === 'group';
  const apps = useQuery({ ...appsQuery({ api, tenant }), enabled: isOfApps }).data ?? [];
  const sites = useQuery({ ...sitesPoll(api, tenant), enabled: kind === 'site' }).data ?? [];
  const services = useQuery({ ...servicesPoll(api, tenant), enabled: kind === 'service' }).data ?? [];
  switch (kind) {
    case 'app':
      return apps.map(({ metadata }) => metadata.name);
    case 'group':
      return [...new Set(apps.map(({ spec }) => spec.access?.group).filter((group) => group !== undefined))];
    case 'site':
      return sites.map(({ metadata }) => metadata.name);
    case 'service':
      return services.map(({ metadata, status }) => `${status.site}/${metadata.name}`);
  }
}
