/** What would change, by lines: those that go and those that come, with a few that stay around them. */
import type { Line } from '../cli/resource/difference.ts';
import { useLanguage } from './language.tsx';

const CONTEXT_LINES = 3;

export function ChangeLines({ lines }: { readonly lines: readonly Line[] }) {
  const { words } = useLanguage();
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  if (changed.length === 0) return <p role="status">{words.wouldBeNothing}</p>;
  const shown = lines
    .map((line, index) => ({ ...line, index }))
    .filter(({ index }) => changed.some((at) => Math.abs(at - index) <= CONTEXT_LINES));
  return (
    <pre className="lines">
      {shown.map(({ mark, text, index }, at) => (
        <span key={index} data-mark={mark} data-gap={at > 0 && shown[at - 1]?.index !== index - 1}>
          {`${mark} ${text}\n`}
        </span>
      ))}
    </pre>
  );
}
