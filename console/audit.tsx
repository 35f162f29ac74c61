/** The audit log of a tenant: who did what, when, with what result. The filters are in the address; what they find can be taken along as JSON lines. */
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { Asked } from './asked.tsx';
import { auditQuery, exportAudit } from './audit-queries.ts';
import { EventTable } from './events.tsx';
import { useLanguage } from './language.tsx';
import { goTo, Link, useSearch } from './navigation.tsx';
import { Refused } from './refused.tsx';
import { useSession } from './session.tsx';
import { ACTIONS, AUDIT_FIELDS, type AuditFilter, filterOf, RESULTS, searchOf } from './view/audit-filter.ts';
import type { Words } from './view/words.ts';

const section = { kind: 'audit' } as const;

export function AuditScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const search = useSearch();
  const filter = filterOf((field) => search.get(field) ?? '');
  const answer = useQuery({ ...auditQuery({ api, tenant }, filter), placeholderData: keepPreviousData });
  return (
    <>
      <h1>{words.audit}</h1>
      <section>
        <FilterForm key={searchOf(filter)} tenant={tenant} filter={filter} />
        <Download tenant={tenant} filter={filter} />
      </section>
      <Asked answer={answer}>
        {({ items, next }, at) => <Found tenant={tenant} filter={filter} {...{ items, next, at }} />}
      </Asked>
    </>
  );
}

interface FoundProps {
  readonly tenant: string;
  readonly filter: AuditFilter;
  readonly items: readonly Schemas['Event'][];
  readonly next: string | undefined;
  readonly at: string;
}

function Found({ tenant, filter, items, next, at }: FoundProps) {
  const { words } = useLanguage();
  const oldest = items.at(-1)?.time;
  return (
    <section>
      <p>
        <small>
          {words.askedFor} <Age since={at} at={new Date().toISOString()} />
        </small>
      </p>
      {items.length === 0 ? <p>{words.noneFound}</p> : <EventTable events={items} />}
      {next !== undefined && oldest !== undefined && (
        <Link to={{ kind: 'section', tenant, section }} search={searchOf({ ...filter, until: oldest })}>
          {words.olderEvents}
        </Link>
      )}
    </section>
  );
}

interface FilterFormProps {
  readonly tenant: string;
  readonly filter: AuditFilter;
}

function FilterForm({ tenant, filter }: FilterFormProps) {
  const { words } = useLanguage();
  return (
    <Form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const textOf = (field: string) => {
          const value = data.get(field);
          return typeof value === 'string' ? value : '';
        };
        goTo({ kind: 'section', tenant, section }, searchOf(filterOf(textOf)));
      }}
    >
      {AUDIT_FIELDS.map((field) => (
        <FilterField key={field} field={field} value={filter[field] ?? ''} />
      ))}
      <Button type="submit" className="main">
        {words.search}
      </Button>
    </Form>
  );
}

interface FilterFieldProps {
  readonly field: (typeof AUDIT_FIELDS)[number];
  readonly value: string;
}

function FilterField({ field, value }: FilterFieldProps) {
  const { words } = useLanguage();
  const label = labelOf(field, words);
  if (field === 'action' || field === 'result')
    return (
      <label className="field">
        <span>{label}</span>
        <select name={field} defaultValue={value}>
          <option value="">{words.anything}</option>
          {(field === 'action' ? ACTIONS : RESULTS).map((one) => (
            <option key={one} value={one}>
              {one === 'done' ? words.done : one === 'refused' ? words.refusedResult : one}
            </option>
          ))}
        </select>
      </label>
    );
  const isTime = field === 'since' || field === 'until';
  return (
    <TextField className="field" name={field} defaultValue={value} autoComplete="off">
      <Label>{label}</Label>
      <Input placeholder={isTime ? '2026-01-31T12:00Z' : words.anything} />
    </TextField>
  );
}

function labelOf(field: FilterFieldProps['field'], words: Words): string {
  return {
    actor: words.actor,
    action: words.action,
    kind: words.kindOf,
    name: words.name,
    result: words.result,
    since: words.since,
    until: words.before,
  }[field];
}

function Download({ tenant, filter }: FilterFormProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const load = useMutation({
    mutationFn: () => exportAudit({ api, tenant }, filter),
    onSuccess: (text) => saveFile(`events-${tenant}.jsonl`, text),
  });
  return (
    <>
      <Button isDisabled={load.isPending} onPress={() => load.mutate()}>
        {load.isPending ? words.downloading : words.download}
      </Button>
      {load.error !== null && <Refused error={load.error} />}
    </>
  );
}

/** The API wants the key in a header, so the browser can't follow a mere link to it. */
function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
