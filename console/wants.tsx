/** What needs a person, on the home page: the API's own judgement of everything that the caller may read, and a button where one click is enough. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { Asked } from './asked.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { approveEdge, attentionQuery, type Estate } from './queries.ts';
import { useSession } from './session.tsx';
import { type Row, rowsOf, screenOf } from './view/matters.ts';

const LEVELS = { fault: 'bad', decision: 'waiting', unknown: 'unknown', passing: 'waiting' } as const;

export function WantsPerson({ estate }: { readonly estate: Estate }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(attentionQuery(api, estate));
  return (
    <section>
      <h2>{words.wantsPerson}</h2>
      <Asked answer={answer}>
        {(told, at) => {
          const { shown, more } = rowsOf(told);
          if (shown.length === 0) return <p>{words.nothingWants}</p>;
          return (
            <>
              {shown.map((row) => (
                <MatterRow
                  key={`${row.tenant ?? ''}/${row.matter.kind}/${row.matter.name}/${row.matter.type}/${row.matter.reason}`}
                  row={row}
                  estate={estate}
                  at={at}
                />
              ))}
              {more > 0 && (
                <p>
                  {words.andMore} {more}
                </p>
              )}
            </>
          );
        }}
      </Asked>
    </section>
  );
}

interface MatterRowProps {
  readonly row: Row;
  readonly estate: Estate;
  readonly at: string;
}

function MatterRow({ row, estate, at }: MatterRowProps) {
  const { words } = useLanguage();
  const { matter, tenant } = row;
  const screen = screenOf(row);
  const name = <bdi className="name">{matter.name}</bdi>;
  const edge = estate.tenants
    .find((state) => state.tenant.metadata.name === tenant)
    ?.edges.find(({ metadata }) => matter.kind === 'edge' && metadata.name === matter.name);
  return (
    <div className="question" data-matter={`${matter.kind} ${matter.name}`}>
      <span className="level" data-level={LEVELS[matter.level]}>
        {words[matter.level]}
      </span>
      <span>
        {matter.kind} {screen === undefined ? name : <Link to={screen}>{name}</Link>}
        {tenant !== undefined && matter.kind !== 'tenant' && (
          <>
            {' '}
            · <bdi>{tenant}</bdi>
          </>
        )}
      </span>
      <span className="said">
        {matter.message} {matter.remedy !== '' && <small>{matter.remedy}</small>}
      </span>
      <Age since={matter.since} at={at} />
      {edge !== undefined && !edge.spec.approved && matter.reason === 'WaitingForApproval' && (
        <Approve edge={edge} />
      )}
    </div>
  );
}

function Approve({ edge }: { readonly edge: Schemas['Edge'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const approve = useMutation({
    mutationFn: () => approveEdge(api, edge),
    onSettled: () => queries.invalidateQueries({ queryKey: ['estate'] }),
  });
  return (
    <>
      <Button isDisabled={approve.isPending} onPress={() => approve.mutate()}>
        {words.approve}
      </Button>
      {approve.error !== null && <span role="alert">{approve.error.message}</span>}
    </>
  );
}
