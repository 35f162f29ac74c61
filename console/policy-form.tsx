/** A policy is written here: its ends, its ports, and beside them who may speak to whom with it that may not now, before it is so. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Button, Input, Label, Text, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { applyPolicy, policiesQuery, previewQuery, removePolicy } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { EndField } from './end-field.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { PolicyChanges } from './policy-changes.tsx';
import { Refused } from './refused.tsx';
import { useSession } from './session.tsx';
import { chosenOf, type EndChosen, endOf, portsIn, portsText } from './view/policy-ends.ts';

export function NewPolicyScreen({ tenant }: { readonly tenant: string }) {
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.newPolicy}</h1>
      <PolicyEditor tenant={tenant} before={undefined} />
    </>
  );
}

export function EditPolicyScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(policiesQuery({ api, tenant }));
  return (
    <>
      <h1>
        {words.policy} <bdi className="name">{name}</bdi>
      </h1>
      <Asked answer={answer}>
        {(policies) => {
          const before = policies.find(({ metadata }) => metadata.name === name);
          return before === undefined ? (
            <p>{words.unknownScreen}</p>
          ) : (
            <PolicyEditor tenant={tenant} before={before} />
          );
        }}
      </Asked>
    </>
  );
}

interface Draft {
  readonly name: string;
  readonly from: EndChosen;
  readonly to: EndChosen;
  readonly ports: string;
}

const BLANK: Draft = { name: '', from: { kind: 'app', name: '' }, to: { kind: 'app', name: '' }, ports: '' };

function draftOf({ metadata, spec }: Schemas['Policy']): Draft {
  return {
    name: metadata.name,
    from: chosenOf(spec.from),
    to: chosenOf(spec.to),
    ports: portsText(spec.ports),
  };
}

/** Undefined: it is not whole yet. */
function specOf({ from, to, ports }: Draft): Schemas['PolicySpec'] | undefined {
  const [begin, end, open] = [endOf(from), endOf(to), portsIn(ports)];
  return begin && end && open && { from: plain(begin), to: plain(end), ports: open };
}

/** JSON has no undefined. */
function plain(end: object): Schemas['PolicyEnd'] {
  const sent: Schemas['PolicyEnd'] = JSON.parse(JSON.stringify(end));
  return sent;
}

interface PolicyEditorProps {
  readonly tenant: string;
  readonly before: Schemas['Policy'] | undefined;
}

function PolicyEditor({ tenant, before: newest }: PolicyEditorProps) {
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before] = useState(newest);
  const [draft, setDraft] = useState(before === undefined ? BLANK : draftOf(before));
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  const isWrong = portsIn(draft.ports) === undefined;
  return (
    <div className="panels">
      <section className="form">
        {before === undefined && (
          <TextField
            className="field"
            value={draft.name}
            onChange={(name) => change({ name })}
            autoComplete="off"
          >
            <Label>{words.name}</Label>
            <Input />
          </TextField>
        )}
        <EndField
          tenant={tenant}
          label={words.policyFrom}
          end={draft.from}
          onChange={(from) => change({ from })}
        />
        <EndField tenant={tenant} label={words.policyTo} end={draft.to} onChange={(to) => change({ to })} />
        <TextField
          className="field"
          value={draft.ports}
          onChange={(ports) => change({ ports })}
          isInvalid={isWrong}
          autoComplete="off"
        >
          <Label>{words.ports}</Label>
          <Input />
          <Text slot="description">{isWrong ? words.wrongPorts : words.portsHint}</Text>
        </TextField>
        <Deeds tenant={tenant} before={before} draft={draft} />
      </section>
      <Foretold tenant={tenant} draft={draft} isNew={before === undefined} />
    </div>
  );
}

function Deeds({ tenant, before, draft }: PolicyEditorProps & { readonly draft: Draft }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const after = async () => {
    await queries.invalidateQueries({ queryKey: ['policies', tenant] });
    goTo({ kind: 'section', tenant, section: { kind: 'policies' } });
  };
  const save = useMutation({
    mutationFn: (spec: Schemas['PolicySpec']) =>
      applyPolicy(
        { api, tenant },
        { name: draft.name.trim(), spec, generation: before?.metadata.generation },
      ),
    onSuccess: after,
  });
  const remove = useMutation({
    mutationFn: (policy: Schemas['Policy']) => removePolicy({ api, tenant }, policy),
    onSuccess: after,
  });
  const spec = specOf(draft);
  const error = save.error ?? remove.error;
  return (
    <>
      <div className="question">
        <Button
          className="main"
          isDisabled={spec === undefined || draft.name.trim() === '' || save.isPending}
          onPress={() => spec && save.mutate(spec)}
        >
          {words.save}
        </Button>
        {before !== undefined && !isAsked && <Button onPress={() => setAsked(true)}>{words.deleteIt}</Button>}
      </div>
      {before !== undefined && isAsked && (
        <>
          <Preview tenant={tenant} policy={before.metadata.name} body={{}} />
          <Button isDisabled={remove.isPending} onPress={() => remove.mutate(before)}>
            {words.removeAsk}
          </Button>
        </>
      )}
      {error !== null && <Refused error={error} />}
    </>
  );
}

interface ForetoldProps {
  readonly tenant: string;
  readonly draft: Draft;
  readonly isNew: boolean;
}

function Foretold({ tenant, draft, isNew }: ForetoldProps) {
  const { words } = useLanguage();
  const written = useDeferredValue(draft);
  const spec = specOf(written);
  // A name is not chosen yet: no policy is called so, and the answer is the same for all that are not there.
  const policy = isNew ? 'new' : written.name;
  return (
    <section>
      <h2>{words.wouldChange}</h2>
      {spec === undefined ? <p>–</p> : <Preview tenant={tenant} policy={policy} body={{ spec }} />}
    </section>
  );
}

interface PreviewProps {
  readonly tenant: string;
  readonly policy: string;
  readonly body: Schemas['PolicyPreviewRequest'];
}

function Preview({ tenant, policy, body }: PreviewProps) {
  const { api } = useSession();
  const answer = useQuery({
    ...previewQuery({ api, tenant }, { policy, body }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return <Asked answer={answer}>{(preview, at) => <PolicyChanges preview={preview} at={at} />}</Asked>;
}
