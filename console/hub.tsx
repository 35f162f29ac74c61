/** One hub: what is said of it, what it told of itself, whom it hears; its spec to change, tokens for its host, and the way to remove it. */
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { FactList } from './cluster.tsx';
import { ConditionTable } from './conditions.tsx';
import { Confirm } from './confirm.tsx';
import { CopyText } from './copy.tsx';
import { EventTable } from './events.tsx';
import { Editor } from './fields.tsx';
import { FindingList } from './findings.tsx';
import { changeHub, deleteHub, HUB_KEY, hubEventsPoll, hubPoll } from './hub-calls.ts';
import { HubFields, hubSpecIn } from './hub-fields.tsx';
import { HubPeers } from './hub-peers.tsx';
import { HubTokens } from './hub-tokens.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import type { TenantState } from './queries.ts';
import { useSession } from './session.tsx';
import { ageWords, type Language, type Words } from './view/words.ts';

export interface HubPageProps {
  readonly name: string;
  readonly tenants: readonly TenantState[];
}

export function HubPage({ name, tenants }: HubPageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <Polled query={hubPoll(api, name)}>
      {(hub, at) => (
        <div className="panels">
          <section className="wide">
            <h2>{words.conditions}</h2>
            <RemoveHub hub={hub} />
            <ConditionTable conditions={hub.status.conditions} at={at} />
          </section>
          <section className="wide">
            <h2>{words.hears}</h2>
            <HubPeers hub={name} tenants={tenants} at={at} />
          </section>
          <section>
            <h2>{words.toldByItself}</h2>
            <Told hub={hub} at={at} />
          </section>
          <section>
            <h2>{words.findings}</h2>
            <FindingList findings={hub.status.findings} />
          </section>
          <section>
            <h2>{words.changeHub}</h2>
            <HubEditor hub={hub} tenants={tenants} />
          </section>
          <HubTokens hub={hub} />
          {hub.status.certificate !== undefined && (
            <section className="wide">
              <h2>{words.gateway}</h2>
              <CopyText label={words.gatewayCertificate} text={hub.status.certificate} />
            </section>
          )}
          <section className="wide">
            <h2>{words.lately}</h2>
            <Polled query={hubEventsPoll(api, name)}>{({ items }) => <EventTable events={items} />}</Polled>
          </section>
        </div>
      )}
    </Polled>
  );
}

function RemoveHub({ hub }: { readonly hub: Schemas['Hub'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <div className="choices">
      <Confirm
        action={words.remove}
        title={
          <>
            {words.removeHub} <bdi className="name">{hub.metadata.name}</bdi>
          </>
        }
        perform={() => deleteHub(api, hub)}
        changes={[['estate']]}
        onDone={() => goTo({ kind: 'deployment', page: 'hubs', below: [] })}
      >
        {words.removeHubEffect}
      </Confirm>
    </div>
  );
}

interface HubAt {
  readonly hub: Schemas['Hub'];
  readonly at: string;
}

function Told({ hub, at }: HubAt) {
  const { language, words } = useLanguage();
  return <FactList rows={factsOf({ hub, at }, words, language)} />;
}

function factsOf({ hub: { spec, status }, at }: HubAt, words: Words, language: Language) {
  const { applied, document, owner } = status;
  const numbered = (one: { readonly epoch: number; readonly generation: number } | undefined) =>
    one === undefined ? '–' : `${one.epoch}.${one.generation}`;
  const rows: (readonly [string, string | undefined])[] = [
    [words.version, status.version],
    [words.lastReport, applied === undefined ? words.never : ageWords(ageSeconds(applied.at, at), language)],
    [words.documentApplied, numbered(applied)],
    [words.documentNewest, numbered(document)],
    [words.tunnelAddress, status.tunnelAddress],
    [words.publicKey, status.wireguardKey ?? words.notEnrolled],
    [words.agent, status.agent],
    [words.slotInterface, spec.slot && `${spec.slot.interface}, ${spec.slot.address}, ${spec.slot.vpc}`],
    [words.routesOwner, owner && `${owner.hub} (${owner.epoch}): ${owner.reason}`],
  ];
  return rows;
}

function HubEditor({ hub: newest, tenants }: { hub: Schemas['Hub']; tenants: readonly TenantState[] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before, setBefore] = useState(newest);
  const { slot } = before.spec;
  return (
    <Editor
      action={words.save}
      perform={(form) => changeHub(api, before, { ...hubSpecIn(form), ...(slot && { slot }) })}
      changes={[HUB_KEY, ['estate']]}
      onDone={setBefore}
    >
      <HubFields spec={before.spec} tenants={tenants} />
      <p>
        <small>{words.hubChangeEffect}</small>
      </p>
    </Editor>
  );
}
