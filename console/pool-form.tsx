/** A pool is written here: its ranges, each of one cluster; with who has which of its addresses. */
import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { clustersPoll } from './cluster-calls.ts';
import { ConditionTable } from './conditions.tsx';
import { ConfirmDeletion } from './confirm.tsx';
import { Editor, Field } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { Free, Ranges, ReservationTable } from './pools.tsx';
import { changePool, createPool, deletePool, poolKey, poolPoll } from './service-calls.ts';
import { useSession } from './session.tsx';
import { textAt } from './view/form-text.ts';

type Range = Schemas['PoolRange'];

export function NewPoolScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const [ranges, setRanges] = useState<readonly Range[]>([{ cluster: '', prefix: '' }]);
  return (
    <>
      <h1>{words.newPool}</h1>
      <div className="panels">
        <section className="wide">
          <Editor
            action={words.create}
            perform={(form) =>
              createPool(api, tenant, { metadata: { name: textAt(form, 'name') }, spec: specOf(ranges) })
            }
            changes={[poolKey(tenant)]}
            onDone={() => toPools(tenant)}
          >
            <Field name="name" label={words.name} example="front" />
            <RangeFields tenant={tenant} ranges={ranges} onChange={setRanges} />
          </Editor>
        </section>
      </div>
    </>
  );
}

export function PoolScreen({ tenant, name }: { readonly tenant: string; readonly name: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>
        {words.pool} <bdi className="name">{name}</bdi>
      </h1>
      <Polled query={poolPoll(api, tenant, name)}>
        {(pool, at) => (
          <div className="panels">
            <section>
              <h2>{words.ranges}</h2>
              <PoolEditor pool={pool} />
            </section>
            <section>
              <h2>{words.statement}</h2>
              <p>
                {words.freeAddresses}: <Free pool={pool} />
              </p>
              <Ranges pool={pool} at={at} />
              <ConditionTable conditions={pool.status.conditions} at={at} />
            </section>
            <section className="wide">
              <h2>{words.reservations}</h2>
              <ReservationTable reservations={pool.status.reservations} />
            </section>
          </div>
        )}
      </Polled>
    </>
  );
}

function PoolEditor({ pool: newest }: { readonly pool: Schemas['Pool'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  // What somebody else changes meanwhile does not change under the hand: saving is refused then.
  const [before] = useState(newest);
  const [ranges, setRanges] = useState<readonly Range[]>(before.spec.ranges);
  const { name, tenant = '' } = before.metadata;
  return (
    <Editor
      action={words.save}
      perform={() => changePool(api, before, specOf(ranges))}
      changes={[poolKey(tenant)]}
      onDone={() => toPools(tenant)}
      beside={
        <ConfirmDeletion
          what={words.deletePool}
          name={name}
          perform={() => deletePool(api, before)}
          changes={[]}
          onDone={() => toPools(tenant)}
        >
          {words.deletePoolEffect}
        </ConfirmDeletion>
      }
    >
      <RangeFields tenant={tenant} ranges={ranges} onChange={setRanges} />
    </Editor>
  );
}

interface RangeFieldsProps {
  readonly tenant: string;
  readonly ranges: readonly Range[];
  readonly onChange: (ranges: readonly Range[]) => void;
}

function RangeFields({ tenant, ranges, onChange }: RangeFieldsProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <Polled query={clustersPoll(api, tenant)}>
        {(clusters) =>
          ranges.map((range, index) => (
            <RangeField
              // A range is what it is by its place: it has no name, and is typed letter by letter.
              key={`range ${index + 1}`}
              number={index + 1}
              range={range}
              clusters={clusters.map(({ metadata }) => metadata.name)}
              onChange={(changed) => onChange(ranges.with(index, changed))}
              onRemove={() => onChange(ranges.filter((_, other) => other !== index))}
            />
          ))
        }
      </Polled>
      <p>
        <small>{words.rangeHint}</small>
      </p>
      <div className="choices">
        <Button onPress={() => onChange([...ranges, { cluster: '', prefix: '' }])}>{words.addRange}</Button>
      </div>
    </>
  );
}

interface RangeFieldProps {
  readonly number: number;
  readonly range: Range;
  readonly clusters: readonly string[];
  readonly onChange: (range: Range) => void;
  readonly onRemove: () => void;
}

function RangeField({ number, range, clusters, onChange, onRemove }: RangeFieldProps) {
  const { words } = useLanguage();
  const known = [...new Set([range.cluster, ...clusters])].filter((name) => name !== '');
  return (
    <fieldset className="end removable">
      <legend>
        {words.range} {number}
      </legend>
      <select
        aria-label={`${words.range} ${number}: ${words.cluster}`}
        value={range.cluster}
        required
        onChange={({ target }) => onChange({ ...range, cluster: target.value })}
      >
        <option value="">{words.cluster}…</option>
        {known.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <input
        aria-label={`${words.range} ${number}: ${words.prefixes}`}
        value={range.prefix}
        required
        placeholder="10.0.0.128/26"
        autoComplete="off"
        onChange={({ target }) => onChange({ ...range, prefix: target.value })}
      />
      <Button onPress={onRemove} aria-label={`${words.remove} ${number}`}>
        {words.remove}
      </Button>
    </fieldset>
  );
}

function specOf(ranges: readonly Range[]): Schemas['PoolSpec'] {
  return {
    ranges: ranges.map(({ cluster, prefix }) => ({ cluster, prefix: prefix.trim() })),
  };
}

function toPools(tenant: string): void {
  goTo({ kind: 'section', tenant, section: { kind: 'pools' } });
}
