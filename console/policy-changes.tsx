/** Who may speak to whom after a change that may not before, and the other way round. */
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { useLanguage } from './language.tsx';
import { EndTextWords, PortWords } from './policy-words.tsx';

export interface PolicyChangesProps {
  readonly preview: Schemas['PolicyPreview'];
  readonly at: string;
}

export function PolicyChanges({ preview, at }: PolicyChangesProps) {
  const { words } = useLanguage();
  const { opened, cut, omitted, notes } = preview;
  return (
    <div role="status">
      {opened.length + cut.length === 0 && <p>{words.nothingOpened}</p>}
      <PairList title={words.opened} pairs={opened} mark="+" />
      <PairList title={words.cut} pairs={cut} mark="-" />
      {omitted > 0 && (
        <p>
          {words.notLooked} {omitted}
        </p>
      )}
      {notes.map((note) => (
        <p key={note}>
          <bdi>{note}</bdi>
        </p>
      ))}
      <small>
        {words.askedFor} <Age since={at} at={new Date().toISOString()} />
      </small>
    </div>
  );
}

interface PairListProps {
  readonly title: string;
  readonly pairs: readonly Schemas['PreviewedPair'][];
  readonly mark: '+' | '-';
}

function PairList({ title, pairs, mark }: PairListProps) {
  if (pairs.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="said pairs" data-mark={mark}>
        {pairs.map(({ from, to, ways }) => (
          <li key={`${from} ${to}`}>
            <EndTextWords text={from} /> → <EndTextWords text={to} />
            <ul>
              {ways.map((way) => (
                <li key={`${way.from} ${way.to}`}>
                  <bdi>{way.from}</bdi> → <bdi>{way.to}</bdi>: <PortWords ports={way.ports} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </>
  );
}
