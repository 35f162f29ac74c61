/** One switch a tenant. It shows green only what all agents reported since it was moved; until then it says whom it waits for. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Switch } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { ApiProblem } from './answer.ts';
import { edgeFacts, hubFacts } from './estate.tsx';
import { useLanguage } from './language.tsx';
import { type Estate, setIsolation, type TenantState } from './queries.ts';
import { useSession } from './session.tsx';
import { type SwitchState, switchState } from './view/isolation.ts';
import { ageWords } from './view/words.ts';

const CONFLICT = 412;

export interface IsolationSwitchProps {
  readonly estate: Estate;
  readonly state: TenantState;
}

export function IsolationSwitch({ estate, state: { tenant, edges } }: IsolationSwitchProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (isolated: boolean) => setIsolation(api, tenant, isolated),
    onSettled: () => queries.invalidateQueries({ queryKey: ['estate'] }),
  });
  const wish = { isolation: tenant.spec.isolation, writtenAt: tenant.metadata.updatedAt };
  const agents = [...edges.map(edgeFacts), ...(estate.hubs ?? []).map(hubFacts)];
  const shown = switchState(wish, agents);
  const isSeen = estate.hubs !== undefined;
  return (
    <div className="isolation" data-state={isSeen ? shown.kind : 'unseen'} data-isolated={shown.isolated}>
      <Switch isSelected={shown.isolated} isDisabled={change.isPending} onChange={(on) => change.mutate(on)}>
        <span className="track" />
        <span>
          {words.isolate} <bdi className="name">{tenant.metadata.name}</bdi>
        </span>
      </Switch>
      <div role="status">
        {isSeen ? <Said shown={shown} tenant={tenant} at={estate.at} /> : words.switchHubsUnseen}
      </div>
      {change.error !== null && (
        <p role="alert">
          {change.error instanceof ApiProblem && change.error.status === CONFLICT
            ? words.conflict
            : change.error.message}
        </p>
      )}
    </div>
  );
}

interface SaidProps {
  readonly shown: SwitchState;
  readonly tenant: Schemas['Tenant'];
  readonly at: string;
}

function Said({ shown, tenant, at }: SaidProps) {
  const { language, words } = useLanguage();
  if (shown.kind === 'without-agents') return <span>{words.switchWithoutAgents}</span>;
  if (shown.kind === 'applying')
    return (
      <>
        <span>{words.switchApplying}</span>
        <ul>
          {shown.waiting.map(({ agent, reason, since }) => (
            <li key={agent}>
              {words.waitingFor} <bdi className="name">{agent}</bdi>: {words[reason]},{' '}
              {ageWords(ageSeconds(since, at), language)}
            </li>
          ))}
        </ul>
      </>
    );
  return (
    <>
      <span>{shown.isolated ? words.switchIsolated : words.switchOpen}</span>
      <small>
        {' '}
        {words.allReported} {shown.agents} ({ageWords(ageSeconds(tenant.metadata.updatedAt, at), language)})
      </small>
    </>
  );
}
