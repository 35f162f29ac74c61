/** Bindings: which people, groups and machines that sign in elsewhere have which role here. */
import type { Schemas } from '../client/client.ts';
import { accessKey, bindingsPoll, createBinding, deleteBinding, type Place } from './access-calls.ts';
import { Polled } from './asked.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { DataTable } from './data-table.tsx';
import { ChoiceField, Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { RoleField } from './role-field.tsx';
import { useSession } from './session.tsx';
import { listOfText, textAt } from './view/form-text.ts';
import { labelsIn, textOfLabels } from './view/site-changes.ts';

const WHO_KINDS = ['person', 'group', 'machine'] as const;

export function BindingPanel({ place }: { readonly place: Place }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <section className="wide">
      <h2>{words.bindings}</h2>
      <Polled query={bindingsPoll({ api, place })}>
        {(bindings) => <BindingTable place={place} bindings={bindings} />}
      </Polled>
      <h3>{words.newBinding}</h3>
      <Editor
        className="columns"
        action={words.newBinding}
        perform={(form) =>
          createBinding({ api, place }, { metadata: { name: textAt(form, 'name') }, spec: specIn(form) })
        }
        changes={[accessKey(place, 'bindings')]}
        onDone={(_, form) => form.reset()}
      >
        <Field name="name" label={words.name} example="ops" />
        <RoleField place={place} />
        <ChoiceField
          name="kind"
          label={words.whoKind}
          options={WHO_KINDS.map((kind) => ({ value: kind, text: words[kind] }))}
        />
        <Field
          name="issuer"
          label={words.issuer}
          hint={words.issuerHint}
          example="https://login.example.com"
        />
        <Field name="subject" label={words.subject} />
        <Field name="claims" label={words.claims} hint={words.claimsHint} isOptional />
        <Field name="sites" label={words.onlySites} hint={words.onlySitesHint} isOptional />
        <Field name="description" label={words.description} isOptional />
      </Editor>
    </section>
  );
}

function specIn(form: FormData): Schemas['BindingSpec'] {
  const sites = listOfText(textAt(form, 'sites'));
  return {
    role: textAt(form, 'role'),
    description: textAt(form, 'description'),
    who: whoIn(form),
    ...(sites.length > 0 && { sites }),
  };
}

function whoIn(form: FormData): Schemas['BindingSubject'] {
  const [issuer, subject] = [textAt(form, 'issuer'), textAt(form, 'subject')];
  switch (textAt(form, 'kind')) {
    case 'group':
      return { kind: 'group', issuer, group: subject };
    case 'machine':
      return { kind: 'machine', issuer, subject, claims: labelsIn(listOfText(textAt(form, 'claims'))) };
    default:
      return { kind: 'person', issuer, subject };
  }
}

interface BindingTableProps {
  readonly place: Place;
  readonly bindings: readonly Schemas['Binding'][];
}

function BindingTable({ place, bindings }: BindingTableProps) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.bindings}
      rows={bindings}
      keyOf={({ metadata }) => metadata.name}
      columns={[
        { title: words.binding, cell: ({ metadata }) => <bdi className="name">{metadata.name}</bdi> },
        { title: words.role, cell: ({ spec }) => <bdi>{spec.role}</bdi> },
        { title: words.whoKind, cell: ({ spec }) => <Who who={spec.who} /> },
        { title: words.issuer, cell: ({ spec }) => <bdi>{spec.who.issuer}</bdi> },
        { title: words.onlySites, cell: ({ spec }) => <bdi>{spec.sites?.join(', ') ?? '–'}</bdi> },
        { title: words.description, cell: ({ spec }) => <bdi>{spec.description}</bdi> },
        { title: words.actions, cell: (binding) => <DeleteBinding place={place} binding={binding} /> },
      ]}
    />
  );
}

function Who({ who }: { readonly who: Schemas['BindingSubject'] }) {
  const { words } = useLanguage();
  return (
    <>
      {words[who.kind]} <bdi className="name">{who.kind === 'group' ? who.group : who.subject}</bdi>{' '}
      {who.kind === 'machine' && <small>{textOfLabels(who.claims)}</small>}
    </>
  );
}

function DeleteBinding({ place, binding }: { readonly place: Place; readonly binding: Schemas['Binding'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <ConfirmDeletion
      what={words.deleteBinding}
      name={binding.metadata.name}
      perform={() => deleteBinding({ api, place }, binding)}
      changes={[accessKey(place, 'bindings')]}
    >
      {words.deleteBindingEffect}
    </ConfirmDeletion>
  );
}
