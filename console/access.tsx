/** Who may do what, in a tenant or in the deployment: API keys, roles of one's own, bindings of people who sign in, and the question whether one may. */
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { accessKey, createKey, deleteKey, keysPoll, type Place } from './access-calls.ts';
import { Age } from './age.tsx';
import { Polled } from './asked.tsx';
import { BindingPanel } from './bindings.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { CopyText } from './copy.tsx';
import { DataTable } from './data-table.tsx';
import { Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import type { PageProps } from './pages.tsx';
import { RightPanel } from './right.tsx';
import { RoleField } from './role-field.tsx';
import { RoleScreen } from './role-form.tsx';
import { RolePanel } from './roles.tsx';
import { useSession } from './session.tsx';
import { textAt } from './view/form-text.ts';

export function DeploymentAccessScreen({ below }: Pick<PageProps, 'principal' | 'below'>) {
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {words.access} <small>{words.ofDeployment}</small>
      </h1>
      <AccessPages place={undefined} below={below} />
    </>
  );
}

export function TenantAccessPage({ tenant, below }: PageProps) {
  return <AccessPages place={tenant} below={below} />;
}

function AccessPages({ place, below: [part, name] }: { place: Place; below: readonly string[] }) {
  const { words } = useLanguage();
  if (part === undefined) return <Panels place={place} />;
  if (part === 'new-role' && name === undefined) return <RoleScreen place={place} name={undefined} />;
  if (part === 'roles' && name !== undefined) return <RoleScreen key={name} place={place} name={name} />;
  return <p>{words.unknownScreen}</p>;
}

function Panels({ place }: { readonly place: Place }) {
  return (
    <div className="panels">
      <KeyPanel place={place} />
      <RolePanel place={place} />
      <BindingPanel place={place} />
      <RightPanel place={place} />
    </div>
  );
}

function KeyPanel({ place }: { readonly place: Place }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const [made, setMade] = useState<Schemas['KeyCreated']>();
  return (
    <section className="wide">
      <h2>{words.keys}</h2>
      <Polled query={keysPoll({ api, place })}>
        {(keys, at) => <KeyTable place={place} keys={keys} at={at} />}
      </Polled>
      <h3>{words.newKey}</h3>
      <Editor
        className="columns"
        action={words.newKey}
        perform={(form) =>
          createKey(
            { api, place },
            {
              metadata: { name: textAt(form, 'name') },
              spec: { role: textAt(form, 'role'), description: textAt(form, 'description') },
            },
          )
        }
        changes={[accessKey(place, 'keys')]}
        onDone={(key, form) => {
          setMade(key);
          form.reset();
        }}
      >
        <Field name="name" label={words.name} example="ci" />
        <RoleField place={place} />
        <Field name="description" label={words.description} isOptional />
      </Editor>
      {made !== undefined && (
        <div className="secret" role="status">
          <p>
            <strong>{words.shownOnce}</strong> <bdi className="name">{made.metadata.name}</bdi>
          </p>
          <CopyText key={made.metadata.name} label={words.secretKey} text={made.secret} />
        </div>
      )}
    </section>
  );
}

interface KeyTableProps {
  readonly place: Place;
  readonly keys: readonly Schemas['Key'][];
  readonly at: string;
}

function KeyTable({ place, keys, at }: KeyTableProps) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.keys}
      rows={keys}
      keyOf={({ metadata }) => metadata.name}
      columns={[
        { title: words.name, cell: ({ metadata }) => <bdi className="name">{metadata.name}</bdi> },
        { title: words.role, cell: ({ spec }) => <bdi>{spec.role}</bdi> },
        { title: words.description, cell: ({ spec }) => <bdi>{spec.description}</bdi> },
        {
          title: words.made,
          kind: 'age',
          cell: ({ metadata }) => <Age since={metadata.createdAt} at={at} />,
        },
        { title: words.actions, cell: (key) => <DeleteKey place={place} apiKey={key} /> },
      ]}
    />
  );
}

function DeleteKey({ place, apiKey }: { readonly place: Place; readonly apiKey: Schemas['Key'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <ConfirmDeletion
      what={words.deleteKey}
      name={apiKey.metadata.name}
      perform={() => deleteKey({ api, place }, apiKey)}
      changes={[accessKey(place, 'keys')]}
    >
      {words.deleteKeyEffect}
    </ConfirmDeletion>
  );
}
