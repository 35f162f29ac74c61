/** Draws curves on a canvas; a curve that has only begun stands at the right. */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { type ChartProps, COLOURS } from './chart.tsx';
import { useLanguage } from './language.tsx';
import type { Point } from './view/history.ts';

const HEIGHT = 160;
const AXIS_WIDTH = 84;
const SHOWN_SECONDS_MIN = 300;

export function Curves({ label, lines, points, wordsOf }: ChartProps) {
  const { language } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const data = dataOf(points, lines.length);
  const newest = useRef({ data, wordsOf });
  newest.current = { data, wordsOf };
  const named = lines.join('\n');
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new UPlot(
      {
        ...optionsOf(element, language, (value) => newest.current.wordsOf(value)),
        series: [{}, ...named.split('\n').map(lineOf)],
      },
      newest.current.data,
      element,
    );
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [language, named]);
  useEffect(() => chart.current?.setData(data));
  const now = points.at(-1)?.values;
  const said = lines.map(
    (line, index) => `${line} ${now?.[index] === undefined ? '–' : wordsOf(now[index])}`,
  );
  return <div className="chart" ref={place} role="img" aria-label={`${label}: ${said.join(', ')}`} />;
}

function dataOf(points: readonly Point[], lines: number): [number[], ...(number | null)[][]] {
  return [
    points.map(({ atMs }) => atMs / 1_000),
    ...Array.from({ length: lines }, (_, index) => points.map(({ values }) => values[index] ?? null)),
  ];
}

function optionsOf(element: HTMLElement, language: string, wordsOf: (value: number) => string) {
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const axis = { stroke: () => colourOf('--faint'), grid: { stroke: () => colourOf('--line'), width: 1 } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: {
        range: (_: UPlot, least: number, most: number): [number, number] => [
          Math.min(least, most - SHOWN_SECONDS_MIN),
          most,
        ],
      },
      y: { range: (_: UPlot, __: number, most: number): [number, number] => [0, Math.max(most, 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        values: (_: UPlot, at: number[]) => at.map((seconds) => time.format(seconds * 1_000)),
        space: 90,
      },
      { ...axis, values: (_: UPlot, at: number[]) => at.map(wordsOf), size: AXIS_WIDTH },
    ],
  };
}

function lineOf(label: string, index: number) {
  return {
    label,
    stroke: () => colourOf(COLOURS[index] ?? '--faint'),
    width: 2,
    points: { show: false },
  };
}

/** The browser resolves what hangs on light and dark; a canvas does not. */
function colourOf(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
