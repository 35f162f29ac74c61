/** The curve of what flows. It is loaded when there is something to draw. */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { useLanguage } from './language.tsx';
import { type Rate, rateWords } from './view/traffic.ts';

const HEIGHT = 160;
const AXIS_WIDTH = 84;
/** A curve that has only begun stands at the right. */
const SHOWN_SECONDS_MIN = 300;

export function TrafficChart({ rates }: { readonly rates: readonly Rate[] }) {
  const { language, words } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const data = dataOf(rates);
  const first = useRef(data);
  first.current = data;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new UPlot(
      {
        ...optionsOf(element, language),
        series: [{}, lineOf(words.fromSites, '--accent'), lineOf(words.toSites, '--good')],
      },
      first.current,
      element,
    );
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [language, words]);
  useEffect(() => chart.current?.setData(data));
  const now = rates.at(-1);
  const said =
    now === undefined
      ? ''
      : `${words.fromSites} ${rateWords(now.fromSites)}, ${words.toSites} ${rateWords(now.toSites)}`;
  return <div className="chart" ref={place} role="img" aria-label={`${words.trafficNow}: ${said}`} />;
}

function dataOf(rates: readonly Rate[]): [number[], number[], number[]] {
  return [
    rates.map(({ atMs }) => atMs / 1_000),
    rates.map(({ fromSites }) => fromSites),
    rates.map(({ toSites }) => toSites),
  ];
}

function optionsOf(element: HTMLElement, language: string) {
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
      { ...axis, values: (_: UPlot, at: number[]) => at.map(rateWords), size: AXIS_WIDTH },
    ],
  };
}

function lineOf(label: string, colour: string) {
  return { label, stroke: () => colourOf(colour), width: 2, points: { show: false } };
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
