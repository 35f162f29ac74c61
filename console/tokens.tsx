/** Enrolment tokens of a tenant: one more, shown once with the lines to run on the host, and those that there are. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { Confirm } from './confirm.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import type { PageProps } from './pages.tsx';
import { useSession } from './session.tsx';
import { deleteToken, tokenKey, tokensPoll } from './token-calls.ts';
import { TokenForm } from './token-form.tsx';
import { ageWords, untilWords } from './view/words.ts';

export function TokensPage({ tenant }: PageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <div className="panels">
      <section className="wide">
        <h2>{words.newToken}</h2>
        <TokenForm tenant={tenant} />
      </section>
      <section className="wide">
        <h2>{words.tokens}</h2>
        <Polled query={tokensPoll(api, tenant)}>
          {(tokens, at) => (
            <TokenTable
              tokens={tokens}
              at={at}
              withdraw={(token) => deleteToken(api, tenant, token)}
              changes={tokenKey(tenant)}
            />
          )}
        </Polled>
      </section>
    </div>
  );
}

export interface TokenTableProps {
  readonly tokens: readonly Schemas['Token'][];
  readonly at: string;
  readonly withdraw: (token: Schemas['Token']) => Promise<unknown>;
  /** What to ask for anew after that. */
  readonly changes: readonly string[];
  /** What is said of edges alone is left out. */
  readonly isOfHub?: boolean;
}

const LEVELS = { unused: 'waiting', used: 'good', expired: 'unknown' } as const;

export function TokenTable(props: TokenTableProps) {
  const { tokens, at, withdraw, changes, isOfHub = false } = props;
  const { language, words } = useLanguage();
  const newestFirst = [...tokens].sort((a, b) => b.metadata.createdAt.localeCompare(a.metadata.createdAt));
  const ends = ({ status: { expiresAt } }: Schemas['Token']) =>
    expiresAt > at
      ? untilWords(ageSeconds(at, expiresAt), language)
      : ageWords(ageSeconds(expiresAt, at), language);
  const ofEdge: Column<Schemas['Token']>[] = [
    { title: words.site, cell: ({ spec }) => <bdi>{spec.site}</bdi> },
    { title: words.approval, cell: ({ spec }) => (spec.approve ? words.byToken : words.byPerson) },
    {
      title: words.prefixes,
      cell: ({ spec }) => spec.prefixes?.join(', ') ?? words.wholeAllotment,
    },
  ];
  return (
    <DataTable
      label={words.tokens}
      rows={newestFirst}
      keyOf={({ metadata }) => metadata.name}
      columns={[
        { title: words.token, cell: ({ metadata }) => <code>{metadata.name}</code> },
        ...(isOfHub ? [] : ofEdge),
        {
          title: words.state,
          cell: ({ status }) => (
            <span className="level" data-level={LEVELS[status.state]}>
              {words[status.state]}
            </span>
          ),
        },
        { title: words.usedBy, cell: ({ status }) => <bdi>{status.usedBy ?? '–'}</bdi> },
        {
          title: words.made,
          kind: 'age',
          cell: ({ metadata }) => ageWords(ageSeconds(metadata.createdAt, at), language),
        },
        { title: words.ends, kind: 'age', cell: ends },
        {
          title: words.actions,
          cell: (token) => <Withdraw token={token} withdraw={withdraw} changes={changes} />,
        },
      ]}
    />
  );
}

type WithdrawProps = Pick<TokenTableProps, 'withdraw' | 'changes'> & { readonly token: Schemas['Token'] };

function Withdraw({ token, withdraw, changes }: WithdrawProps) {
  const { words } = useLanguage();
  return (
    <Confirm
      action={words.withdraw}
      title={
        <>
          {words.withdrawToken} <code>{token.metadata.name}</code>
        </>
      }
      perform={() => withdraw(token)}
      changes={[changes]}
    >
      {words.withdrawEffect}
    </Confirm>
  );
}
