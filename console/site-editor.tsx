/** The spec of a site as a form, and beside it in words what it would change for whom. */
import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { ChoiceField, Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { changeSite, siteKey } from './site-calls.ts';
import { listOfText, textAt } from './view/form-text.ts';
import {
  labelsIn,
  type SiteAround,
  type SiteChange,
  siteChanges,
  textOfLabels,
} from './view/site-changes.ts';
import type { Words } from './view/words.ts';

export interface SiteEditorProps {
  readonly site: Schemas['Site'];
  /** Of the tenant. */
  readonly edges: readonly Schemas['Edge'][];
  /** Of the site. */
  readonly services: readonly Schemas['Service'][];
  /** Of the tenant. */
  readonly sites: readonly Schemas['Site'][];
}

export function SiteEditor({ site: newest, edges, services, sites }: SiteEditorProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before, setBefore] = useState(newest);
  const [spec, setSpec] = useState(before.spec);
  const { tenant = '' } = before.metadata;
  const changes = siteChanges(before.spec, spec, aroundOf({ site: before, edges, services, sites }));
  return (
    <>
      <section key={before.metadata.generation}>
        <h2>{words.changeSite}</h2>
        <Editor
          action={words.save}
          perform={(form) => changeSite(api, before, specIn(form))}
          changes={[siteKey(tenant), ['estate']]}
          onInput={(form) => setSpec(specIn(form))}
          onDone={(saved) => {
            setBefore(saved);
            setSpec(saved.spec);
          }}
          isUnchanged={changes?.length === 0}
        >
          <Fields spec={before.spec} />
        </Editor>
      </section>
      <section>
        <h2>{words.wouldChange}</h2>
        <div role="status">
          <Changes changes={changes} />
        </div>
      </section>
    </>
  );
}

function Fields({ spec }: { readonly spec: Schemas['SiteSpec'] }) {
  const { words } = useLanguage();
  return (
    <>
      <Field
        name="allotment"
        label={words.allotment}
        hint={words.allotmentHint}
        value={spec.allotment.join(', ')}
      />
      <Field
        name="prefixes"
        label={words.exposed}
        hint={words.exposedOnly}
        value={spec.prefixes.join(', ')}
        isOptional
      />
      <ChoiceField
        name="kind"
        label={words.siteKind}
        value={spec.kind}
        options={[
          { value: 'datacenter', text: words.datacenter },
          { value: 'vpc', text: words.vpc },
        ]}
      />
      <ChoiceField
        name="lan"
        label={words.lan}
        value={spec.lan}
        options={[
          { value: 'routed', text: words.routed },
          { value: 'masquerade', text: words.masquerade },
        ]}
      />
      <Field
        name="native"
        label={words.native}
        hint={words.nativeHint}
        value={spec.native.join(', ')}
        isOptional
      />
      <Field
        name="labels"
        label={words.labels}
        hint={words.labelsHint}
        value={textOfLabels(spec.labels)}
        isOptional
      />
      <Field
        name="cost"
        label={words.costPerCpu}
        hint={words.costPerCpuHint}
        value={String(spec.costPerCpu)}
        isOptional
      />
    </>
  );
}

function specIn(form: FormData): Schemas['SiteSpec'] {
  const list = (name: string) => listOfText(textAt(form, name));
  return {
    kind: textAt(form, 'kind') === 'vpc' ? 'vpc' : 'datacenter',
    lan: textAt(form, 'lan') === 'masquerade' ? 'masquerade' : 'routed',
    allotment: list('allotment'),
    prefixes: list('prefixes'),
    native: list('native'),
    labels: labelsIn(list('labels')),
    costPerCpu: Number(textAt(form, 'cost')),
  };
}

function aroundOf({ site, edges, services, sites }: SiteEditorProps): SiteAround {
  const { name } = site.metadata;
  return {
    exposed: site.status.prefixes,
    offered: edges
      .filter(({ spec }) => spec.site === name && spec.approved)
      .flatMap(({ status }) => status.accepted),
    services: services.map(({ metadata, spec }) => ({ name: metadata.name, address: spec.address })),
    askedBy: sites.filter(({ spec }) => spec.native.includes(name)).map(({ metadata }) => metadata.name),
  };
}

function Changes({ changes }: { readonly changes: readonly SiteChange[] | undefined }) {
  const { words } = useLanguage();
  if (changes === undefined) return <p>{words.notPrefixesYet}</p>;
  if (changes.length === 0) return <p>{words.wouldBeNothing}</p>;
  return (
    <ul className="said">
      {changes.map((change) => {
        const { subject, effect, isLoss } = saidOf(change, words);
        return (
          <li key={`${change.kind} ${subject}`} data-mark={isLoss === true ? '-' : '+'}>
            {subject !== '' && <code>{subject}</code>} {effect}
            {change.kind === 'hides' && change.services.length > 0 && (
              <ul>
                {change.services.map((service) => (
                  <li key={service}>
                    {words.namedThere} <bdi className="name">{service}</bdi>
                  </li>
                ))}
              </ul>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface Said {
  readonly subject: string;
  readonly effect: string;
  readonly isLoss?: true;
}

function saidOf(change: SiteChange, words: Words): Said {
  switch (change.kind) {
    case 'exposes':
      return { subject: change.prefix, effect: words.willExpose };
    case 'hides':
      return { subject: `${change.prefix} → ${change.virtual}`, effect: words.willHide, isLoss: true };
    case 'staysOffered':
      return { subject: change.prefix, effect: words.staysOffered };
    case 'allots':
      return { subject: change.prefix, effect: words.willAllot };
    case 'refusesOffers':
      return { subject: change.prefix, effect: words.willRefuseOffers, isLoss: true };
    case 'nativeHolds':
      return { subject: change.site, effect: words.nativeHolds };
    case 'nativeWaits':
      return { subject: change.site, effect: words.nativeWaits };
    case 'nativeEnds':
      return { subject: change.site, effect: words.nativeEnds, isLoss: true };
    case 'lan':
      return { subject: '', effect: change.lan === 'routed' ? words.willRoute : words.willMasquerade };
    case 'siteKind':
      return { subject: '', effect: change.siteKind === 'vpc' ? words.willBeVpc : words.willBeDatacenter };
    case 'placements':
      return { subject: '', effect: words.placementsFollow };
  }
}
