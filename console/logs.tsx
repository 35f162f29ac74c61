/** Live logs of an app: what its containers say from now on, and their last lines before. What is shown is this page's own copy; stopping or clearing changes nothing there. */
import { useQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef, useState } from 'react';
import { Button, Form, Input, Label, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { AppHead, namespaceOf, podsOf } from './app-pod.tsx';
import { BrowserMissing } from './browser-access.tsx';
import { clustersPoll } from './cluster-calls.ts';
import { useLanguage } from './language.tsx';
import { type Following, useFollowing, type Wanted } from './log-following.ts';
import { useSearch } from './navigation.tsx';
import { useSession } from './session.tsx';
import { LINES_MAX, matching } from './view/log-lines.ts';

/** A browser has six connections to one name, and a terminal's credentials want one of them. */
const CHOSEN_MAX = 5;
const TAIL = '200';
/** Of the end, within which a person still looks at the newest line. */
const NEAR_PIXELS = 30;

export function LogsScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { words } = useLanguage();
  return (
    <AppHead tenant={tenant} name={name} title={words.logs}>
      {(app) => <Logs app={app} tenant={tenant} />}
    </AppHead>
  );
}

const keyOf = ({ cluster, container }: { readonly cluster: string; readonly container: string }) =>
  `${cluster}/${container}`;

interface LogsProps {
  readonly app: Schemas['App'];
  readonly tenant: string;
}

function Logs({ app, tenant }: LogsProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const search = useSearch();
  const pods = podsOf(app);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => chosenFirst(search, pods));
  const [find, setFind] = useState('');
  const following = useFollowing(api);
  const { reached, missing } = useReached({ app, tenant }, chosen);
  return (
    <section className="wide">
      <Containers pods={pods} chosen={chosen} onChange={setChosen} isDisabled={following.isOn} />
      <FollowForm following={following} reached={reached} />
      {missing.map(({ cluster, access }) => (
        <div key={cluster}>
          <h2>
            <bdi>{cluster}</bdi>
          </h2>
          <BrowserMissing access={access} />
        </div>
      ))}
      <Faults faults={following.faults} />
      <TextField className="field" value={find} onChange={setFind} autoComplete="off" type="search">
        <Label>{words.find}</Label>
        <Input />
      </TextField>
      <Lines following={following} find={find} withSource={chosen.size > 1} />
    </section>
  );
}

/** Of the chosen containers: those whose cluster a browser reaches, and of the other clusters why not. */
function useReached({ app, tenant }: LogsProps, chosen: ReadonlySet<string>) {
  const { api } = useSession();
  const clusters = useQuery(clustersPoll(api, tenant)).data ?? [];
  const accessOf = (cluster: string) =>
    clusters.find(({ metadata }) => metadata.name === cluster)?.status.browser;
  const wanted = podsOf(app).filter((pod) => chosen.has(keyOf(pod)));
  const reached = wanted.flatMap((pod): Wanted[] => {
    const { host, state } = accessOf(pod.cluster) ?? {};
    if (host === undefined || state !== 'ready') return [];
    const at = { tenant, cluster: pod.cluster, host, namespace: namespaceOf(app), pod: pod.container };
    return [{ source: keyOf(pod), at }];
  });
  const missing = [...new Set(wanted.map(({ cluster }) => cluster))].flatMap((cluster) => {
    const access = accessOf(cluster);
    return access === undefined || access.state === 'ready' ? [] : [{ cluster, access }];
  });
  return { reached, missing };
}

interface FollowFormProps {
  readonly following: Following;
  readonly reached: readonly Wanted[];
}

function FollowForm({ following, reached }: FollowFormProps) {
  const { words } = useLanguage();
  const [tail, setTail] = useState(TAIL);
  const isWhole = reached.length > 0 && /^\d{1,4}$/.test(tail);
  return (
    <Form
      className="question"
      onSubmit={(event) => {
        event.preventDefault();
        if (!following.isOn && isWhole) following.start(reached, Number(tail));
      }}
    >
      <TextField
        className="field"
        value={tail}
        onChange={setTail}
        isDisabled={following.isOn}
        inputMode="numeric"
      >
        <Label>{words.tailLines}</Label>
        <Input />
      </TextField>
      {following.isOn ? (
        <Button key="stop" onPress={following.stop}>
          {words.stop}
        </Button>
      ) : (
        <Button key="start" type="submit" className="main" isDisabled={!isWhole}>
          {words.start}
        </Button>
      )}
      <Button onPress={following.clear}>{words.clearLines}</Button>
    </Form>
  );
}

function chosenFirst(search: URLSearchParams, pods: ReturnType<typeof podsOf>): ReadonlySet<string> {
  const [cluster, container] = [search.get('cluster'), search.get('container')];
  if (cluster !== null && container !== null) return new Set([keyOf({ cluster, container })]);
  return new Set(pods.slice(0, CHOSEN_MAX).map(keyOf));
}

interface ContainersProps {
  readonly pods: ReturnType<typeof podsOf>;
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
  readonly isDisabled: boolean;
}

function Containers({ pods, chosen, onChange, isDisabled }: ContainersProps) {
  const { words } = useLanguage();
  if (pods.length === 0) return <p>{words.noContainers}</p>;
  const toggled = (key: string) => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    return next;
  };
  return (
    <fieldset className="containers">
      <legend>{words.chooseContainers}</legend>
      {pods.map((pod) => {
        const key = keyOf(pod);
        const isFull = chosen.size >= CHOSEN_MAX && !chosen.has(key);
        return (
          <label key={key}>
            <input
              type="checkbox"
              checked={chosen.has(key)}
              disabled={isDisabled || isFull}
              onChange={() => onChange(toggled(key))}
            />{' '}
            <bdi>{key}</bdi>
          </label>
        );
      })}
    </fieldset>
  );
}

function Faults({ faults }: Pick<Following, 'faults'>) {
  return Object.entries(faults).map(([source, fault]) => (
    <p role="alert" key={source}>
      <bdi>{source}</bdi>: <bdi>{fault}</bdi>
    </p>
  ));
}

interface LinesProps {
  readonly following: Following;
  readonly find: string;
  readonly withSource: boolean;
}

function Lines({ following: { kept, isOn }, find, withSource }: LinesProps) {
  const { words } = useLanguage();
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const shown = matching(kept.lines, find);
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  return (
    <>
      <p role="status">
        {isOn ? words.following : words.stopped} · {shown.length} / {kept.lines.length} {words.lineCount}
        {kept.dropped > 0 && ` (${kept.dropped} ${words.droppedLines}, ${LINES_MAX})`}
      </p>
      <div
        className="log"
        ref={box}
        role="log"
        // It scrolls by keyboard.
        tabIndex={0}
        aria-live="off"
        aria-label={words.logs}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PIXELS;
        }}
      >
        {kept.lines.length === 0 && <p>{words.noLines}</p>}
        {shown.map(({ id, source, text }) => (
          <div key={id}>
            {withSource && (
              <>
                <b>
                  <bdi>{source}</bdi>
                </b>{' '}
              </>
            )}
            <bdi>{text}</bdi>
          </div>
        ))}
      </div>
    </>
  );
}
