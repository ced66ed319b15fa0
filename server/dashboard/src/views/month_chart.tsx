// Month by month: lines over the months that the page follows, with the same
// numbers as a table below. The drawing is uPlot's, on a canvas; what it shows
// is said by the legend (with each line's dashes) and by the table.
import {signal} from '@preact/signals';
import type {JSX} from 'preact';
import {useLayoutEffect, useMemo, useRef} from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import {monthsFrom} from '../lib/civil';
import {count, money, month as monthText} from '../lib/format';
import {lang, t, type TextKey} from '../lib/i18n';
import {byMonth, currentMonth, type MonthPoint} from '../model/aggregate';
import type {Model, Unit} from '../model/model';
import {dark, printing} from './theme';

interface Line {
  label: TextKey;
  // How it is drawn; no two lines of a chart have the same dashes.
  look: 1 | 2 | 3;
  // For the drawing ...
  value: (point: MonthPoint) => number;
  // ... and for the table.
  text: (point: MonthPoint) => string;
}

const MILLION = 1e6;

const FIGURES = {
  teams: [
    {label: 'chart.lineActive', look: 1, value: (p) => p.active, text: (p) => count(p.active)},
    {label: 'chart.lineReported', look: 2, value: (p) => p.reported, text: (p) => count(p.reported)},
    {label: 'chart.lineTeams', look: 3, value: (p) => p.teams, text: (p) => count(p.teams)},
  ],
  people: [
    {label: 'chart.linePeople', look: 1, value: (p) => p.peopleReached, text: (p) => count(p.peopleReached)},
    {label: 'chart.lineActivities', look: 2, value: (p) => p.activities, text: (p) => count(p.activities)},
  ],
  money: [
    {label: 'chart.lineMoney', look: 1, value: (p) => Number(p.amount) / MILLION, text: (p) => money(p.amount)},
  ],
} satisfies Record<string, Line[]>;
type ChartFigure = keyof typeof FIGURES;

const figure = signal<ChartFigure>('teams');

const DASHES: Record<Line['look'], number[]> = {1: [], 2: [6, 4], 3: [2, 3]};
const COLOURS: Record<Line['look'], string> = {1: '--accent', 2: '--bad', 3: '--ink-3'};
// On paper, whatever the theme: the light theme's.
const PAPER: Record<string, string> = {
  '--accent': '#0b5c63',
  '--bad': '#a3271c',
  '--ink-3': '#5a6663',
  '--ink-2': '#44504d',
  '--line': '#d7d6cd',
};
// What a chart measures on A4, in CSS pixels.
const PAPER_WIDTH = 660;
const PAPER_HEIGHT = 220;

function chartOptions(host: HTMLElement, lines: readonly Line[], months: readonly number[]): uPlot.Options {
  const style = getComputedStyle(host);
  const colour = (name: string): string =>
    printing.peek() ? PAPER[name]! : style.getPropertyValue(name).trim();
  const px = printing.peek() ? 11 : parseFloat(style.fontSize) * 0.85;
  const font = `${px}px ${style.fontFamily}`;
  const number = (value: number): string => count(Math.round(value));
  const axis = {font, stroke: colour('--ink-2'), grid: {stroke: colour('--line'), width: 1}, ticks: {show: false}};
  return {
    width: printing.peek() ? PAPER_WIDTH : Math.max(host.clientWidth, 200),
    height: printing.peek() ? PAPER_HEIGHT : Math.max(host.clientHeight, 150),
    legend: {show: false},
    cursor: {show: false},
    padding: [px, px * 1.5, 0, 0],
    scales: {
      x: {time: false, range: [-0.3, months.length - 0.7]},
      y: {range: (_, __, max) => [0, Math.max(max * 1.08, 1)]},
    },
    axes: [
      {
        ...axis,
        grid: {show: false},
        size: px * 2.4,
        space: px * 4.6,
        incrs: [1, 2, 3, 6],
        values: (_, at) => at.map((i) => (Number.isInteger(i) && months[i] ? shortMonth(months[i]) : '')),
      },
      {
        ...axis,
        size: (_, values) => Math.max(px * 2, ...(values ?? []).map((v) => v.length * px * 0.65 + px)),
        space: px * 2.8,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6],
        values: (_, at) => at.map(number),
      },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        stroke: colour(COLOURS[line.look]),
        width: line.look === 1 ? px / 4.5 : px / 6,
        dash: DASHES[line.look].map((n) => (n * px) / 12),
        points: {show: line.look !== 3, size: px * 0.6, fill: colour(COLOURS[line.look])},
      })),
    ],
  };
}

