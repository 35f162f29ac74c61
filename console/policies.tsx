/** The policies of a tenant in words, with what each waits for. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { policiesQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { PolicyEndWords, PortWords } from './policy-words.tsx';
import { useSession } from './session.tsx';

export function PoliciesScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(policiesQuery({ api, tenant }));
  return (
    <>
      <h1>{words.policies}</h1>
      <p>
        <Link to={{ kind: 'section', tenant, section: { kind: 'new-policy' } }}>{words.newPolicy}</Link>
      </p>
      <Asked answer={answer}>{(policies, at) => <PolicyTable policies={policies} at={at} />}</Asked>
    </>
  );
}

interface PolicyTableProps {
  readonly policies: readonly Schemas['Policy'][];
  readonly at: string;
}

function PolicyTable({ policies, at }: PolicyTableProps) {
  const { words } = useLanguage();
  return (
    <section>
      <DataTable
        label={words.policies}
        rows={policies}
        keyOf={({ metadata }) => metadata.name}
        columns={[
          { title: words.policy, cell: (policy) => <PolicyName policy={policy} /> },
          { title: words.policyFrom, cell: ({ spec }) => <PolicyEndWords end={spec.from} /> },
          { title: words.policyTo, cell: ({ spec }) => <PolicyEndWords end={spec.to} /> },
          { title: words.ports, cell: ({ spec }) => <PortWords ports={spec.ports} /> },
          {
            title: words.statement,
            cell: ({ status }) => <ConditionList conditions={status.conditions} at={at} />,
          },
        ]}
      />
    </section>
  );
}

function PolicyName({ policy: { metadata } }: { readonly policy: Schemas['Policy'] }) {
  const section = { kind: 'policy', name: metadata.name } as const;
  return (
    <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
      <bdi className="name">{metadata.name}</bdi>
    </Link>
  );
}
