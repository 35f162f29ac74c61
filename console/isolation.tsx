/** One switch a tenant. It shows green only what the API says that all edges and hubs hold; until then it says whom it waits for. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Switch } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { refusalWords } from './answer.ts';
import { useLanguage } from './language.tsx';
import { type Estate, setIsolation, type TenantState } from './queries.ts';
import { useSession } from './session.tsx';
import { type SwitchState, switchState } from './view/isolation.ts';
import { ageWords } from './view/words.ts';

export interface IsolationSwitchProps {
  readonly estate: Estate;
  readonly state: TenantState;
}

export function IsolationSwitch({ estate, state: { tenant } }: IsolationSwitchProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (isolated: boolean) => setIsolation(api, tenant, isolated),
    onSettled: () => queries.invalidateQueries({ queryKey: ['estate'] }),
  });
  const shown = switchState(tenant.spec.isolation, tenant.status.conditions);
  return (
    <div className="isolation" data-state={shown.kind} data-isolated={shown.isolated}>
      <Switch isSelected={shown.isolated} isDisabled={change.isPending} onChange={(on) => change.mutate(on)}>
        <span className="track" />
        <span>
          {words.isolate} <bdi className="name">{tenant.metadata.name}</bdi>
        </span>
      </Switch>
      <div role="status">
        <Said shown={shown} tenant={tenant} at={estate.at} />
      </div>
      {change.error !== null && <p role="alert">{refusalWords(change.error, words.conflict)}</p>}
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
  if (shown.kind === 'applying' || shown.kind === 'broken')
    return (
      <>
        <span>{shown.kind === 'broken' ? words.switchBroken : words.switchApplying}</span>
        <ul>
          {shown.waiting.map(({ type, agent, reason, since }) => (
            <li key={type}>
              {words.waitingFor} <bdi className="name">{agent}</bdi>: {words[reason]},{' '}
              {ageWords(ageSeconds(since, at), language)}
            </li>
          ))}
        </ul>
      </>
    );
  if (!shown.isolated) return <span>{words.switchOpen}</span>;
  return (
    <>
      <span>{words.switchIsolated}</span>
      <small>
        {' '}
        {words.allReported} {shown.agents}
        {shown.proved > 0 && ` · ${words.provedBy} ${shown.proved}`} (
        {ageWords(ageSeconds(tenant.metadata.updatedAt, at), language)})
      </small>
    </>
  );
}
