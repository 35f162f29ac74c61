/** One app: what is said of it, where it is and why, its containers, its releases, and what a person may do: scale, promote, abort, go back. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { ContainerTable } from './app-containers.tsx';
import { applyApp, appQuery, moveStage, releasesQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { Chart } from './chart.tsx';
import { ConditionTable } from './conditions.tsx';
import { useHistory } from './history.ts';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';
import { countWords } from './view/amounts.ts';
import { placesText, readyText, releaseText } from './view/app-words.ts';

const REPLICAS_MAX = 10_000;

export function AppScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(appQuery({ api, tenant }, name));
  return (
    <>
      <h1>
        {words.app} <bdi className="name">{name}</bdi>
      </h1>
      <Asked answer={answer}>{(app, at) => <AppPanels app={app} at={at} />}</Asked>
    </>
  );
}

export interface AppAt {
  readonly app: Schemas['App'];
  readonly at: string;
}

function AppPanels({ app, at }: AppAt) {
  const { words } = useLanguage();
  const { metadata, spec, status } = app;
  const tenant = metadata.tenant ?? '';
  return (
    <div className="panels">
      <section>
        <h2>{words.overview}</h2>
        <dl>
          <Fact name={words.image} value={spec.image} />
          <Fact name={words.release} value={releaseText(status)} />
          <Fact name={words.ready} value={readyText(status)} />
          <Fact name={words.clusters} value={placesText(status)} />
          <Fact name={words.hostname} value={status.hostname} />
        </dl>
        <p>
          {words.updated} <Age since={metadata.updatedAt} at={at} />
        </p>
        <Scale app={app} key={metadata.generation} />
        <Link to={{ kind: 'section', tenant, section: { kind: 'manifest', name: metadata.name } }}>
          {words.editManifest}
        </Link>{' '}
        <Link to={{ kind: 'section', tenant, section: { kind: 'logs', name: metadata.name } }}>
          {words.logs}
        </Link>
      </section>
      <section>
        <h2>{words.conditions}</h2>
        <ConditionTable conditions={status.conditions} at={at} />
      </section>
      <Counts app={app} at={at} />
      {status.stage !== undefined && <StagePanel app={app} stage={status.stage} at={at} />}
      {status.placed !== undefined && (
        <section>
          <h2>
            {words.placementWhy} <Age since={status.placed.at} at={at} />
          </h2>
          {status.placed.why.map((sentence) => (
            <p key={sentence}>
              <bdi>{sentence}</bdi>
            </p>
          ))}
        </section>
      )}
      <Releases tenant={tenant} name={metadata.name} />
      <section className="wide">
        <h2>{words.containers}</h2>
        <ContainerTable app={app} at={at} />
      </section>
    </div>
  );
}

/** How many of its containers are ready, and how many are wanted. */
function Counts({ app: { metadata, status }, at }: AppAt) {
  const { words } = useLanguage();
  const sum = (of: 'ready' | 'wanted') => status.instances.reduce((total, one) => total + one[of], 0);
  const isTold = status.instances.length > 0;
  const values = isTold ? [sum('ready'), sum('wanted')] : undefined;
  const points = useHistory(['app', metadata.tenant ?? '', metadata.name], values, at);
  if (!isTold) return null;
  return (
    <section className="wide">
      <h2>{words.sinceOpened}</h2>
      <Chart
        label={words.containers}
        lines={[words.ready, words.wanted]}
        points={points}
        wordsOf={countWords}
      />
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}

function useRefresh(tenant: string) {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['apps', tenant] });
}

function Scale({ app: { metadata, spec } }: Pick<AppAt, 'app'>) {
  const { api } = useSession();
  const { words } = useLanguage();
  const tenant = metadata.tenant ?? '';
  const { replicas = 1 } = spec;
  const now = typeof replicas === 'number' ? replicas : replicas.min;
  const [written, setWritten] = useState(String(now));
  const wanted = Number(written);
  const isRight = /^\d{1,5}$/.test(written) && wanted <= REPLICAS_MAX && wanted !== now;
  const refresh = useRefresh(tenant);
  const scale = useMutation({
    mutationFn: (count: number) =>
      applyApp(
        { api, tenant },
        { name: metadata.name, spec: { ...spec, replicas: count }, generation: metadata.generation },
      ),
    onSettled: refresh,
  });
  if (typeof replicas !== 'number') return <p>{words.scalesItself}</p>;
  return (
    <Form
      className="question"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) scale.mutate(wanted);
      }}
    >
      <TextField
        className="amount"
        value={written}
        onChange={setWritten}
        inputMode="numeric"
        autoComplete="off"
      >
        <Label>{words.replicas}</Label>
        <Input />
      </TextField>
      <Button type="submit" isDisabled={!isRight || scale.isPending}>
        {words.scale}
      </Button>
      {scale.error !== null && <span role="alert">{scale.error.message}</span>}
    </Form>
  );
}

function StagePanel({
  app,
  stage,
  at,
}: AppAt & { readonly stage: NonNullable<Schemas['App']['status']['stage']> }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const tenant = app.metadata.tenant ?? '';
  const refresh = useRefresh(tenant);
  const move = useMutation({
    mutationFn: (verb: 'promotion' | 'abort') =>
      moveStage({ api, tenant }, { app: app.metadata.name, stage: stage.name, verb }),
    onSettled: refresh,
  });
  return (
    <section>
      <h2>
        {words.stage} <bdi className="name">{stage.name}</bdi> <Age since={stage.since} at={at} />
      </h2>
      <p>
        <bdi>{stage.message}</bdi>
      </p>
      <div className="question">
        <Button isDisabled={move.isPending} onPress={() => move.mutate('promotion')}>
          {words.promote}
        </Button>
        <Button isDisabled={move.isPending} onPress={() => move.mutate('abort')}>
          {words.abort}
        </Button>
      </div>
      {move.error !== null && <p role="alert">{move.error.message}</p>}
    </section>
  );
}

function Releases({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(releasesQuery({ api, tenant }, name));
  return (
    <section>
      <h2>{words.releases}</h2>
      <Asked answer={answer}>
        {(releases, at) => (
          <ul className="said">
            {releases.map((one) => (
              <li key={one.release}>
                <ReleaseLine release={one} at={at} />{' '}
                {one.state === 'past' && (
                  <Link
                    to={{ kind: 'section', tenant, section: { kind: 'manifest', name } }}
                    search={`?release=${one.release}`}
                  >
                    {words.goBack} <span className="hidden">{one.release}</span>
                  </Link>
                )}
              </li>
            ))}
          </ul>
        )}
      </Asked>
    </section>
  );
}

function ReleaseLine({ release: one, at }: { readonly release: Schemas['AppRelease']; readonly at: string }) {
  const { words } = useLanguage();
  const states = { newest: words.newest, past: words.past, failed: words.failedRelease };
  return (
    <>
      <span className="name">{one.release}</span> <bdi>{one.template.image}</bdi>{' '}
      <small>
        {states[one.state]}
        {one.isRunning && `, ${words.running}`}
        {one.until !== undefined && (
          <>
            , {words.until} <Age since={one.until} at={at} />
          </>
        )}
      </small>
    </>
  );
}