// "10/23": the axis has room for no more.
const shortMonth = (month: number): string => monthText(month).replace(/\/\d\d/, '/');

function dataOf(lines: readonly Line[], points: readonly MonthPoint[]): uPlot.AlignedData {
  return [points.map((_, i) => i), ...lines.map((line) => points.map(line.value))];
}

function Canvas(props: {lines: readonly Line[]; points: readonly MonthPoint[]; label: string}): JSX.Element {
  const {lines, points, label} = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const months = points.map((p) => p.month);
  const monthsKey = months.join();
  const newest = useRef(points);
  newest.current = points;
  // What the drawing is made of; a change of the numbers alone redraws it.
  const make = [lines, monthsKey, dark.value, printing.value, lang.value];
  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(chartOptions(element, lines, months), dataOf(lines, newest.current), element);
    };
    draw();
    if (printing.peek()) return () => plot.current?.destroy();
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === width) return;
      width = element.clientWidth;
      draw();
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, make);
  const numbers = JSON.stringify(dataOf(lines, points));
  useLayoutEffect(() => {
    plot.current?.setData(dataOf(lines, newest.current));
  }, [numbers]);
  return <div ref={host} class="chart" role="img" aria-label={label} />;
}

function MonthTable({lines, points}: {lines: readonly Line[]; points: readonly MonthPoint[]}): JSX.Element {
  return (
    <details open={printing.value} data-test="month-chart-table">
      <summary class="screen-only">{t('chart.table')}</summary>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('chart.table')}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{t('overview.month')}</th>
              {lines.map((line) => (
                <th key={line.label} scope="col" class="number">{t(line.label)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.month}>
                <th scope="row">{monthText(point.month)}</th>
                {lines.map((line) => (
                  <td key={line.label} class="number">{line.text(point)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function MonthChart({model, unit}: {model: Model; unit: Unit}): JSX.Element {
  const current = currentMonth(model);
  const points = useMemo(
    () => byMonth(model, unit.id, monthsFrom(model.firstMonth || current, current)),
    [model, unit.id, current],
  );
  const chosen = figure.value;
  const lines: readonly Line[] = FIGURES[chosen];
  return (
    <section class="card may-break" aria-labelledby="chart-title" data-test="month-chart">
      <div class="card-head">
        <h2 id="chart-title">{t('chart.title')}</h2>
        <p class="field chart-controls">
          <label for="chart-figure" class="visually-hidden">{t('chart.figure')}</label>
          <select
            id="chart-figure"
            data-test="chart-figure"
            value={chosen}
            onChange={(event) => {
              figure.value = event.currentTarget.value as ChartFigure;
            }}
          >
            {(Object.keys(FIGURES) as ChartFigure[]).map((name) => (
              <option key={name} value={name}>{t(`chart.${name}`)}</option>
            ))}
          </select>
        </p>
      </div>
      <ul class="chart-legend">
        {lines.map((line) => (
          <li key={line.label}>
            <svg viewBox="0 0 40 16" aria-hidden="true">
              <line class={`line-${line.look}`} x1="1" x2="39" y1="8" y2="8" stroke-width="3" />
            </svg>
            {t(line.label)}
          </li>
        ))}
      </ul>
      <Canvas
        lines={lines}
        points={points}
        label={t('chart.label', {
          figure: t(`chart.${chosen}`),
          first: monthText(points[0]?.month ?? 0),
          last: monthText(points[points.length - 1]?.month ?? 0),
        })}
      />
      <MonthTable lines={lines} points={points} />
    </section>
  );
}
