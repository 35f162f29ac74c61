/** An app's manifest as text, with what would change beside it before anything does. Going back to an earlier release is such a change, begun with its text. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { Button, Label, Text, TextArea, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { applyApp, appQuery, releasesQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { ChangeLines } from './change-lines.tsx';
import { useLanguage } from './language.tsx';
import { changesBetween, EXAMPLE, manifestText, readManifest } from './manifest-text.ts';
import { goTo, Link, useSearch } from './navigation.tsx';
import { Refused } from './refused.tsx';
import { useSession } from './session.tsx';

/** `name`: undefined for an app that is yet to come. */
export function ManifestScreen({
  tenant,
  name,
}: {
  readonly tenant: string;
  readonly name: string | undefined;
}) {
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {name === undefined ? words.newApp : words.manifest}{' '}
        {name !== undefined && <AppLink tenant={tenant} name={name} />}
      </h1>
      {name === undefined ? (
        <Editor tenant={tenant} before={undefined} text={EXAMPLE} />
      ) : (
        <Existing tenant={tenant} name={name} />
      )}
    </>
  );
}

function AppLink({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  return (
    <Link to={{ kind: 'section', tenant, section: { kind: 'app', name } }}>
      <bdi className="name">{name}</bdi>
    </Link>
  );
}

function Existing({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const wanted = useSearch().get('release');
  // What is being edited must not change under the hand: it is read once, and a change meanwhile is refused.
  const once = {
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
  } as const;
  const app = useQuery({ ...appQuery({ api, tenant }, name), ...once, queryKey: ['edited', tenant, name] });
  const releases = useQuery({ ...releasesQuery({ api, tenant }, name), enabled: wanted !== null });
  return (
    <Asked answer={app}>
      {(before) => {
        if (wanted === null)
          return <Editor tenant={tenant} before={before} text={textOf(before, undefined)} />;
        if (releases.data === undefined) return <p role="status">{words.loading}</p>;
        const found = releases.data.find(({ release }) => String(release) === wanted);
        return (
          <>
            <p>
              {words.backTo} <bdi>{wanted}</bdi>. {found === undefined && words.notRemembered}
            </p>
            <Editor key={wanted} tenant={tenant} before={before} text={textOf(before, found)} />
          </>
        );
      }}
    </Asked>
  );
}

/** Where it runs stays as it is: a release is what runs. */
function textOf({ metadata, spec }: Schemas['App'], release: Schemas['AppRelease'] | undefined): string {
  const { placement, namespace } = spec;
  const where = { ...(placement && { placement }), ...(namespace !== undefined && { namespace }) };
  return manifestText(metadata.name, release === undefined ? spec : { ...release.template, ...where });
}

interface EditorProps {
  readonly tenant: string;
  readonly before: Schemas['App'] | undefined;
  /** What the text begins with. */
  readonly text: string;
}

function Editor({ tenant, before, text: first }: EditorProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const [text, setText] = useState(first);
  const written = useDeferredValue(text);
  const read = useMemo(() => checked(written, before), [written, before]);
  const apply = useMutation({
    mutationFn: (wanted: { name: string; spec: Schemas['AppSpec'] }) =>
      applyApp({ api, tenant }, { ...wanted, generation: before?.metadata.generation }),
    onSuccess: async ({ metadata }) => {
      queries.removeQueries({ queryKey: ['edited', tenant] });
      await queries.invalidateQueries({ queryKey: ['apps', tenant] });
      goTo({ kind: 'section', tenant, section: { kind: 'app', name: metadata.name } });
    },
  });
  return (
    <div className="panels">
      <section>
        <TextField className="field" value={text} onChange={setText}>
          <Label>{words.manifest}</Label>
          <TextArea className="code" rows={26} spellCheck="false" />
          <Text slot="description">{words.manifestHint}</Text>
        </TextField>
      </section>
      <section>
        <h2>{words.wouldChange}</h2>
        {read.kind === 'wrong' ? (
          <div role="status">
            <p>{words.wrongManifest}</p>
            <ul className="wrong">
              {read.wrong.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </div>
        ) : (
          <ChangeLines lines={read.lines} />
        )}
        {apply.error !== null && <Refused error={apply.error} />}
        <Button
          className="main"
          isDisabled={read.kind === 'wrong' || read.isSame || text !== written || apply.isPending}
          onPress={() => read.kind === 'good' && apply.mutate(read)}
        >
          {before === undefined ? words.create : words.apply}
        </Button>
      </section>
    </div>
  );
}

/** With what would change; another name than the app's own would be another app. */
function checked(text: string, before: Schemas['App'] | undefined) {
  const read = readManifest(text);
  if (read.kind === 'wrong') return read;
  if (before !== undefined && read.name !== before.metadata.name)
    return { kind: 'wrong' as const, wrong: [`/metadata/name: ${before.metadata.name}`] };
  const lines = changesBetween(before?.spec, read.spec);
  return { ...read, lines, isSame: lines.every(({ mark }) => mark === ' ') };
}
