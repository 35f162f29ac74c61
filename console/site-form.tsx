/** One more site: its name, what it may ever expose, what it exposes now. What is wrong with that, the API says. */
import { type FormEvent, useId } from 'react';
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components';
import { refusalWords } from './answer.ts';
import { useChange } from './confirm.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { createSite, siteKey } from './site-calls.ts';
import { listOfText, textAt } from './view/form-text.ts';

export function SiteForm({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const create = useChange(
    (form: FormData) => {
      const allotment = listOfText(textAt(form, 'allotment'));
      const exposed = listOfText(textAt(form, 'prefixes'));
      return createSite(api, tenant, {
        metadata: { name: textAt(form, 'name') },
        spec: {
          kind: textAt(form, 'kind') === 'vpc' ? 'vpc' : 'datacenter',
          lan: textAt(form, 'lan') === 'masquerade' ? 'masquerade' : 'routed',
          allotment,
          prefixes: exposed.length === 0 ? allotment : exposed,
          labels: {},
          native: [],
          costPerCpu: 0,
        },
      });
    },
    [siteKey(tenant), ['estate']],
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    create.mutate(new FormData(form), { onSuccess: () => form.reset() });
  };
  return (
    <Form onSubmit={submit}>
      <TextField name="name" isRequired autoComplete="off">
        <Label>{words.siteName}</Label>
        <Input />
      </TextField>
      <TextField name="allotment" isRequired autoComplete="off">
        <Label>{words.allotment}</Label>
        <Input placeholder="10.0.0.0/24" />
        <Text slot="description">{words.allotmentHint}</Text>
      </TextField>
      <TextField name="prefixes" autoComplete="off">
        <Label>{words.exposed}</Label>
        <Input />
        <Text slot="description">{words.exposedHint}</Text>
      </TextField>
      <Choice name="kind" label={words.siteKind} values={['datacenter', 'vpc']} />
      <Choice name="lan" label={words.lan} values={['routed', 'masquerade']} />
      {create.error !== null && <p role="alert">{refusalWords(create.error, words.conflict)}</p>}
      {create.data !== undefined && (
        <p role="status">
          {words.siteMade} <bdi className="name">{create.data.metadata.name}</bdi>
        </p>
      )}
      <Button type="submit" className="main" isDisabled={create.isPending}>
        {words.addSite}
      </Button>
    </Form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly values: readonly ('datacenter' | 'vpc' | 'routed' | 'masquerade')[];
}

function Choice({ name, label, values }: ChoiceProps) {
  const { words } = useLanguage();
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <select id={id} name={name}>
        {values.map((value) => (
          <option key={value} value={value}>
            {words[value]}
          </option>
        ))}
      </select>
    </div>
  );
}
