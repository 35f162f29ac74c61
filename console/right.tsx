/** Whether whoever is signed in may do something here, and what gives it or what it would take. */
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { RIGHT_KINDS, VERBS } from '../protocol/role.ts';
import { askRight, type Place } from './access-calls.ts';
import { ChoiceField, Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { textAt } from './view/form-text.ts';

export function RightPanel({ place }: { readonly place: Place }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const [answer, setAnswer] = useState<Schemas['RightAnswer']>();
  return (
    <section className="wide">
      <h2>{words.mayI}</h2>
      <Editor
        className="columns"
        action={words.ask}
        perform={(form) => askRight(api, questionIn(form, place))}
        changes={[]}
        onDone={setAnswer}
        onInput={() => setAnswer(undefined)}
      >
        <ChoiceField
          name="verb"
          label={words.verb}
          options={VERBS.map((verb) => ({ value: verb, text: words[verb] }))}
        />
        <ChoiceField
          name="kind"
          label={words.kindOf}
          options={RIGHT_KINDS.map((kind) => ({ value: kind, text: kind }))}
        />
        <Field name="name" label={words.nameOfThing} isOptional />
        <Field name="site" label={words.siteOfThing} isOptional />
      </Editor>
      {answer !== undefined && (
        <p role="status">
          <strong className="level" data-level={answer.allowed ? 'good' : 'bad'}>
            {answer.allowed ? words.mayYes : words.mayNo}
          </strong>{' '}
          <bdi>{answer.reason}</bdi>
        </p>
      )}
    </section>
  );
}

function questionIn(form: FormData, place: Place): Schemas['RightQuestion'] {
  const [name, site] = [textAt(form, 'name'), textAt(form, 'site')];
  const kind = RIGHT_KINDS.find((one) => one === textAt(form, 'kind')) ?? 'site';
  const verb = VERBS.find((one) => one === textAt(form, 'verb')) ?? 'read';
  return {
    verb,
    kind,
    ...(place !== undefined && { tenant: place }),
    ...(name !== '' && { name }),
    ...(site !== '' && { site }),
  };
}
