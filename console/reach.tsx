/** May A reach B, and by what: the question is in the address, so that an answer can be passed on. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button, Form, Input, Label, Text, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { explanationQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { EndField } from './end-field.tsx';
import { useLanguage } from './language.tsx';
import { goTo, Link, useSearch } from './navigation.tsx';
import { EndTextWords, PortWords } from './policy-words.tsx';
import { useSession } from './session.tsx';
import type { Level } from './view/health.ts';
import { chosenIn, endOf, endText, portsIn, portsText } from './view/policy-ends.ts';

const LEVELS: Readonly<Record<Schemas['Explanation']['verdict'], Level>> = {
  allowed: 'good',
  denied: 'bad',
  mixed: 'unknown',
  not_enforced: 'unknown',
  nowhere: 'waiting',
};

export function ReachScreen({ tenant }: { readonly tenant: string }) {
  const { words } = useLanguage();
  const search = useSearch();
  const [from, to, port] = [search.get('from'), search.get('to'), search.get('port')];
  return (
    <>
      <h1>{words.reach}</h1>
      <div className="panels">
        <ReachForm key={search.toString()} tenant={tenant} search={search} />
        {from !== null && to !== null && (
          <Answer tenant={tenant} query={{ from, to, ...(port === null ? {} : { port }) }} />
        )}
      </div>
    </>
  );
}

function ReachForm({ tenant, search }: { readonly tenant: string; readonly search: URLSearchParams }) {
  const { words } = useLanguage();
  const [from, setFrom] = useState(chosenIn(search.get('from') ?? ''));
  const [to, setTo] = useState(chosenIn(search.get('to') ?? ''));
  const [port, setPort] = useState(search.get('port') ?? '');
  const ports = portsIn(port);
  const isWhole =
    endOf(from) !== undefined && endOf(to) !== undefined && ports !== undefined && ports.length < 2;
  return (
    <section>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isWhole) return;
          const asked = new URLSearchParams({ from: endText(from), to: endText(to) });
          if (ports.length === 1) asked.set('port', portsText(ports));
          goTo({ kind: 'section', tenant, section: { kind: 'reach' } }, `?${asked}`);
        }}
      >
        <EndField tenant={tenant} label={words.policyFrom} end={from} onChange={setFrom} />
        <EndField tenant={tenant} label={words.policyTo} end={to} onChange={setTo} />
        <TextField className="field" value={port} onChange={setPort} autoComplete="off">
          <Label>{words.port}</Label>
          <Input />
          <Text slot="description">{words.portHint}</Text>
        </TextField>
        <Button type="submit" className="main" isDisabled={!isWhole}>
          {words.reachAsk}
        </Button>
      </Form>
    </section>
  );
}

interface AnswerProps {
  readonly tenant: string;
  readonly query: { readonly from: string; readonly to: string; readonly port?: string };
}

function Answer({ tenant, query }: AnswerProps) {
  const { api } = useSession();
  const answer = useQuery({ ...explanationQuery({ api, tenant }, query), retry: false });
  return (
    <section>
      <Asked answer={answer}>{(told, at) => <Told tenant={tenant} told={told} at={at} />}</Asked>
    </section>
  );
}

interface ToldProps {
  readonly tenant: string;
  readonly told: Schemas['Explanation'];
  readonly at: string;
}

function Told({ tenant, told, at }: ToldProps) {
  const { words } = useLanguage();
  return (
    <div role="status">
      <h2>
        <EndTextWords text={told.from} /> → <EndTextWords text={told.to} />
      </h2>
      <p>
        <strong className="level" data-level={LEVELS[told.verdict]}>
          {words[told.verdict]}
        </strong>{' '}
        <small>
          {words.askedFor} <Age since={at} at={new Date().toISOString()} />
        </small>
      </p>
      <ul className="said">
        {told.ways.map((way) => (
          <li key={`${way.from} ${way.to} ${way.verdict} ${way.why} ${way.ports.length}`}>
            <span className="level" data-level={LEVELS[way.verdict]}>
              {words[way.verdict]}
            </span>{' '}
            <bdi>{way.from}</bdi> → <bdi>{way.to}</bdi>, {words.ports}: <PortWords ports={way.ports} />
            <div>
              <bdi>{way.why}</bdi>{' '}
              {way.policy !== undefined && (
                <Link to={{ kind: 'section', tenant, section: { kind: 'policy', name: way.policy } }}>
                  <bdi>{way.policy}</bdi>
                </Link>
              )}
            </div>
          </li>
        ))}
      </ul>
      {told.notes.map((note) => (
        <p key={note}>
          <bdi>{note}</bdi>
        </p>
      ))}
    </div>
  );
}
