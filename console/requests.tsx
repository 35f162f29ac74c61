/** Who asks the API server of a cluster for what, and how much of that the edge kept from it. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { AnswerBar } from './answer-bar.tsx';
import { Polled } from './asked.tsx';
import { type Requests, requestsPoll } from './cluster-calls.ts';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { bytesWords, countWords } from './view/amounts.ts';
import { answersOf } from './view/answers.ts';
import { ageWords } from './view/words.ts';

export function RequestsPage({ tenant, cluster }: { readonly tenant: string; readonly cluster: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <Polled query={requestsPoll(api, tenant, cluster)} absent={<p>{words.noRequests}</p>}>
      {(requests, at) => <Panels requests={requests} at={at} />}
    </Polled>
  );
}

function Panels({ requests, at }: { readonly requests: Requests; readonly at: string }) {
  const { language, words } = useLanguage();
  const { analysis, toldAt } = requests;
  return (
    <div className="panels">
      <section className="wide">
        <h2>
          {words.requestsByAnswer}{' '}
          {toldAt !== undefined && <span className="age">{ageWords(ageSeconds(toldAt, at), language)}</span>}
        </h2>
        <AnswerBar answers={answersOf(analysis)} />
        <p>
          <small>
            {words.windowSeconds} {analysis.windowSeconds} s · {words.upstreamLists}{' '}
            {countWords(analysis.upstreamLists)} · {words.upstreamWatches}{' '}
            {countWords(analysis.upstreamWatches)} · {words.accessReviews}{' '}
            {countWords(analysis.accessReviews)} · {words.openStreams} {countWords(analysis.openStreams)}
          </small>
        </p>
      </section>
      <section className="wide">
        <h2>{words.advice}</h2>
        {analysis.advice.length === 0 && <p>{words.noAdvice}</p>}
        <ul>
          {analysis.advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      <section className="wide">
        <h2>{words.talkers}</h2>
        <Talkers talkers={analysis.talkers} />
      </section>
      <section className="wide">
        <h2>
          {words.watched}{' '}
          <small>
            {bytesWords(analysis.usedBytes)} / {bytesWords(analysis.budgetBytes)}
          </small>
        </h2>
        <CachedTypes types={analysis.types} />
      </section>
    </div>
  );
}

function Talkers({ talkers }: { readonly talkers: readonly Schemas['Talker'][] }) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.talkers}
      rows={talkers}
      keyOf={({ program, subject, verb, resource }) => [program, subject, verb, resource].join(' ')}
      columns={[
        {
          title: words.program,
          cell: ({ program, subject }) => (
            <>
              <bdi className="name">{program}</bdi> <small>{subject}</small>
            </>
          ),
        },
        { title: words.asked, cell: ({ verb, resource }) => `${verb} ${resource}` },
        { title: words.perMinute, kind: 'number', cell: ({ perMinute }) => countWords(perMinute) },
        { title: words.byAnswer, cell: (talker) => <AnswerBar answers={answersOf(talker)} isSmall /> },
        { title: words.errors, kind: 'number', cell: ({ errors }) => countWords(errors) },
        { title: words.volume, kind: 'number', cell: ({ bytes }) => bytesWords(bytes) },
        { title: words.latency, kind: 'number', cell: ({ p50Ms, p99Ms }) => `${p50Ms} / ${p99Ms} ms` },
      ]}
    />
  );
}

const CACHE_LEVELS = { synced: 'good', syncing: 'waiting', stale: 'unknown', dropped: 'bad' } as const;

function CachedTypes({ types }: { readonly types: readonly Schemas['CachedType'][] }) {
  const { language, words } = useLanguage();
  return (
    <DataTable
      label={words.watched}
      rows={types}
      keyOf={({ resource }) => resource}
      columns={[
        { title: words.resource, cell: ({ resource }) => <bdi className="name">{resource}</bdi> },
        {
          title: words.state,
          cell: ({ state }) => (
            <span className="level" data-level={CACHE_LEVELS[state]}>
              {state === 'stale' ? words.cacheStale : words[state]}
            </span>
          ),
        },
        { title: words.objects, kind: 'number', cell: ({ objects }) => countWords(objects) },
        { title: words.watchers, kind: 'number', cell: ({ watchers }) => countWords(watchers) },
        { title: words.memory, kind: 'number', cell: ({ bytes }) => bytesWords(bytes) },
        {
          title: words.lastUsed,
          kind: 'age',
          cell: ({ lastUsedSeconds }) => ageWords(lastUsedSeconds, language),
        },
      ]}
    />
  );
}
