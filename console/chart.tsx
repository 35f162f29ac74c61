/** Curves of what was told since this tab looks, each with its value now. The drawing is loaded when there is something to draw. */
import { lazy, Suspense } from 'react';
import type { Point } from './view/history.ts';

const Curves = lazy(async () => ({ default: (await import('./curves.tsx')).Curves }));

/** Names of the style sheet's colours. */
export type Colour = '--accent' | '--good' | '--unknown' | '--bad' | '--faint';
export const COLOURS: readonly Colour[] = ['--accent', '--good', '--unknown', '--bad', '--faint'];

export interface ChartProps {
  /** What is drawn, for those who can't see what stands above it. */
  readonly label: string;
  /** Of the curves, in the order of the points' values; at most five. */
  readonly lines: readonly string[];
  /** The oldest first. */
  readonly points: readonly Point[];
  /** A value as people read it. */
  readonly wordsOf: (value: number) => string;
}

export function Chart(props: ChartProps) {
  const { lines, points, wordsOf } = props;
  const now = points.at(-1)?.values;
  return (
    <>
      <ul className="plain legend">
        {lines.map((line, index) => (
          <li key={line}>
            <svg aria-hidden="true" viewBox="0 0 10 10" data-colour={COLOURS[index]}>
              <circle cx="5" cy="5" r="4" />
            </svg>
            <bdi>{line}</bdi> <b>{now?.[index] === undefined ? '–' : wordsOf(now[index])}</b>
          </li>
        ))}
      </ul>
      <Suspense fallback={<div className="chart" />}>
        {points.length === 0 ? <div className="chart" /> : <Curves {...props} />}
      </Suspense>
    </>
  );
}
