/** A role is written here, rule by rule: which verbs go on which kinds of things, optionally only on some names or at some sites. */
import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { RIGHT_KINDS, type RightKind, VERBS, type Verb } from '../protocol/role.ts';
import { accessKey, changeRole, createRole, deleteRole, type Place, rolePoll } from './access-calls.ts';
import { Polled } from './asked.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { accessScreen } from './roles.tsx';
import { useSession } from './session.tsx';
import { listOfText, textAt } from './view/form-text.ts';

/** What is typed into names and sites stays as it is typed. */
interface RuleDraft {
  readonly kinds: readonly (RightKind | '*')[];
  readonly verbs: readonly (Verb | '*')[];
  readonly names: string;
  readonly sites: string;
}

const BLANK: RuleDraft = { kinds: [], verbs: ['read'], names: '', sites: '' };

export function RoleScreen({ place, name }: { readonly place: Place; readonly name: string | undefined }) {
  const { words } = useLanguage();
  return (
    <section>
      <h2>
        {name === undefined ? words.newRole : words.role} <bdi className="name">{name}</bdi>
      </h2>
      {name === undefined ? (
        <RoleEditor place={place} role={undefined} />
      ) : (
        <Existing place={place} name={name} />
      )}
    </section>
  );
}

function Existing({ place, name }: { readonly place: Place; readonly name: string }) {
  const { api } = useSession();
  return (
    <Polled query={rolePoll({ api, place }, name)}>
      {(role) => <RoleEditor place={place} role={role} />}
    </Polled>
  );
}

interface RoleEditorProps {
  readonly place: Place;
  readonly role: Schemas['Role'] | undefined;
}

function RoleEditor({ place, role: newest }: RoleEditorProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before] = useState(newest);
  const [rules, setRules] = useState<readonly RuleDraft[]>(before?.spec.rules.map(draftOf) ?? [BLANK]);
  const save = (form: FormData) => {
    const spec = { description: textAt(form, 'description'), rules: rules.map(ruleOf) };
    return before === undefined
      ? createRole({ api, place }, { metadata: { name: textAt(form, 'name') }, spec })
      : changeRole({ api, place }, before, spec);
  };
  const back = () => goTo(accessScreen(place));
  return (
    <Editor
      action={before === undefined ? words.create : words.save}
      perform={save}
      changes={[accessKey(place, 'roles')]}
      onDone={back}
      beside={before !== undefined && <DeleteRole place={place} role={before} onDone={back} />}
    >
      {before === undefined && <Field name="name" label={words.name} example="berlin-ops" />}
      <Field name="description" label={words.description} value={before?.spec.description ?? ''} isOptional />
      {rules.map((rule, index) => (
        <RuleFields
          // A rule is what it is by its place: it has no name.
          key={`rule ${index + 1}`}
          number={index + 1}
          rule={rule}
          onChange={(changed) => setRules(rules.with(index, changed))}
          onRemove={() => setRules(rules.filter((_, other) => other !== index))}
        />
      ))}
      <div className="choices">
        <Button onPress={() => setRules([...rules, BLANK])}>{words.addRule}</Button>
      </div>
      {before !== undefined && (
        <p>
          <small>{words.roleChangeEffect}</small>
        </p>
      )}
    </Editor>
  );
}

interface DeleteRoleProps {
  readonly place: Place;
  readonly role: Schemas['Role'];
  readonly onDone: () => void;
}

function DeleteRole({ place, role, onDone }: DeleteRoleProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <ConfirmDeletion
      what={words.deleteRole}
      name={role.metadata.name}
      perform={() => deleteRole({ api, place }, role)}
      changes={[]}
      onDone={onDone}
    >
      {words.deleteRoleEffect}
    </ConfirmDeletion>
  );
}

interface RuleFieldsProps {
  readonly number: number;
  readonly rule: RuleDraft;
  readonly onChange: (rule: RuleDraft) => void;
  readonly onRemove: () => void;
}

function RuleFields({ number, rule, onChange, onRemove }: RuleFieldsProps) {
  const { words } = useLanguage();
  const verbs = VERBS.map((verb) => ({ value: verb, text: words[verb] }));
  const kinds = RIGHT_KINDS.map((kind) => ({ value: kind, text: kind }));
  return (
    <fieldset className="rule">
      <legend>
        {words.rule} {number}
      </legend>
      <Checks
        label={`${words.rule} ${number}: ${words.verbs}`}
        options={[...verbs, { value: '*' as const, text: words.everyVerb }]}
        chosen={rule.verbs}
        onChange={(chosen) => onChange({ ...rule, verbs: chosen })}
      />
      <Checks
        label={`${words.rule} ${number}: ${words.kinds}`}
        options={[...kinds, { value: '*' as const, text: words.everyKind }]}
        chosen={rule.kinds}
        onChange={(chosen) => onChange({ ...rule, kinds: chosen })}
      />
      {(['names', 'sites'] as const).map((part) => (
        <label key={part} className="field">
          <span>{part === 'names' ? words.onlyNames : words.onlySites}</span>
          <input
            aria-label={`${words.rule} ${number}: ${part === 'names' ? words.onlyNames : words.onlySites}`}
            value={rule[part]}
            autoComplete="off"
            onChange={({ target }) => onChange({ ...rule, [part]: target.value })}
          />
          <small>{part === 'names' ? words.onlyNamesHint : words.onlySitesHint}</small>
        </label>
      ))}
      <div className="choices">
        <Button onPress={onRemove} aria-label={`${words.remove} ${number}`}>
          {words.remove}
        </Button>
      </div>
    </fieldset>
  );
}

interface ChecksProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly text: string }[];
  readonly chosen: readonly Value[];
  readonly onChange: (chosen: readonly Value[]) => void;
}

function Checks<Value extends string>({ label, options, chosen, onChange }: ChecksProps<Value>) {
  return (
    <div role="group" aria-label={label} className="checks">
      {options.map(({ value, text }) => (
        <label key={value} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
          />
          <span>{text}</span>
        </label>
      ))}
    </div>
  );
}

function draftOf({ kinds, verbs, names = [], sites = [] }: Schemas['Rule']): RuleDraft {
  return { kinds, verbs, names: names.join(', '), sites: sites.join(', ') };
}

function ruleOf({ kinds, verbs, ...written }: RuleDraft): Schemas['Rule'] {
  const [names, sites] = [listOfText(written.names), listOfText(written.sites)];
  return {
    kinds: [...kinds],
    verbs: [...verbs],
    ...(names.length > 0 && { names }),
    ...(sites.length > 0 && { sites }),
  };
}
