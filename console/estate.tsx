/** The state of everything, for the screens that show a part of it: what was heard last, and a word when nothing is heard any more. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Schemas } from '../client/client.ts';
import { Asked } from './asked.tsx';
import { type Estate, estateQuery, type Principal } from './queries.ts';
import { useSession } from './session.tsx';
import type { AgentFacts, EdgeFacts, SiteFacts } from './view/facts.ts';

export interface EstateViewProps {
  readonly principal: Principal;
  readonly children: (estate: Estate) => ReactNode;
}

export function EstateView({ principal, children }: EstateViewProps) {
  const { api } = useSession();
  return <Asked answer={useQuery(estateQuery(api, principal))}>{(estate) => children(estate)}</Asked>;
}

export function edgeFacts({ metadata, spec, status }: Schemas['Edge']): EdgeFacts {
  return {
    name: metadata.name,
    tenant: metadata.tenant ?? '',
    site: spec.site,
    conditions: status.conditions,
  };
}

export function siteFacts({ metadata, status }: Schemas['Site']): SiteFacts {
  return { name: metadata.name, tenant: metadata.tenant ?? '', conditions: status.conditions };
}

export function hubFacts({ metadata, status }: Schemas['Hub']): AgentFacts {
  return { name: metadata.name, conditions: status.conditions };
}
