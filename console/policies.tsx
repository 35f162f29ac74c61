/** The policies of a tenant in words, with what each waits for. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { policiesQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
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
      <Asked answer={answer}>
        {(policies, at) =>
          policies.length === 0 ? <p>{words.none}</p> : <PolicyTable policies={policies} at={at} />
        }
      </Asked>
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
      <table>
        <thead>
          <tr>
            <th scope="col">{words.policy}</th>
            <th scope="col">{words.policyFrom}</th>
            <th scope="col">{words.policyTo}</th>
            <th scope="col">{words.ports}</th>
            <th scope="col">{words.statement}</th>
          </tr>
        </thead>
        <tbody>
          {policies.map(({ metadata, spec, status }) => (
            <tr key={metadata.name}>
              <th scope="row">
                <Link
                  to={{
                    kind: 'section',
                    tenant: metadata.tenant ?? '',
                    section: { kind: 'policy', name: metadata.name },
                  }}
                >
                  <bdi className="name">{metadata.name}</bdi>
                </Link>
              </th>
              <td data-label={words.policyFrom}>
                <PolicyEndWords end={spec.from} />
              </td>
              <td data-label={words.policyTo}>
                <PolicyEndWords end={spec.to} />
              </td>
              <td data-label={words.ports}>
                <PortWords ports={spec.ports} />
              </td>
              <td>
                <ConditionList conditions={status.conditions} at={at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
